// The ways a started task goes back without being finished: for another try, for its rate's next slot, or because its
// worker drains. Each is fenced by the attempt and moves the fence.
import type { Database, Statement } from "../../database/index.ts";
import { byIndex, instantArray, numberArray, plainArray, textArray } from "../../database/index.ts";

export interface RetryRow {
  readonly id: string;
  readonly attempt: number;
  readonly dueAt: number;
  /** JSON text of the error of the attempt that failed. */
  readonly error: string;
}

const RETRY: Statement = {
  name: "retry_tasks",
  text: `
with f as (
  select * from unnest($1::text::uuid[], $2::text::integer[], $3::text::timestamptz[], $4::text::json[])
    as f(id, attempt, due_at, error)),
held as (
  select t.id, t.attempt, t.started_at, t.worker, f.due_at, f.error
  from task t join f on ${byIndex("t.id", "f.id")} and t.attempt = f.attempt and t.state = 'STARTED' and t.revocation is null
  for update of t),
moved as (
  update task t set state = 'RETRY', attempt = t.attempt + 1, retries = t.retries + 1, due_at = held.due_at,
                    worker = null, started_at = null, progress = null, rate_slot = false
  from held where ${byIndex("t.id", "held.id")}),
attempted as (
  insert into task_attempt (task_id, attempt, outcome, started_at, ended_at, worker, error)
  select id, attempt, 'retried', started_at, $5::timestamptz, worker, error from held)
select id from held`,
};

/** STARTED → RETRY. The answer holds the ids that were moved: not those whose fence moved, nor revoked ones. */
export async function retryTasks(database: Database, rows: readonly RetryRow[], now: number): Promise<Set<string>> {
  const answer = await database.hot.query<{ id: string }>(RETRY, [
    plainArray(rows.map((row) => row.id)),
    plainArray(rows.map((row) => row.attempt)),
    instantArray(rows.map((row) => row.dueAt)),
    textArray(rows.map((row) => row.error)),
    new Date(now).toISOString(),
  ]);
  return new Set(answer.rows.map((row) => row.id));
}

export interface Requeued {
  readonly id: string;
  readonly attempt: number;
  readonly queue: string;
  readonly lane: number;
  readonly seq: number;
}

const HAND_BACK: Statement = {
  name: "hand_back_tasks",
  text: `
update task t set state = 'QUEUED', attempt = t.attempt + 1, worker = null, started_at = null, progress = null,
                  seq = nextval('task_seq')
from unnest($1::text::uuid[], $2::text::integer[]) as f(id, attempt)
where ${byIndex("t.id", "f.id")} and t.attempt = f.attempt and t.state = 'STARTED' and t.revocation is null
returning t.id, t.attempt, t.queue, t.lane::integer as lane, t.seq`,
};

/** STARTED → QUEUED by the worker that gives it back; no retry and no crash is counted. */
export async function handBackTasks(
  database: Database,
  held: readonly { readonly id: string; readonly attempt: number }[],
): Promise<Requeued[]> {
  const { rows } = await database.hot.query<Requeued>(HAND_BACK, [
    plainArray(held.map((one) => one.id)),
    plainArray(held.map((one) => one.attempt)),
  ]);
  return rows;
}

const DEFER: Statement = {
  name: "defer_tasks",
  text: `
update task t set state = 'SCHEDULED', attempt = t.attempt + 1, worker = null, started_at = null, due_at = f.due_at,
                  rate_slot = $4::boolean
from unnest($1::text::uuid[], $2::text::integer[], $3::text::timestamptz[]) as f(id, attempt, due_at)
where ${byIndex("t.id", "f.id")} and t.attempt = f.attempt and t.state = 'STARTED' and t.revocation is null
returning t.id`,
};

/**
 * STARTED → SCHEDULED: over its rate, in which case the due time is the slot its limit has granted, or of no use to
 * this worker just now. The answer holds the ids that were moved: not those whose fence moved, nor revoked ones.
 */
export async function deferTasks(
  database: Database,
  held: readonly { readonly id: string; readonly attempt: number; readonly dueAt: number }[],
  isRateSlot: boolean,
): Promise<Set<string>> {
  const { rows } = await database.hot.query<{ id: string }>(DEFER, [
    plainArray(held.map((one) => one.id)),
    plainArray(held.map((one) => one.attempt)),
    instantArray(held.map((one) => one.dueAt)),
    isRateSlot,
  ]);
  return new Set(rows.map((row) => row.id));
}

const SLOTS: Statement = {
  name: "take_rate_slots",
  text: `
insert into task_rate as r (key, next_at)
select u.key, $4::timestamptz + make_interval(secs => u.slots * u.interval_ms / 1000)
from unnest($1::text::text[], $2::text::integer[], $3::text::float8[]) as u(key, slots, interval_ms)
order by u.key
on conflict (key) do update
  set next_at = greatest(r.next_at, $4::timestamptz)
              + (excluded.next_at - $4::timestamptz)
returning key, extract(epoch from next_at) * 1000 as next_ms`,
};

/** Takes `slots` starts of each rate. The answer gives, per key, the instant after the last slot taken. */
export async function takeRateSlots(
  database: Database,
  wanted: readonly { readonly key: string; readonly slots: number; readonly intervalMs: number }[],
  now: number,
): Promise<Map<string, number>> {
  const { rows } = await database.hot.query<{ key: string; next_ms: number }>(SLOTS, [
    textArray(wanted.map((one) => one.key)),
    plainArray(wanted.map((one) => one.slots)),
    numberArray(wanted.map((one) => one.intervalMs)),
    new Date(now).toISOString(),
  ]);
  return new Map(rows.map((row) => [row.key, Number(row.next_ms)]));
}
