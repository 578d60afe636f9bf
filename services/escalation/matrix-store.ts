// The escalation matrix as it is kept, and the reminders made from it.
import { type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { clientOf, requireReferences, typeAssistId } from "../clients.ts";
import { notFound, type Page, pageOf, plain, refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";

export interface MatrixRow {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  /** Null: every site of the client that has no row of its own. */
  readonly siteId: number | null;
  readonly categoryId: number | null;
  /** Code of the category. */
  readonly category: string | null;
  /** A planned maintenance: then the row says how long before it a reminder goes out. */
  readonly jobId: number | null;
  readonly level: number;
  readonly frequency: Frequency;
  readonly frequencyValue: number;
  readonly assignedPersonId: number | null;
  readonly assignedGroupId: number | null;
  readonly notify: readonly string[];
  readonly body: string | null;
  readonly enabled: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const FREQUENCIES = ["MINUTE", "HOUR", "DAY", "WEEK"] as const;
export type Frequency = (typeof FREQUENCIES)[number];

export interface MatrixValues {
  readonly level?: number | undefined;
  readonly frequency?: Frequency | undefined;
  readonly frequencyValue?: number | undefined;
  readonly assignedPersonId?: number | null | undefined;
  readonly assignedGroupId?: number | null | undefined;
  readonly notify?: readonly string[] | undefined;
  readonly body?: string | null | undefined;
  readonly enabled?: boolean | undefined;
}

export interface NewMatrixRow extends MatrixValues {
  readonly siteId?: number | undefined;
  /** Code or id. */
  readonly category?: number | string | undefined;
  readonly jobId?: number | undefined;
}

const COLUMNS = {
  level: "level",
  frequency: "frequency",
  frequencyValue: "frequency_value",
  assignedPersonId: "assigned_person_id",
  assignedGroupId: "assigned_group_id",
  notify: "notify",
  body: "body",
  enabled: "enabled",
} as const satisfies Record<keyof MatrixValues, string>;

const SELECT = `select t.id, t.uuid, t.client_id as "clientId", t.site_id as "siteId", t.category_id as "categoryId",
    c.code as category, t.job_id as "jobId", t.level, t.frequency, t.frequency_value as "frequencyValue",
    t.assigned_person_id as "assignedPersonId", t.assigned_group_id as "assignedGroupId", t.notify, t.body, t.enabled,
    t.created_at as "createdAt", t.updated_at as "updatedAt"
  from escalation_matrix t left join type_assist c on c.id = t.category_id`;

/** The words for the unique key of the table. */
export const DUPLICATE_LEVEL = "there is a row for this level of the category, or job, at this place already";

export interface MatrixFilter {
  readonly siteId?: number | undefined;
  readonly categoryId?: number | undefined;
  readonly jobId?: number | undefined;
  readonly limit: number;
  readonly cursor?: number | undefined;
}

export async function listMatrix(store: Queryable, scope: Scope, filter: MatrixFilter): Promise<Page<MatrixRow>> {
  const { siteId, categoryId, jobId, limit, cursor } = filter;
  const values = new Values();
  const conditions = [within(scope, "t.client_id", values)];
  if (siteId !== undefined) conditions.push(`t.site_id = ${values.of(siteId)}::bigint`);
  if (categoryId !== undefined) conditions.push(`t.category_id = ${values.of(categoryId)}::bigint`);
  if (jobId !== undefined) conditions.push(`t.job_id = ${values.of(jobId)}::bigint`);
  if (cursor !== undefined) conditions.push(`t.id > ${values.of(cursor)}::bigint`);
  const { rows } = await store.query<MatrixRow>(
    `${SELECT} where ${conditions.join(" and ")} order by t.id limit ${values.of(limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), limit);
}

/** @throws ApiumError `NOT_FOUND`. */
export async function findMatrixRow(store: Queryable, scope: Scope, id: number, lock = ""): Promise<MatrixRow> {
  const values = new Values();
  const { rows } = await store.query<MatrixRow>(
    `${SELECT} where t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)} ${lock}`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("row of the matrix", id);
  return plain(rows[0]);
}

/** @throws ApiumError `PARAMS_INVALID` for rows that are not there, and for a level that has its row. */
export async function insertMatrixRow(tx: Transaction, scope: Scope, given: NewMatrixRow): Promise<MatrixRow> {
  const clientId = await clientOfRow(tx, scope, given);
  const categoryId = await typeAssistIdOfTicket(tx, clientId, given.category);
  await requireReferences(tx, clientId, [{ field: "jobId", table: "job", id: given.jobId }, ...assigneesOf(given)]);
  const values = new Values();
  const columns = ["client_id", "site_id", "category_id", "job_id"];
  const places = [clientId, given.siteId ?? null, categoryId, given.jobId ?? null].map(
    (value) => `${values.of(value)}::bigint`,
  );
  for (const [column, place] of placesOf(given, values)) {
    columns.push(column);
    places.push(place);
  }
  const { rows } = await tx.query<{ id: number }>(
    `insert into escalation_matrix (${columns.join(", ")}) values (${places.join(", ")})
     on conflict do nothing returning id`,
    values.list,
  );
  if (rows[0] === undefined) throw refused("level", DUPLICATE_LEVEL);
  return findMatrixRow(tx, scope, rows[0].id);
}

/** @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`; a level that has its row as PostgreSQL says it. */
export async function changeMatrixRow(
  tx: Transaction,
  scope: Scope,
  id: number,
  given: MatrixValues,
): Promise<{ readonly before: MatrixRow; readonly after: MatrixRow }> {
  const before = await findMatrixRow(tx, scope, id, "for no key update of t");
  await requireReferences(tx, before.clientId, assigneesOf(given));
  const values = new Values();
  const key = values.of(id);
  const places = placesOf(given, values);
  if (places.length > 0) {
    const set = places.map(([column, place]) => `${column} = ${place}`).join(", ");
    const isOther = places.map(([column, place]) => `${column} is distinct from ${place}`).join(" or ");
    await tx.query(`update escalation_matrix set ${set} where id = ${key}::bigint and (${isOther})`, values.list);
  }
  return { before, after: await findMatrixRow(tx, scope, id) };
}

/**
 * Reminders already made from a row of a job keep it: it is disabled instead, and makes no more of them.
 * @throws ApiumError `NOT_FOUND`.
 */
export async function removeMatrixRow(
  tx: Transaction,
  scope: Scope,
  id: number,
): Promise<{ readonly removed: boolean; readonly disabled: boolean }> {
  await findMatrixRow(tx, scope, id);
  await tx.query("select 1 from escalation_matrix where id = $1 for update", [id]);
  const { affected } = await tx.query(
    "delete from escalation_matrix m where id = $1 and not exists (select 1 from reminder r where r.matrix_id = m.id)",
    [id],
  );
  if (affected === 1) return { removed: true, disabled: false };
  await tx.query("update escalation_matrix set enabled = false where id = $1", [id]);
  return { removed: false, disabled: true };
}

export interface Reminder {
  readonly id: number;
  readonly siteId: number;
  readonly jobId: number;
  readonly jobneedId: number;
  readonly matrixId: number;
  readonly name: string;
  readonly remindAt: string;
  readonly planAt: string;
  readonly status: string;
  readonly attempts: number;
  readonly sentAt: string | null;
}

export interface ReminderFilter {
  readonly siteId?: number | undefined;
  readonly jobId?: number | undefined;
  readonly status?: string | undefined;
  readonly limit: number;
  readonly cursor?: number | undefined;
}

export async function listReminders(store: Queryable, scope: Scope, filter: ReminderFilter): Promise<Page<Reminder>> {
  const { siteId, jobId, status, limit, cursor } = filter;
  const values = new Values();
  const conditions = [within(scope, "t.client_id", values)];
  if (siteId !== undefined) conditions.push(`t.site_id = ${values.of(siteId)}::bigint`);
  if (jobId !== undefined) conditions.push(`t.job_id = ${values.of(jobId)}::bigint`);
  if (status !== undefined) conditions.push(`t.status = ${values.of(status)}`);
  if (cursor !== undefined) conditions.push(`t.id > ${values.of(cursor)}::bigint`);
  const { rows } = await store.query<Reminder>(
    `select t.id, t.site_id as "siteId", t.job_id as "jobId", t.jobneed_id as "jobneedId", t.matrix_id as "matrixId",
       n.name, t.remind_at as "remindAt", t.plan_at as "planAt", t.status, t.attempts, t.sent_at as "sentAt"
     from reminder t join jobneed n on n.id = t.jobneed_id
     where ${conditions.join(" and ")} order by t.id limit ${values.of(limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), limit);
}

/** The client of the site, or of the job, else the asker's. */
async function clientOfRow(tx: Transaction, scope: Scope, { siteId, jobId }: NewMatrixRow): Promise<number> {
  if (siteId !== undefined || jobId === undefined) return clientOf(tx, scope, { siteId });
  const values = new Values();
  const { rows } = await tx.query<{ clientId: number }>(
    `select client_id as "clientId" from job
     where id = ${values.of(jobId)}::bigint and ${within(scope, "client_id", values)}`,
    values.list,
  );
  if (rows[0] === undefined) throw refused("jobId", `there is no job ${jobId}`);
  return rows[0].clientId;
}

/** Escalation looks for the category of tickets; those raised for closed work carry the notify category. */
async function typeAssistIdOfTicket(
  tx: Transaction,
  clientId: number,
  category: number | string | undefined,
): Promise<number | null> {
  if (typeof category !== "string") return typeAssistId(tx, clientId, "TICKETCATEGORY", "categoryId", category);
  const { rows } = await tx.query<{ id: number }>(
    `select id from type_assist
     where category in ('TICKETCATEGORY', 'TICKET_CATEGORY', 'NOTIFYCATEGORY') and code = $1
       and (client_id = $2::bigint or client_id is null)
     order by client_id nulls last, category desc limit 1`,
    [category, clientId],
  );
  if (rows[0] === undefined) throw refused("category", `there is no TICKETCATEGORY with the code ${category}`);
  return rows[0].id;
}

function assigneesOf({ assignedPersonId, assignedGroupId }: MatrixValues) {
  return [
    { field: "assignedPersonId", table: "person" as const, id: assignedPersonId },
    { field: "assignedGroupId", table: "people_group" as const, id: assignedGroupId },
  ];
}

function placesOf(given: MatrixValues, values: Values): (readonly [column: string, place: string])[] {
  return (Object.keys(COLUMNS) as (keyof MatrixValues)[])
    .filter((field) => given[field] !== undefined)
    .map((field) => [
      COLUMNS[field],
      field === "notify"
        ? `${values.of(textArray(given.notify ?? []))}::text::text[]`
        : values.of(given[field] as string | number | boolean | null),
    ]);
}
