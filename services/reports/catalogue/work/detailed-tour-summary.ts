// STATICDETAILEDTOURSUMMARY, DYNAMICDETAILEDTOURSUMMARY: of each tour, how many of its checkpoints were visited.
import { z } from "zod";
import { plain } from "../../../fields.ts";
import { type Scope, Values } from "../../../scope.ts";
import { defineReport } from "../../definition.ts";
import type { Column, Row } from "../../document.ts";
import { checkRange } from "../../period.ts";
import type { ReportReader } from "../../reader.ts";
import { chooseSites, type SiteChoice, siteFacts } from "../site-choice.ts";
import { IS_DYNAMIC } from "./work-list.ts";
import { ofSpan, PLANNED, percentage, percentageTone, span } from "./work-span.ts";

const params = z.strictObject(span).superRefine(checkRange);
type Params = z.output<typeof params>;

const AT_SITE = { kind: "instant", zoneKey: "timezone" } as const;
const COLUMNS: readonly Column[] = [
  { key: "client", title: "Client", kind: "text" },
  { key: "site", title: "Site", kind: "text" },
  { key: "name", title: "Tour", kind: "text", width: 1.4 },
  { key: "planAt", title: "Planned Date Time", ...AT_SITE },
  { key: "expiryAt", title: "Expiry Date Time", ...AT_SITE },
  { key: "checkpoints", title: "Checkpoints", kind: "integer", width: 0.7 },
  { key: "completed", title: "Completed", kind: "integer", width: 0.7 },
  { key: "missed", title: "Missed", kind: "integer", width: 0.7 },
  { key: "percentage", title: "Percentage", kind: "percent", toneKey: "tone", width: 0.8 },
  { key: "remarksType", title: "Comments Type", kind: "text" },
  { key: "remarks", title: "Comments", kind: "text", width: 1.5 },
];

function detailedSummary(key: string, title: string, condition: string) {
  return defineReport<Params>({
    ...{ key, title, params },
    description: "Of each tour, how many of its checkpoints were visited and missed, and what was remarked.",
    formats: ["pdf", "xlsx", "csv", "json", "html"],
    period: "range",
    async document({ params: asked, scope, now }, reader) {
      const sites = await chooseSites(reader, scope, asked.siteIds);
      return {
        ...{ title, facts: siteFacts(sites, asked), clientName: sites.clientName, timezone: sites.timezone },
        generatedAt: new Date(now).toISOString(),
        orientation: "landscape",
        sections: [{ kind: "table", columns: COLUMNS, rows: tours(reader, scope, sites, asked, condition) }],
      };
    },
  });
}

export const staticDetailedTourSummary = detailedSummary(
  "STATICDETAILEDTOURSUMMARY",
  "Detailed Summary of Static Tours",
  `not ${IS_DYNAMIC}`,
);
export const dynamicDetailedTourSummary = detailedSummary(
  "DYNAMICDETAILEDTOURSUMMARY",
  "Detailed Summary of Dynamic Tours",
  IS_DYNAMIC,
);

async function* tours(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
  condition: string,
): AsyncGenerator<readonly Row[]> {
  const values = new Values();
  const ids = `select n.id from jobneed n left join job j on j.id = n.job_id
    where ${ofSpan(scope, sites, asked, values)} and n.identifier = 'INTERNALTOUR' and ${condition}
    order by ${PLANNED}, n.id`;
  const rows = `select c.name as client, s.name as site, s.timezone, n.name, n.plan_at as "planAt", n.expiry_at as "expiryAt",
      n.details ->> 'remarksType' as "remarksType", n.remarks, visits.*
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join jobneed n on n.id = batch.id join site s on s.id = n.site_id join site c on c.id = n.client_id
    left join lateral (
      select count(*)::integer as checkpoints, count(*) filter (where v.status = 'COMPLETED')::integer as completed,
        count(*) filter (where v.status in ('AUTOCLOSED', 'ASSIGNED'))::integer as missed
      from jobneed v where v.parent_id = n.id) visits on true
    order by batch.place`;
  for await (const batch of reader.batches<Row>({ text: ids, parameters: values.list }, { text: rows })) {
    yield batch.map((row) => {
      const percent = percentage(Number(row.completed), Number(row.checkpoints));
      return { ...plain(row), percentage: percent, tone: percentageTone(percent) };
    });
  }
}
