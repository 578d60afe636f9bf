/** WORKORDERLIST: orders to vendors whose work is planned in the period, those without a plan by when they were made. */
import { z } from "zod";
import { plainArray } from "../../../database/index.ts";
import { id, plain } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { defineReport } from "../definition.ts";
import type { Chart, Column, Row } from "../document.ts";
import { checkRange, range } from "../period.ts";
import type { ReportReader } from "../reader.ts";
import { BatchValues } from "./batch-values.ts";
import { chosenRows, oneOf } from "./chosen-rows.ts";
import { chooseSites, type SiteChoice, siteFacts, siteIds } from "./site-choice.ts";

const params = z
  .strictObject({ siteIds, vendorIds: z.array(id).min(1).max(500).optional(), ...range })
  .superRefine(checkRange);
type Params = z.output<typeof params>;

const COLUMNS: readonly Column[] = [
  { key: "number", title: "Work Order No", kind: "text" },
  { key: "createdAt", title: "Created On", kind: "instant", zoneKey: "timezone" },
  { key: "createdBy", title: "Created By", kind: "text" },
  { key: "planAt", title: "Planned Date Time", kind: "instant", zoneKey: "timezone" },
  { key: "description", title: "Description", kind: "text", width: 2 },
  { key: "endedAt", title: "Completed On", kind: "instant", zoneKey: "timezone" },
  { key: "priority", title: "Priority", kind: "text", width: 0.7 },
  { key: "status", title: "Status", kind: "status", toneKey: "tone" },
  { key: "site", title: "Site", kind: "text" },
  { key: "vendor", title: "Vendor Name", kind: "text" },
];

export const workOrderList = defineReport<Params>({
  key: "WORKORDERLIST",
  title: "Work Order List",
  description: "Orders to vendors planned in the period, with their state; overdue ones are marked.",
  formats: ["pdf", "xlsx", "csv", "json", "html"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    const { vendorIds } = asked;
    const vendors = await chosenRows(reader, scope, { field: "vendorIds", table: "vendor", ids: vendorIds });
    const chart = await stateChart(reader, scope, sites, asked);
    return {
      title: "Work Order List",
      facts: [
        ...siteFacts(sites, asked),
        ...(vendors.length > 0 ? [{ label: "Vendors", value: vendors.map(({ name }) => name).join(", ") }] : []),
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
          rows: orders(reader, scope, sites, asked, now),
        },
      ],
    };
  },
});

function condition(scope: Scope, sites: SiteChoice, { from, upto, vendorIds }: Params, values: Values): string {
  return `w.site_id = any(${values.of(plainArray(sites.ids))}::text::bigint[])
    and ${within(scope, "w.client_id", values)} and w.identifier = 'WO' and w.parent_id is null
    and coalesce(w.plan_at, w.created_at) >= ${values.of(from.toISOString())}::timestamptz
    and coalesce(w.plan_at, w.created_at) < ${values.of(upto.toISOString())}::timestamptz
    and ${oneOf("w.vendor_id", vendorIds, values)}`;
}

async function stateChart(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
): Promise<Chart | undefined> {
  const values = new Values();
  const counts = await reader.all<{ status: string; orders: number }>(
    `select w.status, count(*)::integer as orders from work_order w where ${condition(scope, sites, asked, values)}
     group by w.status order by w.status`,
    values.list,
  );
  if (counts.length === 0) return undefined;
  return {
    kind: "donut",
    title: "Work orders by status",
    categories: counts.map(({ status }) => status),
    series: [{ name: "Work orders", values: counts.map(({ orders }) => orders) }],
  };
}

async function* orders(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
  now: number,
): AsyncGenerator<Row[]> {
  const values = new Values();
  const ids = `select w.id from work_order w where ${condition(scope, sites, asked, values)}
    order by coalesce(w.plan_at, w.created_at), w.id`;
  const rest = new BatchValues();
  const rows = `select coalesce(w.number, w.id::text) as number, w.created_at as "createdAt",
      coalesce(p.name, w.created_by) as "createdBy", w.plan_at as "planAt", w.description, w.ended_at as "endedAt",
      w.priority, w.status, s.name as site, v.name as vendor, s.timezone,
      case when w.status in ('COMPLETED', 'CLOSED') then 'good' when w.status = 'CANCELLED' then 'muted'
        when w.expiry_at < ${rest.of(new Date(now).toISOString())}::timestamptz then 'bad' end as tone
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join work_order w on w.id = batch.id and ${within(scope, "w.client_id", rest)}
    join site s on s.id = w.site_id
    left join vendor v on v.id = w.vendor_id left join person p on p.id = w.created_by_id
    order by batch.place`;
  const batches = reader.batches<Row>({ text: ids, parameters: values.list }, { text: rows, parameters: rest.others });
  for await (const batch of batches) yield batch.map(plain);
}
