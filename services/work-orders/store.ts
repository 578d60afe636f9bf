// Work orders, permits and reviews as they are kept. A number comes from the site's own row of counts.
import type { Queryable, Transaction } from "../../database/index.ts";
import { clientOf, requireReferences } from "../clients.ts";
import { notFound, type Page, pageOf, plain, refused } from "../fields.ts";
import { type Author, type Scope, Values, within } from "../scope.ts";
import type { Standing, Status } from "./states.ts";

export const IDENTIFIERS = ["WO", "WP", "SLA"] as const;
export type Identifier = (typeof IDENTIFIERS)[number];

export interface WorkOrder {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number;
  readonly identifier: Identifier;
  readonly number: string | null;
  readonly description: string;
  readonly status: Status;
  readonly permitStatus: Standing;
  readonly verifierStatus: Standing;
  readonly priority: string;
  readonly planAt: string | null;
  readonly expiryAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly assetId: number | null;
  readonly locationId: number | null;
  readonly questionSetId: number | null;
  readonly vendorId: number | null;
  readonly performedBy: string | null;
  readonly createdBy: string;
  readonly createdById: number | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface NewWorkOrder {
  readonly siteId: number;
  readonly uuid?: string | undefined;
  readonly identifier: Identifier;
  readonly description: string;
  readonly priority: string;
  readonly planAt?: Date | undefined;
  readonly expiryAt?: Date | undefined;
  readonly assetId?: number | undefined;
  readonly locationId?: number | undefined;
  readonly questionSetId?: number | undefined;
  readonly vendorId?: number | undefined;
}

const COLUMNS = `t.id, t.uuid, t.client_id as "clientId", t.site_id as "siteId", t.identifier, t.number, t.description, t.status,
  t.permit_status as "permitStatus", t.verifier_status as "verifierStatus", t.priority, t.plan_at as "planAt",
  t.expiry_at as "expiryAt", t.started_at as "startedAt", t.ended_at as "endedAt", t.asset_id as "assetId",
  t.location_id as "locationId", t.question_set_id as "questionSetId", t.vendor_id as "vendorId",
  t.performed_by as "performedBy", t.created_by as "createdBy", t.created_by_id as "createdById",
  t.created_at as "createdAt", t.updated_at as "updatedAt"`;

const COUNT_UP = `
with counted as (
  insert into work_order_counter (site_id, identifier, last) values ($1::bigint, $2, 1)
  on conflict (site_id, identifier) do update set last = work_order_counter.last + 1 returning last),
numbered as (
  select s.code || '#' || $2 || counted.last as number from counted, site s where s.id = $1::bigint)
select number, exists (select 1 from work_order w where w.client_id = $3::bigint and w.number = numbered.number) as "isTaken"
from numbered`;

/** The site's next number. A site that has the code another one had before counts past the numbers of that. */
async function nextNumber(tx: Transaction, clientId: number, { siteId, identifier }: NewWorkOrder): Promise<string> {
  for (;;) {
    const { rows } = await tx.query<{ number: string; isTaken: boolean }>(COUNT_UP, [siteId, identifier, clientId]);
    const [next] = rows;
    if (next !== undefined && !next.isTaken) return next.number;
  }
}

/** @throws ApiumError `PARAMS_INVALID`. */
export async function insertWorkOrder(
  tx: Transaction,
  scope: Scope,
  given: NewWorkOrder,
  author: Author,
): Promise<WorkOrder> {
  const clientId = await clientOf(tx, scope, given);
  await requireReferences(tx, clientId, [
    { field: "assetId", table: "asset", id: given.assetId },
    { field: "locationId", table: "location", id: given.locationId },
    { field: "questionSetId", table: "question_set", id: given.questionSetId },
    { field: "vendorId", table: "vendor", id: given.vendorId },
  ]);
  const number = await nextNumber(tx, clientId, given);
  const { rows } = await tx.query<{ id: number }>(
    `insert into work_order (client_id, site_id, uuid, identifier, number, description, priority, plan_at, expiry_at, asset_id,
       location_id, question_set_id, vendor_id, created_by, created_by_id)
     values ($1::bigint, $2::bigint, coalesce($3::uuid, gen_random_uuid()), $4, $5, $6, $7,
       $8::timestamptz, $9::timestamptz, $10::bigint, $11::bigint, $12::bigint, $13::bigint, $14, $15::bigint)
     on conflict (uuid) do nothing returning id`,
    [
      clientId,
      given.siteId,
      given.uuid ?? null,
      given.identifier,
      number,
      given.description,
      given.priority,
      given.planAt?.toISOString() ?? null,
      given.expiryAt?.toISOString() ?? null,
      given.assetId ?? null,
      given.locationId ?? null,
      given.questionSetId ?? null,
      given.vendorId ?? null,
      author.name,
      author.personId ?? null,
    ],
  );
  // Of another client: it is not said whose.
  if (rows[0] === undefined) throw refused("uuid", "there is a work order with this uuid already");
  const { id } = rows[0];
  await tx.query(
    `insert into work_order_detail (client_id, work_order_id, seqno, question_id, answer_type, options, min_value, max_value,
       alert_on, is_mandatory, is_attachment_required, attachment_type)
     select $1::bigint, $2::bigint, row_number() over (order by m.seqno, m.id), m.question_id, m.answer_type, m.options,
       m.min_value, m.max_value, m.alert_on, m.is_mandatory, m.is_attachment_required, m.attachment_type
     from question_set_member m where m.question_set_id = $3::bigint`,
    [clientId, id, given.questionSetId ?? null],
  );
  await noteHistory(tx, id, author, "created", { priority: given.priority });
  return findWorkOrder(tx, scope, id);
}

/** @throws ApiumError `NOT_FOUND`. */
export async function findWorkOrder(store: Queryable, scope: Scope, id: number): Promise<WorkOrder> {
  const values = new Values();
  const { rows } = await store.query<WorkOrder>(
    `select ${COLUMNS} from work_order t
     where t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)}`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("work order", id);
  return plain(rows[0]);
}

/** Locked until the transaction ends. @throws ApiumError `NOT_FOUND`. */
export async function lockWorkOrder(tx: Transaction, scope: Scope, id: number): Promise<WorkOrder> {
  await findWorkOrder(tx, scope, id);
  await tx.query("select 1 from work_order where id = $1 for update", [id]);
  return findWorkOrder(tx, scope, id);
}

/** The order of this uuid, or the right to make it until the transaction ends: who comes at the same time waits. */
export async function lockWorkOrderOfUuid(tx: Transaction, scope: Scope, uuid: string): Promise<WorkOrder | undefined> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('work order ' || lower($1), 0))", [uuid]);
  return workOrderOfUuid(tx, scope, uuid);
}

export async function workOrderOfUuid(store: Queryable, scope: Scope, uuid: string): Promise<WorkOrder | undefined> {
  const values = new Values();
  const { rows } = await store.query<WorkOrder>(
    `select ${COLUMNS} from work_order t
     where t.uuid = ${values.of(uuid)}::uuid and ${within(scope, "t.client_id", values)}`,
    values.list,
  );
  return rows[0] === undefined ? undefined : plain(rows[0]);
}

export interface WorkOrderFilter {
  readonly siteId?: number | undefined;
  readonly vendorId?: number | undefined;
  readonly identifier?: Identifier | undefined;
  readonly status?: Status | undefined;
  readonly permitStatus?: Standing | undefined;
  readonly limit: number;
  readonly cursor?: number | undefined;
}

/** Newest first, without sections. */
export async function listWorkOrders(
  store: Queryable,
  scope: Scope,
  filter: WorkOrderFilter,
): Promise<Page<WorkOrder>> {
  const values = new Values();
  const conditions = ["t.parent_id is null", within(scope, "t.client_id", values)];
  const narrowed = {
    site_id: filter.siteId,
    vendor_id: filter.vendorId,
    identifier: filter.identifier,
    status: filter.status,
    permit_status: filter.permitStatus,
  };
  for (const [column, value] of Object.entries(narrowed)) {
    if (value !== undefined) conditions.push(`t.${column} = ${values.of(value)}`);
  }
  if (filter.cursor !== undefined) conditions.push(`t.id < ${values.of(filter.cursor)}::bigint`);
  const { rows } = await store.query<WorkOrder>(
    `select ${COLUMNS} from work_order t where ${conditions.join(" and ")}
     order by t.id desc limit ${values.of(filter.limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), filter.limit);
}

export async function noteHistory(
  tx: Transaction,
  id: number,
  author: Author,
  action: string,
  details: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await tx.query(
    `insert into work_order_history (work_order_id, actor, person_id, action, details)
     values ($1::bigint, $2, $3::bigint, $4, $5::text::json)`,
    [id, author.name, author.personId ?? null, action, JSON.stringify(details)],
  );
}

/** Oldest first. Whoever asks has made sure that the order is theirs. */
export async function listHistory(
  store: Queryable,
  id: number,
  { limit, cursor }: { limit: number; cursor?: number | undefined },
) {
  const { rows } = await store.query<{ id: number }>(
    `select id, at, actor, person_id as "personId", action, details from work_order_history
     where work_order_id = $1 and id > $2::bigint order by id limit $3`,
    [id, cursor ?? 0, limit + 1],
  );
  return pageOf(rows.map(plain), limit);
}
