// Runs of reports as they are kept: ordered, being made, made, given up.
import type { Queryable, Transaction } from "../../database/index.ts";
import { notFound, type Page, pageOf, plain } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import type { Format } from "./document.ts";
import type { Period } from "./schedule-rules.ts";

export type RunState = "QUEUED" | "RUNNING" | "READY" | "NO_DATA" | "FAILED" | "EXPIRED";

export interface Run {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number | null;
  readonly scheduleId: number | null;
  readonly report: string;
  readonly format: Format;
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly timezone: string;
  readonly periodFrom: string | null;
  readonly periodUpto: string | null;
  readonly state: RunState;
  /** Ordered long after its period had ended. */
  readonly isLate: boolean;
  readonly fileName: string | null;
  readonly objectKey: string | null;
  readonly bytes: number | null;
  readonly rows: number | null;
  readonly pages: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly requestedBy: string;
  readonly notifyPersonId: number | null;
  readonly taskId: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly expiresAt: string | null;
}

const SELECT = `select t.id, t.uuid, t.client_id as "clientId", t.schedule_id as "scheduleId", t.report, t.format, t.title,
  t.params, t.timezone, t.period_from as "periodFrom", t.period_upto as "periodUpto", t.state, t.is_late as "isLate",
  t.file_name as "fileName", t.object_key as "objectKey", t.bytes::float8 as bytes, t.rows::float8 as rows, t.pages, t.error,
  t.requested_by as "requestedBy", t.notify_person_id as "notifyPersonId", t.task_id as "taskId",
  t.created_at as "createdAt", t.finished_at as "finishedAt", t.expires_at as "expiresAt" from report_run t`;

export interface NewRun {
  readonly clientId: number | null;
  readonly scheduleId?: number | undefined;
  readonly uniqueKey?: string | undefined;
  readonly report: string;
  readonly format: Format;
  readonly title: string;
  readonly params: object;
  readonly timezone: string;
  readonly period?: Period | undefined;
  readonly isLate?: boolean | undefined;
  readonly requestedBy: string;
  readonly notifyPersonId?: number | undefined;
  readonly expiresAt: number;
}

/** The id of the run, and whether it is a new one: a period of a schedule, or a unique key, has one. */
export async function insertRun(
  tx: Transaction,
  run: NewRun,
): Promise<{ readonly id: number; readonly isNew: boolean }> {
  const { period, scheduleId = null, uniqueKey = null } = run;
  const from = period === undefined ? null : new Date(period.from).toISOString();
  const upto = period === undefined ? null : new Date(period.upto).toISOString();
  const { rows } = await tx.query<{ id: number }>(
    `insert into report_run (client_id, schedule_id, unique_key, report, format, title, params, timezone, period_from,
       period_upto, is_late, requested_by, notify_person_id, expires_at)
     values ($1::bigint, $2::bigint, $3, $4, $5, $6, $7::text::json, $8, $9::timestamptz, $10::timestamptz, $11::boolean,
       $12, $13::bigint, $14::timestamptz)
     on conflict do nothing returning id`,
    [
      ...[
        run.clientId,
        scheduleId,
        uniqueKey,
        run.report,
        run.format,
        run.title,
        JSON.stringify(run.params),
        run.timezone,
      ],
      ...[from, upto, run.isLate ?? false, run.requestedBy, run.notifyPersonId ?? null],
      new Date(run.expiresAt).toISOString(),
    ],
  );
  if (rows[0] !== undefined) return { id: rows[0].id, isNew: true };
  const { rows: there } = await tx.query<{ id: number }>(
    `select id from report_run where unique_key = $1
       or (schedule_id = $2::bigint and period_from = $3::timestamptz and period_upto = $4::timestamptz)`,
    [uniqueKey, scheduleId, from, upto],
  );
  return { id: (there[0] as { id: number }).id, isNew: false };
}

export async function noteTask(tx: Transaction, id: number, taskId: string): Promise<void> {
  await tx.query("update report_run set task_id = $2 where id = $1::bigint", [id, taskId]);
}

/** @throws ApiumError `NOT_FOUND`. */
export async function findRun(store: Queryable, scope: Scope, id: number, lock = ""): Promise<Run> {
  const values = new Values();
  const { rows } = await store.query<Run>(
    `${SELECT} where t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)} ${lock}`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("report", id);
  return plain(rows[0]);
}

export interface RunFilter {
  readonly report?: string | undefined;
  readonly state?: RunState | undefined;
  readonly scheduleId?: number | undefined;
  readonly limit: number;
  /** Runs before this one: the newest come first. */
  readonly cursor?: number | undefined;
}

export async function listRuns(store: Queryable, scope: Scope, filter: RunFilter): Promise<Page<Run>> {
  const { report, state, scheduleId, limit, cursor } = filter;
  const values = new Values();
  const conditions = [within(scope, "t.client_id", values)];
  if (report !== undefined) conditions.push(`t.report = ${values.of(report)}`);
  if (state !== undefined) conditions.push(`t.state = ${values.of(state)}`);
  if (scheduleId !== undefined) conditions.push(`t.schedule_id = ${values.of(scheduleId)}::bigint`);
  if (cursor !== undefined) conditions.push(`t.id < ${values.of(cursor)}::bigint`);
  const { rows } = await store.query<Run>(
    `${SELECT} where ${conditions.join(" and ")} order by t.id desc limit ${values.of(limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), limit);
}

/**
 * True when it is still to be made. One that failed is: whoever runs its task again wants it, and keeps it from then on for as
 * long as it would have been kept. It is this task's from now on, as long as that lives nobody says that it was forgotten.
 */
export async function beginRun(store: Queryable, id: number, taskId: string, now: number): Promise<boolean> {
  const { affected } = await store.query(
    `update report_run set state = 'RUNNING', task_id = $2, error = null, finished_at = null,
       expires_at = coalesce(expires_at + ($3::timestamptz - finished_at), expires_at)
     where id = $1::bigint and state in ('QUEUED', 'RUNNING', 'FAILED')`,
    [id, taskId, new Date(now).toISOString()],
  );
  return affected === 1;
}

export interface MadeFile {
  readonly fileName: string;
  readonly objectKey: string;
  readonly bytes: number;
  readonly md5: string;
  readonly rows: number;
  readonly pages: number | null;
}

/** Ready with its file, or known to have no data. */
export async function endRun(tx: Transaction, id: number, file: MadeFile | undefined, now: number): Promise<void> {
  await tx.query(
    `update report_run set state = $2, file_name = $3, object_key = $4, bytes = $5::bigint, md5 = $6, rows = $7::bigint,
       pages = $8::integer, error = null, finished_at = $9::timestamptz where id = $1::bigint`,
    [
      ...[id, file === undefined ? "NO_DATA" : "READY", file?.fileName ?? null, file?.objectKey ?? null],
      ...[file?.bytes ?? null, file?.md5 ?? null, file?.rows ?? 0, file?.pages ?? null, new Date(now).toISOString()],
    ],
  );
}

export async function failRun(
  store: Queryable,
  id: number,
  error: { readonly code: string; readonly message: string },
  now: number,
): Promise<void> {
  await store.query(
    `update report_run set state = 'FAILED', error = $2::text::json, finished_at = $3::timestamptz
     where id = $1::bigint and state in ('QUEUED', 'RUNNING')`,
    [id, JSON.stringify(error), new Date(now).toISOString()],
  );
}

/** A run that failed, or whose file is gone, is to be made again. */
export async function requeueRun(tx: Transaction, id: number, expiresAt: number): Promise<void> {
  await tx.query(
    `update report_run set state = 'QUEUED', error = null, finished_at = null, expires_at = $2::timestamptz
     where id = $1::bigint`,
    [id, new Date(expiresAt).toISOString()],
  );
}

/** Files whose retention has ended, except those that a delivery still waits for. */
export async function expiredRuns(
  store: Queryable,
  now: number,
  most: number,
): Promise<{ id: number; objectKey: string }[]> {
  const { rows } = await store.query<{ id: number; objectKey: string }>(
    `select r.id, r.object_key as "objectKey" from report_run r
     where r.state = 'READY' and r.expires_at <= $1::timestamptz
       and not exists (select 1 from report_delivery d where d.run_id = r.id and d.state in ('PENDING', 'QUEUED'))
     order by r.expires_at limit $2`,
    [new Date(now).toISOString(), most],
  );
  return rows;
}

export async function expireRun(store: Queryable, id: number): Promise<void> {
  await store.query("update report_run set state = 'EXPIRED', object_key = null where id = $1::bigint", [id]);
}
