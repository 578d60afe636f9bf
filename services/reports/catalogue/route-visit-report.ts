/**
 * RP_SITEVISITREPORT: when the sites of a route were visited, day by day. Only tours that go there and back (two passes)
 * count: each site has a row for the 1st pass and one for the 2nd. A cell has the times of that day's visits as the site's
 * clocks showed them, or `--`.
 */
import { z } from "zod";
import { plainArray } from "../../../database/index.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { defineReport } from "../definition.ts";
import type { Cell, Column, Row } from "../document.ts";
import { checkRange, range } from "../period.ts";
import type { ReportReader } from "../reader.ts";
import { dayTitle, localDays } from "./local-days.ts";
import { chooseRoutes, type Routes, routeFacts, siteGroupIds } from "./route-choice.ts";

const params = z.strictObject({ siteGroupIds, ...range }).superRefine(checkRange);
type Params = z.output<typeof params>;

const NOT_VISITED = "--";
const FIXED: readonly Column[] = [
  { key: "route", title: "Route Name/Cluster", kind: "text", width: 1.5 },
  { key: "state", title: "State", kind: "text" },
  { key: "solId", title: "Sol Id", kind: "text" },
  { key: "siteName", title: "Site Name", kind: "text", width: 1.5 },
  { key: "pass", title: "Date", kind: "text", width: 0.5 },
];

export const routeVisitReport = defineReport<Params>({
  key: "RP_SITEVISITREPORT",
  title: "RP Site Visit Report",
  description: "Times at which the sites of a route were visited, day by day, on both passes of its tours.",
  formats: ["xlsx"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const routes = await chooseRoutes(reader, scope, asked.siteGroupIds);
    const days = localDays(await timezonesOf(reader, scope, routes), asked);
    return {
      title: "RP Site Visit Report",
      facts: routeFacts(routes, asked),
      clientName: routes.clientName,
      timezone: routes.timezone,
      generatedAt: new Date(now).toISOString(),
      orientation: "landscape",
      sections: [
        {
          kind: "table",
          columns: [...FIXED, ...days.map((day): Column => ({ key: day, title: dayTitle(day), kind: "text" }))],
          rows: passes(reader, scope, routes, asked, days),
        },
      ],
    };
  },
});

/** Of every site of the routes' tours; the client's where there are none. */
async function timezonesOf(reader: ReportReader, scope: Scope, { ids, timezone }: Routes): Promise<string[]> {
  const values = new Values();
  const rows = await reader.all<{ timezone: string }>(
    `with visited as (
       select c.site_id from job j join job c on c.parent_id = j.id
       where j.site_group_id = any(${values.of(plainArray(ids))}::text::bigint[]) and ${within(scope, "j.client_id", values)}
       union
       select m.site_id from group_member m
       where m.group_id = any(${values.of(plainArray(ids))}::text::bigint[]) and ${within(scope, "m.client_id", values)})
     select distinct s.timezone from site s join visited v on v.site_id = s.id`,
    values.list,
  );
  return rows.length === 0 ? [timezone] : rows.map((row) => row.timezone);
}

/** What one pass over one site came to on one day; without a day where it was never visited. */
interface PassRow {
  readonly siteId: number;
  readonly route: string;
  readonly state: string | null;
  readonly solId: string | null;
  readonly siteName: string;
  readonly pass: 1 | 2;
  readonly day: string | null;
  /** "09:05", or "09:05, 14:30" where the day had two tours. */
  readonly times: string | null;
}

/** A route at a time: it has as many sites as somebody can visit. */
async function* passes(
  reader: ReportReader,
  scope: Scope,
  routes: Routes,
  span: Params,
  days: readonly string[],
): AsyncGenerator<Row[]> {
  for (const route of routes.ids) {
    const sites = Map.groupBy(await passesOf(reader, scope, route, span), ({ siteId }) => siteId);
    yield [...sites.values()].flatMap((rows) => [rowOf(rows, 1, days), rowOf(rows, 2, days)]);
  }
}

async function passesOf(reader: ReportReader, scope: Scope, route: number, span: Params): Promise<PassRow[]> {
  const values = new Values();
  const from = `${values.of(span.from.toISOString())}::timestamptz`;
  const upto = `${values.of(span.upto.toISOString())}::timestamptz`;
  // Where a site comes twice in a tour, the first half of its checkpoints are the way there, the others the way back. A tour
  // is over within a month of its begin, or never.
  return reader.all<PassRow>(
    `with stop as (
       select n.site_id, n.site_group_id, coalesce(n.started_at, n.ended_at) as visited_at, n.plan_at,
         ntile(2) over (partition by n.parent_id, n.site_id order by n.seqno) as pass
       from jobneed tour join job j on j.id = tour.job_id and j.tour_frequency = 2
       join jobneed n on n.parent_id = tour.id
       where tour.site_group_id = ${values.of(route)}::bigint and tour.parent_id is null
         and tour.identifier = 'EXTERNALTOUR' and ${within(scope, "tour.client_id", values)}
         and coalesce(tour.started_at, tour.plan_at, tour.created_at) >= ${from} - interval '31 days'
         and coalesce(tour.started_at, tour.plan_at, tour.created_at) < ${upto} + interval '1 day')
     select s.id as "siteId", g.name as route, s.preferences -> 'address2' ->> 'state' as state, s.sol_id as "solId",
       s.name as "siteName", stop.pass, to_char(stop.visited_at at time zone s.timezone, 'YYYY-MM-DD') as day,
       string_agg(to_char(stop.visited_at at time zone s.timezone, 'HH24:MI'), ', ' order by stop.visited_at) as times
     from stop join site s on s.id = stop.site_id join people_group g on g.id = ${values.of(route)}::bigint
     where coalesce(stop.visited_at, stop.plan_at) >= ${from} and coalesce(stop.visited_at, stop.plan_at) < ${upto}
     group by s.id, g.id, stop.pass, day order by s.name, s.id`,
    values.list,
  );
}

function rowOf(rows: readonly PassRow[], pass: 1 | 2, days: readonly string[]): Row {
  const times = new Map(rows.flatMap((row) => (row.pass === pass && row.day !== null ? [[row.day, row.times]] : [])));
  const { route = "", state = null, solId = null, siteName = "" } = rows[0] ?? {};
  const cells = days.map((day): [string, Cell] => [day, times.get(day) ?? NOT_VISITED]);
  return { route, state, solId, siteName, pass: pass === 1 ? "1st" : "2nd", ...Object.fromEntries(cells) };
}
