// ASSETWISETASKSTATUS: for each asset, how many of its tasks were done and how many were closed undone.
import { z } from "zod";
import { type Scope, Values } from "../../../scope.ts";
import { defineReport } from "../../definition.ts";
import type { Column, Row } from "../../document.ts";
import { checkRange } from "../../period.ts";
import type { ReportReader } from "../../reader.ts";
import { chooseSites, type SiteChoice, siteFacts } from "../site-choice.ts";
import { ofSpan, span } from "./work-span.ts";

const params = z.strictObject(span).superRefine(checkRange);
type Params = z.output<typeof params>;

const COLUMNS: readonly Column[] = [
  { key: "site", title: "Site", kind: "text" },
  { key: "code", title: "Asset Code", kind: "text", width: 0.7 },
  { key: "name", title: "Asset Name", kind: "text", width: 2 },
  { key: "autoClosed", title: "AutoClosed", kind: "integer", width: 0.7, toneKey: "tone" },
  { key: "completed", title: "Completed", kind: "integer", width: 0.7 },
  { key: "total", title: "Total Tasks", kind: "integer", width: 0.7 },
];

export const assetTaskStatus = defineReport<Params>({
  key: "ASSETWISETASKSTATUS",
  title: "Sitewise Task Status",
  description: "For each asset, how many of its tasks were done, and how many were closed undone.",
  formats: ["pdf", "xlsx", "csv", "json", "html"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    const rows = await statusOf(reader, scope, sites, asked);
    const sum = (field: "autoClosed" | "completed" | "total") => rows.reduce((all, row) => all + Number(row[field]), 0);
    return {
      title: "Sitewise Task Status",
      facts: siteFacts(sites, asked),
      clientName: sites.clientName,
      timezone: sites.timezone,
      generatedAt: new Date(now).toISOString(),
      sections: [
        {
          kind: "table",
          columns: COLUMNS,
          rows: [rows],
          totals: () => ({
            site: "Total",
            autoClosed: sum("autoClosed"),
            completed: sum("completed"),
            total: sum("total"),
          }),
        },
      ],
    };
  },
});

function statusOf(reader: ReportReader, scope: Scope, sites: SiteChoice, asked: Params): Promise<Row[]> {
  const values = new Values();
  return reader.all<Row>(
    `select s.name as site, a.code, a.name,
       count(*) filter (where n.status = 'AUTOCLOSED')::integer as "autoClosed",
       count(*) filter (where n.status = 'COMPLETED')::integer as completed,
       count(*)::integer as total,
       case when count(*) filter (where n.status = 'AUTOCLOSED') * 2 > count(*) then 'bad' end as tone
     from jobneed n join site s on s.id = n.site_id join asset a on a.id = n.asset_id and a.identifier <> 'CHECKPOINT'
     where ${ofSpan(scope, sites, asked, values)} and n.identifier = 'TASK' and n.status in ('AUTOCLOSED', 'COMPLETED')
     group by s.name, s.id, a.id order by s.name, s.id, a.name, a.id`,
    values.list,
  );
}
