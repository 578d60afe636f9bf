// PPMSUMMARY: planned maintenance of each site and kind of asset: done in time, done late, missed.
import { z } from "zod";
import { instant } from "../../../fields.ts";
import { type Scope, Values } from "../../../scope.ts";
import { defineReport } from "../../definition.ts";
import type { Chart, Column, Row } from "../../document.ts";
import type { ReportReader } from "../../reader.ts";
import { chooseSites, type SiteChoice, siteFacts, siteIds } from "../site-choice.ts";
import { ofSpan, percentage, percentageTone } from "./work-span.ts";

const DAY_MS = 86_400_000;
/** Maintenance is rare: two months show something. */
const LONGEST_DAYS = 62;
const MOST_BARS = 15;

const params = z.strictObject({ siteIds, from: instant, upto: instant }).superRefine(({ from, upto }, ctx) => {
  const days = (upto.getTime() - from.getTime()) / DAY_MS;
  const refuse = (message: string) => ctx.addIssue({ code: "custom", path: ["upto"], message });
  if (days <= 0) refuse("must be after from");
  if (days > LONGEST_DAYS) refuse(`must be at most ${LONGEST_DAYS} days after from`);
});
type Params = z.output<typeof params>;

const COLUMNS: readonly Column[] = [
  { key: "site", title: "Site Name", kind: "text", width: 1.5 },
  { key: "assetType", title: "Asset Type", kind: "text", width: 1.5 },
  { key: "total", title: "Total PPM Scheduled", kind: "integer" },
  { key: "onTime", title: "Completed On Time", kind: "integer" },
  { key: "late", title: "Completed After Schedule", kind: "integer" },
  { key: "missed", title: "PPM Missed", kind: "integer" },
  { key: "percentage", title: "Percentage", kind: "percent", toneKey: "tone" },
];

interface Counts {
  readonly site: string;
  readonly assetType: string;
  readonly total: number;
  readonly onTime: number;
  readonly late: number;
  readonly missed: number;
}

export const ppmSummary = defineReport<Params>({
  key: "PPMSUMMARY",
  title: "PPM Summary",
  description: "Planned maintenance of each site and kind of asset: in time, late, missed.",
  formats: ["pdf", "xlsx", "csv", "json", "html"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    const counts = await countsOf(reader, scope, sites, asked);
    const chart = chartOf(counts);
    return {
      title: "PPM Summary",
      facts: siteFacts(sites, asked),
      clientName: sites.clientName,
      timezone: sites.timezone,
      generatedAt: new Date(now).toISOString(),
      sections: [
        {
          kind: "table",
          ...(chart === undefined ? {} : { chart }),
          columns: COLUMNS,
          rows: [counts.map(rowOf)],
          totals: () => (counts.length < 2 ? undefined : rowOf(sumOf(counts))),
        },
      ],
    };
  },
});

function rowOf(counts: Counts): Row {
  const percent = percentage(counts.onTime + counts.late, counts.total);
  return { ...counts, percentage: percent, tone: percentageTone(percent) };
}

function sumOf(counts: readonly Counts[]): Counts {
  const sum = (field: "total" | "onTime" | "late" | "missed") => counts.reduce((all, one) => all + one[field], 0);
  return {
    ...{ site: "Total", assetType: "", total: sum("total") },
    ...{ onTime: sum("onTime"), late: sum("late"), missed: sum("missed") },
  };
}

function chartOf(counts: readonly Counts[]): Chart | undefined {
  const kinds = [...Map.groupBy(counts, ({ assetType }) => assetType)].map(([name, of]) => ({ name, ...sumOf(of) }));
  if (kinds.length < 2 || kinds.length > MOST_BARS) return undefined;
  return {
    kind: "stacked-bar",
    title: "Maintenance by kind of asset",
    categories: kinds.map(({ name }) => name),
    series: [
      { name: "In time", values: kinds.map(({ onTime }) => onTime), tone: "good" },
      { name: "Late", values: kinds.map(({ late }) => late), tone: "warning" },
      { name: "Missed", values: kinds.map(({ missed }) => missed), tone: "bad" },
    ],
  };
}

function countsOf(reader: ReportReader, scope: Scope, sites: SiteChoice, asked: Params): Promise<Counts[]> {
  const values = new Values();
  const isDone = "n.status in ('COMPLETED', 'PARTIALLYCOMPLETED')";
  return reader.all<Counts>(
    `select s.name as site, coalesce(t.name, 'Without a type') as "assetType", count(*)::integer as total,
       count(*) filter (where ${isDone} and coalesce(n.ended_at <= n.expiry_at, true))::integer as "onTime",
       count(*) filter (where ${isDone} and n.ended_at > n.expiry_at)::integer as late,
       count(*) filter (where n.status = 'AUTOCLOSED')::integer as missed
     from jobneed n join site s on s.id = n.site_id
     left join asset a on a.id = n.asset_id left join type_assist t on t.id = a.type_id
     where ${ofSpan(scope, sites, asked, values)} and n.identifier = 'PPM'
     group by s.name, s.id, t.name order by s.name, s.id, t.name nulls last`,
    values.list,
  );
}
