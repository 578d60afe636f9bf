/**
 * MONTHLYSUMMARY: what a manager wants to know of a month in two pages: of each site the work, the maintenance and the
 * tickets, the days as a chart, and what needs attention.
 */
import { z } from "zod";
import { plainArray } from "../../../../database/index.ts";
import { type Scope, Values, within } from "../../../scope.ts";
import { defineReport } from "../../definition.ts";
import type { Column, Row } from "../../document.ts";
import { checkRange } from "../../period.ts";
import type { ReportReader } from "../../reader.ts";
import { chooseSites, type SiteChoice, siteFacts } from "../site-choice.ts";
import { type DayCounts, dailyChart } from "./daily-chart.ts";
import { ofSpan, PLANNED, percentage, percentageTone, span } from "./work-span.ts";

const params = z.strictObject(span).superRefine(checkRange);
type Params = z.output<typeof params>;

const SITE_COLUMNS: readonly Column[] = [
  { key: "site", title: "Site", kind: "text", width: 1.8 },
  { key: "work", title: "Work", kind: "integer" },
  { key: "completed", title: "Completed", kind: "integer" },
  { key: "closed", title: "Auto-closed", kind: "integer" },
  { key: "percentage", title: "Done", kind: "percent", toneKey: "tone" },
  { key: "alerts", title: "With Alerts", kind: "integer", toneKey: "alertTone" },
  { key: "tickets", title: "Tickets Opened", kind: "integer" },
  { key: "open", title: "Still Open", kind: "integer" },
  { key: "escalated", title: "Escalated", kind: "integer", toneKey: "escalatedTone" },
];
const WORST_COLUMNS: readonly Column[] = [
  { key: "name", title: "Work", kind: "text", width: 2 },
  { key: "site", title: "Site", kind: "text", width: 1.5 },
  { key: "work", title: "Planned", kind: "integer" },
  { key: "closed", title: "Auto-closed", kind: "integer" },
  { key: "percentage", title: "Missed", kind: "percent" },
];
const MOST_MISSED = 10;

interface SiteCounts {
  readonly site: string;
  readonly work: number;
  readonly completed: number;
  readonly closed: number;
  readonly alerts: number;
  readonly tickets: number;
  readonly open: number;
  readonly escalated: number;
}

export const monthlySummary = defineReport<Params>({
  key: "MONTHLYSUMMARY",
  title: "Monthly Summary",
  description: "A month at a glance: work, tickets and what was missed most, site by site.",
  formats: ["pdf", "xlsx", "html", "json"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    const counts = await siteCounts(reader, scope, sites, asked);
    const chart = dailyChart("Work a day", await dayCounts(reader, scope, sites, asked));
    const worst = await mostMissed(reader, scope, sites, asked);
    return {
      title: "Monthly Summary",
      facts: siteFacts(sites, asked),
      clientName: sites.clientName,
      timezone: sites.timezone,
      generatedAt: new Date(now).toISOString(),
      sections: [
        {
          kind: "table",
          heading: "Sites",
          ...(chart === undefined ? {} : { chart }),
          columns: SITE_COLUMNS,
          rows: [counts.map(rowOf)],
          totals: () => (counts.length < 2 ? undefined : rowOf(sumOf(counts))),
        },
        ...(worst.length === 0
          ? []
          : [{ kind: "table" as const, heading: "Missed most", columns: WORST_COLUMNS, rows: [worst] }]),
      ],
    };
  },
});

function rowOf(counts: SiteCounts): Row {
  const percent = percentage(counts.completed, counts.work);
  return {
    ...counts,
    percentage: percent,
    tone: percentageTone(percent),
    alertTone: counts.alerts > 0 ? "warning" : null,
    escalatedTone: counts.escalated > 0 ? "warning" : null,
  };
}

function sumOf(counts: readonly SiteCounts[]): SiteCounts {
  const sum = (field: Exclude<keyof SiteCounts, "site">) => counts.reduce((all, one) => all + one[field], 0);
  return {
    ...{ site: "Total", work: sum("work"), completed: sum("completed"), closed: sum("closed"), alerts: sum("alerts") },
    ...{ tickets: sum("tickets"), open: sum("open"), escalated: sum("escalated") },
  };
}

/** Sites without work or tickets are left out: a month without anything has no rows. */
function siteCounts(reader: ReportReader, scope: Scope, sites: SiteChoice, asked: Params): Promise<SiteCounts[]> {
  const values = new Values();
  return reader.all<SiteCounts>(
    `with work as (
       select n.site_id, count(*)::integer as work, count(*) filter (where n.status = 'COMPLETED')::integer as completed,
         count(*) filter (where n.status = 'AUTOCLOSED')::integer as closed,
         count(*) filter (where n.has_alerts)::integer as alerts
       from jobneed n where ${ofSpan(scope, sites, asked, values)} group by n.site_id),
     tickets as (
       select t.site_id, count(*)::integer as tickets,
         count(*) filter (where t.status in ('NEW', 'OPEN', 'ONHOLD'))::integer as open,
         count(*) filter (where t.is_escalated)::integer as escalated
       from ticket t
       where t.site_id = any(${values.of(plainArray(sites.ids))}::text::bigint[])
         and t.created_at >= ${values.of(asked.from)}::timestamptz and t.created_at < ${values.of(asked.upto)}::timestamptz
         and ${within(scope, "t.client_id", values)}
       group by t.site_id)
     select s.name as site, coalesce(w.work, 0) as work, coalesce(w.completed, 0) as completed,
       coalesce(w.closed, 0) as closed, coalesce(w.alerts, 0) as alerts, coalesce(t.tickets, 0) as tickets,
       coalesce(t.open, 0) as open, coalesce(t.escalated, 0) as escalated
     from work w full join tickets t on t.site_id = w.site_id join site s on s.id = coalesce(w.site_id, t.site_id)
     order by s.name, s.id`,
    values.list,
  );
}

function dayCounts(reader: ReportReader, scope: Scope, sites: SiteChoice, asked: Params): Promise<DayCounts[]> {
  const values = new Values();
  return reader.all<DayCounts>(
    `select (${PLANNED} at time zone s.timezone)::date::text as day,
       count(*) filter (where n.status = 'COMPLETED')::integer as completed,
       count(*) filter (where n.status in ('ASSIGNED', 'INPROGRESS'))::integer as pending,
       count(*) filter (where n.status = 'AUTOCLOSED')::integer as closed
     from jobneed n join site s on s.id = n.site_id where ${ofSpan(scope, sites, asked, values)} group by 1 order by 1`,
    values.list,
  );
}

async function mostMissed(reader: ReportReader, scope: Scope, sites: SiteChoice, asked: Params): Promise<Row[]> {
  const values = new Values();
  const rows = await reader.all<{ name: string; site: string; work: number; closed: number }>(
    `select n.name, s.name as site, count(*)::integer as work,
       count(*) filter (where n.status = 'AUTOCLOSED')::integer as closed
     from jobneed n join site s on s.id = n.site_id where ${ofSpan(scope, sites, asked, values)}
     group by n.name, s.name, s.id having count(*) filter (where n.status = 'AUTOCLOSED') > 0
     order by closed desc, n.name limit ${MOST_MISSED}`,
    values.list,
  );
  return rows.map((row) => ({ ...row, percentage: percentage(row.closed, row.work) }));
}
