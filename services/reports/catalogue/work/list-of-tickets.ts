// LISTOFTICKETS: tickets that were opened in the period, how they stand, and how long they took or have waited.
import { z } from "zod";
import { plainArray } from "../../../../database/index.ts";
import { id, plain } from "../../../fields.ts";
import { type Scope, Values, within } from "../../../scope.ts";
import { defineReport } from "../../definition.ts";
import type { Chart, Column, Row } from "../../document.ts";
import { checkRange, range } from "../../period.ts";
import type { ReportReader } from "../../reader.ts";
import { BatchValues } from "../batch-values.ts";
import { chosenRows, oneOf } from "../chosen-rows.ts";
import { chooseSites, type SiteChoice, siteFacts, siteIds } from "../site-choice.ts";

const params = z
  .strictObject({ siteIds, ...range, categoryIds: z.array(id).min(1).max(100).optional() })
  .superRefine(checkRange);
type Params = z.output<typeof params>;

const AT_SITE = { kind: "instant", zoneKey: "timezone" } as const;
const COLUMNS: readonly Column[] = [
  { key: "number", title: "Ticket No", kind: "text", width: 0.8 },
  { key: "site", title: "Site", kind: "text" },
  { key: "description", title: "Description", kind: "text", width: 2.2 },
  { key: "priority", title: "Priority", kind: "text", width: 0.7 },
  { key: "category", title: "Ticket Category", kind: "text", width: 0.9 },
  { key: "status", title: "Status", kind: "status", toneKey: "tone", width: 0.9 },
  { key: "level", title: "Level", kind: "integer", width: 0.5, toneKey: "levelTone" },
  { key: "assignedTo", title: "Assigned To", kind: "text" },
  { key: "createdAt", title: "Created On", ...AT_SITE },
  { key: "createdBy", title: "Created By", kind: "text", width: 0.8 },
  { key: "turnaround", title: "TAT", kind: "minutes", width: 0.7 },
  { key: "age", title: "Open For", kind: "minutes", width: 0.7 },
  { key: "modifiedAt", title: "Modified On", ...AT_SITE },
];

const STATUSES = ["NEW", "OPEN", "ONHOLD", "RESOLVED", "CLOSED", "CANCELLED"] as const;
const TONES = {
  NEW: "warning",
  OPEN: "warning",
  ONHOLD: "muted",
  RESOLVED: "good",
  CLOSED: "good",
  CANCELLED: "muted",
} as const;

export const listOfTickets = defineReport<Params>({
  key: "LISTOFTICKETS",
  title: "List of Tickets",
  description: "Tickets opened in the period: how they stand, how long they took, how long they have waited.",
  formats: ["pdf", "xlsx", "csv", "json", "html"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    const { categoryIds } = asked;
    const categories = await chosenRows(reader, scope, {
      field: "categoryIds",
      table: "type_assist",
      ids: categoryIds,
    });
    const chart = await statusChart(reader, scope, sites, asked);
    return {
      title: "List of Tickets",
      facts: [
        ...siteFacts(sites, asked),
        ...(categories.length === 0
          ? []
          : [{ label: "Categories", value: categories.map(({ name }) => name).join(", ") }]),
      ],
      clientName: sites.clientName,
      timezone: sites.timezone,
      generatedAt: new Date(now).toISOString(),
      orientation: "landscape",
      sections: [
        {
          kind: "table",
          ...(chart === undefined ? {} : { chart }),
          columns: COLUMNS,
          rows: ticketRows(reader, scope, sites, asked, now),
        },
      ],
    };
  },
});

function ofPeriod(scope: Scope, sites: SiteChoice, { from, upto, categoryIds }: Params, values: Values): string {
  return `t.site_id = any(${values.of(plainArray(sites.ids))}::text::bigint[])
    and t.created_at >= ${values.of(from)}::timestamptz and t.created_at < ${values.of(upto)}::timestamptz
    and ${within(scope, "t.client_id", values)} and ${oneOf("t.category_id", categoryIds, values)}`;
}

async function statusChart(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
): Promise<Chart | undefined> {
  const values = new Values();
  const rows = await reader.all<{ status: (typeof STATUSES)[number]; tickets: number }>(
    `select t.status, count(*)::integer as tickets from ticket t where ${ofPeriod(scope, sites, asked, values)} group by t.status`,
    values.list,
  );
  if (rows.length < 2) return undefined;
  const counts = new Map(rows.map(({ status, tickets }) => [status, tickets]));
  const shown = STATUSES.filter((status) => counts.has(status));
  return {
    kind: "bar",
    title: "Tickets by status",
    categories: shown,
    series: [{ name: "Tickets", values: shown.map((status) => counts.get(status) ?? 0) }],
  };
}

/** The turnaround ends when the ticket was last resolved or closed, whatever was written to it later. */
async function* ticketRows(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
  now: number,
): AsyncGenerator<readonly Row[]> {
  const values = new Values();
  const ids = `select t.id from ticket t where ${ofPeriod(scope, sites, asked, values)} order by t.created_at, t.id`;
  const more = new BatchValues();
  const minutes = (span: string) => `floor(extract(epoch from ${span}) / 60)::float8`;
  const rows = `select t.number, s.name as site, s.timezone, t.description, t.priority,
      coalesce(c.name, t.category) as category, t.status, t.level, coalesce(p.name, g.name) as "assignedTo",
      t.created_at as "createdAt", t.created_by as "createdBy", t.updated_at as "modifiedAt",
      case when t.status in ('RESOLVED', 'CLOSED') then ${minutes(`coalesce(done.at, t.updated_at) - t.created_at`)} end as turnaround,
      case when t.status in ('NEW', 'OPEN', 'ONHOLD')
        then ${minutes(`${more.of(new Date(now).toISOString())}::timestamptz - t.created_at`)} end as age,
      case when t.is_escalated then 'warning' end as "levelTone"
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join ticket t on t.id = batch.id join site s on s.id = t.site_id
    left join type_assist c on c.id = t.category_id left join person p on p.id = t.assigned_to_person_id
    left join people_group g on g.id = t.assigned_to_group_id
    left join lateral (
      select max(h.at) as at from ticket_history h
      where h.ticket_id = t.id and h.previous_state ->> 'status' not in ('RESOLVED', 'CLOSED')) done on true
    order by batch.place`;
  for await (const batch of reader.batches<Row>(
    { text: ids, parameters: values.list },
    { text: rows, parameters: more.others },
  )) {
    yield batch.map((row) => ({ ...plain(row), tone: TONES[row.status as keyof typeof TONES] }));
  }
}
