// Definitions of jobs as they are kept. A definition's `version` grows when something changes that occurrences are made
// from, its checkpoints included: that is how generation knows that the future has to be made anew.
import { containing, type Parameter, type Queryable, type Transaction } from "../../database/index.ts";
import { notFound, type Page, pageOf, plain, refused } from "../fields.ts";
import { type Author, type Scope, Values, within } from "../scope.ts";
import { JOB_COLUMNS, type JobField } from "./job-fields.ts";

export interface Job {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number;
  readonly timezone: string;
  readonly parentId: number | null;
  readonly name: string;
  readonly description: string;
  readonly identifier: string;
  readonly cron: string | null;
  readonly validFrom: string;
  readonly validTo: string;
  readonly planDuration: number;
  readonly graceTime: number;
  readonly expiryTime: number;
  readonly priority: string;
  readonly scanType: string;
  readonly frequency: string;
  readonly assetId: number | null;
  readonly questionSetId: number | null;
  readonly personId: number | null;
  readonly peopleGroupId: number | null;
  readonly siteGroupId: number | null;
  readonly shiftId: number | null;
  readonly notifyCategoryId: number | null;
  /** The code of that category. */
  readonly notifyCategory: string | null;
  readonly isDynamic: boolean;
  readonly isRandomized: boolean;
  readonly tourFrequency: number;
  readonly breakTime: number;
  readonly isTimeBound: boolean;
  readonly details: unknown;
  readonly enabled: boolean;
  readonly version: number;
  readonly generatedVersion: number | null;
  readonly generatedUntil: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const FIELDS = Object.entries(JOB_COLUMNS).map(([field, { column }]) => `t.${column} as "${field}"`);
const SELECT = `select t.id, t.uuid, t.client_id as "clientId", t.site_id as "siteId", z.timezone,
    t.parent_id as "parentId", ${FIELDS.join(", ")}, n.code as "notifyCategory", t.version,
    t.generated_version as "generatedVersion", t.generated_until as "generatedUntil", t.created_by as "createdBy",
    t.created_at as "createdAt", t.updated_at as "updatedAt"
  from job t join site z on z.id = t.site_id left join type_assist n on n.id = t.notify_category_id`;

/** A job, not a checkpoint of one. @throws ApiumError `NOT_FOUND`. */
export async function findJob(store: Queryable, scope: Scope, id: number): Promise<Job> {
  const values = new Values();
  const { rows } = await store.query<Job>(
    `${SELECT} where t.id = ${values.of(id)}::bigint and t.parent_id is null and ${within(scope, "t.client_id", values)}`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("job", id);
  return plain(rows[0]);
}

/** The same, locked until the transaction ends. @throws ApiumError `NOT_FOUND`. */
export async function lockJob(tx: Transaction, scope: Scope, id: number): Promise<Job> {
  const values = new Values();
  await tx.query(
    `select 1 from job where id = ${values.of(id)}::bigint and ${within(scope, "client_id", values)} for update`,
    values.list,
  );
  return findJob(tx, scope, id);
}

export interface JobFilter {
  readonly siteId?: number | undefined;
  readonly identifier?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly assetId?: number | undefined;
  readonly q?: string | undefined;
  readonly limit: number;
  readonly cursor?: number | undefined;
}

/** Jobs by id, without their checkpoints. */
export async function listJobs(store: Queryable, scope: Scope, filter: JobFilter): Promise<Page<Job>> {
  const { siteId, identifier, enabled, assetId, q, cursor, limit } = filter;
  const values = new Values();
  const conditions = ["t.parent_id is null", within(scope, "t.client_id", values)];
  if (siteId !== undefined) conditions.push(`t.site_id = ${values.of(siteId)}::bigint`);
  if (identifier !== undefined) conditions.push(`t.identifier = ${values.of(identifier)}`);
  if (enabled !== undefined) conditions.push(`t.enabled = ${values.of(enabled)}::boolean`);
  if (assetId !== undefined) conditions.push(`t.asset_id = ${values.of(assetId)}::bigint`);
  if (q !== undefined) conditions.push(`t.name ilike ${values.of(containing(q))}`);
  if (cursor !== undefined) conditions.push(`t.id > ${values.of(cursor)}::bigint`);
  const { rows } = await store.query<Job>(
    `${SELECT} where ${conditions.join(" and ")} order by t.id limit ${values.of(limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), limit);
}

export type JobValues = Readonly<Partial<Record<JobField, unknown>>>;

/** @throws ApiumError `PARAMS_INVALID` when the site has such a job already. */
export async function insertJob(
  tx: Transaction,
  place: { readonly clientId: number; readonly siteId: number },
  given: JobValues,
  author: Author,
): Promise<number> {
  const values = new Values();
  const columns = ["client_id", "site_id", "created_by"];
  const placeholders = [values.of(place.clientId), values.of(place.siteId), values.of(author.name)];
  for (const [column, value] of columnsOf(given)) {
    columns.push(column);
    placeholders.push(values.of(value));
  }
  const { rows } = await tx.query<{ id: number }>(
    `insert into job (${columns.join(", ")}) values (${placeholders.join(", ")}) on conflict do nothing returning id`,
    values.list,
  );
  if (rows[0] === undefined) throw refused("name", DUPLICATE_JOB);
  return rows[0].id;
}

export const DUPLICATE_JOB = "there is a job of this kind, name, asset and checklist already";

/** Writes what differs; `version` grows by one when occurrences are made from any of it, or with `hasNewCheckpoints`. */
export async function updateJob(
  tx: Transaction,
  id: number,
  given: JobValues,
  hasNewCheckpoints: boolean,
): Promise<void> {
  const values = new Values();
  const key = values.of(id);
  const set: string[] = [];
  const differences: string[] = [];
  const relevant: string[] = [];
  for (const [column, value, isGeneratedFrom] of columnsOf(given)) {
    const placeholder = `${values.of(value)}${column === "details" ? "::text::json" : ""}`;
    const cast = column === "details" ? "::text" : "";
    set.push(`${column} = ${placeholder}`);
    const isOther = `${column}${cast} is distinct from ${placeholder}${cast}`;
    differences.push(isOther);
    if (isGeneratedFrom) relevant.push(isOther);
  }
  if (hasNewCheckpoints) {
    relevant.push("true");
    differences.push("true");
  }
  if (differences.length === 0) return;
  if (relevant.length > 0) {
    set.push(`version = version + case when ${relevant.join(" or ")} then 1 else 0 end`);
  }
  await tx.query(
    `update job set ${set.join(", ")} where id = ${key}::bigint and (${differences.join(" or ")})`,
    values.list,
  );
}

export interface JobMiss {
  readonly id: number;
  readonly fromAt: string;
  readonly toAt: string;
  readonly slots: number;
  readonly reason: string;
  readonly recordedAt: string;
}

/** Slots that never became work, latest first. @throws ApiumError `NOT_FOUND`. */
export async function listMisses(
  store: Queryable,
  scope: Scope,
  jobId: number,
  { limit, cursor }: { readonly limit: number; readonly cursor?: number | undefined },
): Promise<Page<JobMiss>> {
  await findJob(store, scope, jobId);
  const { rows } = await store.query<JobMiss>(
    `select id, from_at as "fromAt", to_at as "toAt", slots, reason, recorded_at as "recordedAt"
     from job_miss where job_id = $1 and ($2::bigint is null or id < $2::bigint) order by id desc limit $3`,
    [jobId, cursor ?? null, limit + 1],
  );
  return pageOf(rows.map(plain), limit);
}

function columnsOf(given: JobValues): (readonly [column: string, value: Parameter, isGeneratedFrom: boolean])[] {
  return (Object.keys(JOB_COLUMNS) as JobField[])
    .filter((field) => given[field] !== undefined)
    .map((field) => [JOB_COLUMNS[field].column, parameterOf(given[field]), JOB_COLUMNS[field].isGeneratedFrom]);
}

/** Instants and JSON as text. */
function parameterOf(value: unknown): Parameter {
  if (typeof value !== "object" || value === null) return value as Parameter;
  return "toISOString" in value ? (value as Date).toISOString() : JSON.stringify(value);
}
