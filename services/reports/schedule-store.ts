// Schedules of reports as they are kept.
import { plainArray, type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { notFound, type Page, pageOf, plain, refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import type { Format } from "./document.ts";

export interface ReportSchedule {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number | null;
  readonly name: string;
  readonly report: string;
  readonly format: Format;
  readonly params: Readonly<Record<string, unknown>>;
  readonly cron: string;
  readonly workingDays: 5 | 6 | null;
  readonly sendAt: string;
  readonly timezone: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly toPersonIds: readonly number[];
  readonly tellsEmpty: boolean;
  readonly validFrom: string;
  readonly validTo: string | null;
  readonly enabled: boolean;
  readonly nextRunAt: string | null;
  readonly lastPeriodFrom: string | null;
  readonly lastPeriodUpto: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Fields and their columns; how a list travels. */
const COLUMNS = {
  siteId: "site_id",
  name: "name",
  report: "report",
  format: "format",
  params: "params",
  cron: "cron",
  workingDays: "working_days",
  sendAt: "send_at",
  timezone: "timezone",
  to: "to_addresses",
  cc: "cc",
  toPersonIds: "to_person_ids",
  tellsEmpty: "tells_empty",
  validFrom: "valid_from",
  validTo: "valid_to",
  enabled: "enabled",
  nextRunAt: "next_run_at",
} as const;
export type ScheduleValues = Readonly<Partial<Record<keyof typeof COLUMNS, unknown>>>;

const SELECT = `select t.id, t.uuid, t.client_id as "clientId",
  ${Object.entries(COLUMNS)
    .map(([field, column]) =>
      field === "toPersonIds"
        ? `array(select u::float8 from unnest(t.to_person_ids) u) as "toPersonIds"`
        : `t.${column}${field === "sendAt" ? "::text" : ""} as "${field}"`,
    )
    .join(", ")},
  t.last_period_from as "lastPeriodFrom", t.last_period_upto as "lastPeriodUpto", t.created_by as "createdBy",
  t.created_at as "createdAt", t.updated_at as "updatedAt" from report_schedule t`;

const DUPLICATE_NAME = "another schedule of reports has the name";

/** @throws ApiumError `NOT_FOUND`. */
export async function findSchedule(store: Queryable, scope: Scope, id: number, lock = ""): Promise<ReportSchedule> {
  const values = new Values();
  const { rows } = await store.query<ReportSchedule>(
    `${SELECT} where t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)} ${lock}`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("report schedule", id);
  return plain(rows[0]);
}

export async function listSchedules(
  store: Queryable,
  scope: Scope,
  { limit, cursor, enabled }: { limit: number; cursor?: number | undefined; enabled?: boolean | undefined },
): Promise<Page<ReportSchedule>> {
  const values = new Values();
  const conditions = [within(scope, "t.client_id", values)];
  if (enabled !== undefined) conditions.push(`t.enabled = ${values.of(enabled)}::boolean`);
  if (cursor !== undefined) conditions.push(`t.id > ${values.of(cursor)}::bigint`);
  const { rows } = await store.query<ReportSchedule>(
    `${SELECT} where ${conditions.join(" and ")} order by t.id limit ${values.of(limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), limit);
}

/** @throws ApiumError `PARAMS_INVALID` for a name that is taken. */
export async function insertSchedule(
  tx: Transaction,
  clientId: number,
  given: ScheduleValues,
  author: string,
): Promise<number> {
  const values = new Values();
  const columns = ["client_id", "created_by"];
  const places = [values.of(clientId), values.of(author)];
  for (const [column, place] of placesOf(given, values)) {
    columns.push(column);
    places.push(place);
  }
  const { rows } = await tx.query<{ id: number }>(
    `insert into report_schedule (${columns.join(", ")}) values (${places.join(", ")})
     on conflict do nothing returning id`,
    values.list,
  );
  if (rows[0] === undefined) throw refused("name", DUPLICATE_NAME);
  return rows[0].id;
}

/** @throws ApiumError `PARAMS_INVALID` for a name that is taken. */
export async function updateSchedule(tx: Transaction, id: number, given: ScheduleValues): Promise<void> {
  if (given.name !== undefined) {
    const { rows } = await tx.query(
      `select 1 from report_schedule o join report_schedule t on t.client_id = o.client_id and t.id = $1::bigint
       where o.name = $2 and o.id <> $1::bigint`,
      [id, given.name as string],
    );
    if (rows.length > 0) throw refused("name", DUPLICATE_NAME);
  }
  const values = new Values();
  const key = values.of(id);
  const set = placesOf(given, values).map(([column, place]) => `${column} = ${place}`);
  if (set.length === 0) return;
  await tx.query(`update report_schedule set ${set.join(", ")} where id = ${key}::bigint`, values.list);
}

/** Its runs stay. */
export async function removeSchedule(store: Queryable, scope: Scope, id: number): Promise<void> {
  const values = new Values();
  const { affected } = await store.query(
    `delete from report_schedule where id = ${values.of(id)}::bigint and ${within(scope, "client_id", values)}`,
    values.list,
  );
  if (affected === 0) throw notFound("report schedule", id);
}

/** Ids of schedules whose next slot has come, the longest waiting first. */
export async function schedulesDue(store: Queryable, now: number, most: number): Promise<number[]> {
  const { rows } = await store.query<{ id: number }>(
    `select id from report_schedule where enabled and next_run_at <= $1::timestamptz order by next_run_at, id limit $2`,
    [new Date(now).toISOString(), most],
  );
  return rows.map(({ id }) => id);
}

/** The slots up to `nextRunAt` are ordered. */
export async function advanceSchedule(
  tx: Transaction,
  id: number,
  { nextRunAt, period }: { nextRunAt: number | null; period: { from: number; upto: number } | undefined },
): Promise<void> {
  await tx.query(
    `update report_schedule set next_run_at = $2::timestamptz,
       last_period_from = coalesce($3::timestamptz, last_period_from),
       last_period_upto = coalesce($4::timestamptz, last_period_upto) where id = $1::bigint`,
    [
      id,
      ...[nextRunAt, period?.from ?? null, period?.upto ?? null].map((at) =>
        at === null ? null : new Date(at).toISOString(),
      ),
    ],
  );
}

function placesOf(given: ScheduleValues, values: Values): (readonly [column: string, place: string])[] {
  return (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[])
    .filter((field) => given[field] !== undefined)
    .map((field) => [COLUMNS[field], placeOf(field, given[field], values)]);
}

function placeOf(field: keyof typeof COLUMNS, value: unknown, values: Values): string {
  if (field === "to" || field === "cc") return `${values.of(textArray(value as string[]))}::text::text[]`;
  if (field === "toPersonIds") return `${values.of(plainArray(value as number[]))}::text::bigint[]`;
  if (field === "params") return `${values.of(JSON.stringify(value))}::text::json`;
  if (field === "sendAt") return `${values.of(value as string)}::text::time`;
  if (field === "validFrom" || field === "validTo" || field === "nextRunAt") {
    return `${values.of(value === null ? null : new Date(value as string | number | Date).toISOString())}::timestamptz`;
  }
  return values.of(value as string | number | boolean | null);
}
