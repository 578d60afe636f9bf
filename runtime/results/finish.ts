// Finishing: a live row leaves `task` for `task_history` in one statement, together with its result, its failed
// attempt, its dead letter, its unique key and its place in a parent's join. Either all of that happened or none.
//
// The fence is part of the statement: a row that is no longer what the finisher believes is not in the answer, and
// that is how a late result is refused.
import type { Database, Statement, Transaction } from "../../database/index.ts";
import { byIndex, numberArray, plainArray, textArray } from "../../database/index.ts";
import type { FinalState, RevokeReason } from "../contract/task-state.ts";

export interface Finish {
  readonly id: string;
  /** The attempt the finisher holds; ignored by fences that do not ask. */
  readonly attempt: number;
  readonly state: FinalState;
  readonly reason?: RevokeReason | undefined;
  /** JSON text of the result. */
  readonly result?: string | undefined;
  /** How long the result is kept, in milliseconds. */
  readonly keepMs: number;
  /** JSON text of the error. */
  readonly error?: string | undefined;
}

/** What the answer says of each row that was moved. */
export interface Finished {
  readonly id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly queue: string;
  readonly lane: number;
  readonly attempt: number;
  /** The state it left. */
  readonly left_state: string;
}

/** Results that live at most this long go to partitions that are dropped; longer ones are deleted row by row. */
export const PARTITIONED_RESULT_MS = 24 * 3_600_000;

const BUCKET = `case when f.keep_ms <= ${PARTITIONED_RESULT_MS} then $2::timestamptz + make_interval(secs => f.keep_ms / 1000) else 'infinity' end`;

/** A plain success of tasks without parent or unique key: nearly all of them, so it does nothing else. */
const SUCCEED: Statement = {
  name: "finish_success",
  text: `
with f as (
  select * from unnest($1::text::uuid[], $3::text::integer[], $4::text::json[], $5::text::float8[])
    as f(id, attempt, result, keep_ms)),
done as (
  delete from task t using f where ${byIndex("t.id", "f.id")} and t.attempt = f.attempt and t.state = 'STARTED'
  returning t.id, t.name, t.queue, t.priority, t.attempt, t.retries, t.crashes, t.params, t.headers, t.created_at,
            t.started_at, t.worker, t.retry_of, f.result, f.keep_ms),
history as (
  insert into task_history (id, name, queue, priority, state, attempt, retries, crashes, params, headers, created_at,
                            started_at, finished_at, worker, retry_of)
  select id, name, queue, priority, 'SUCCESS', attempt, retries, crashes, params, headers, created_at, started_at,
         $2::timestamptz, worker, retry_of from done),
kept as (
  insert into task_result (id, result, expires_at, bucket)
  select f.id, f.result, $2::timestamptz + make_interval(secs => f.keep_ms / 1000), ${BUCKET}
  from done f where f.result is not null)
select id from done`,
};

const MANY = `select * from unnest($1::text::uuid[], $3::text::integer[], $4::text::json[], $5::text::float8[],
    $6::text::task_state[], $7::text::text[], $8::text::json[])
    as f(id, attempt, result, keep_ms, to_state, reason, error)`;
const ONE = `select $1::uuid as id, $3::integer as attempt, $4::json as result, $5::float8 as keep_ms,
    $6::text::task_state as to_state, $7::text as reason, $8::json as error`;

/** Moves rows whatever their end, under a fence given as an SQL condition on `t` (the row) and `f` (the finish). */
function finishUnder(name: string, finishes: string, fence: string): Statement {
  return {
    name,
    text: `
with f as (${finishes}),
done as (
  delete from task t using f where ${byIndex("t.id", "f.id")} and ${fence}
  returning t.*, f.result, f.keep_ms, f.to_state, f.reason, f.error),
history as (
  insert into task_history (id, name, queue, priority, state, reason, attempt, retries, crashes, params, headers, error,
                            created_at, started_at, finished_at, worker, parent_id, child_index, retry_of)
  select id, name, queue, priority, to_state, reason, attempt, retries, crashes, params, headers, error, created_at,
         started_at, $2::timestamptz, worker, parent_id, child_index, retry_of from done),
kept as (
  insert into task_result (id, result, expires_at, bucket)
  select f.id, f.result, $2::timestamptz + make_interval(secs => f.keep_ms / 1000), ${BUCKET}
  from done f where f.result is not null),
attempted as (
  insert into task_attempt (task_id, attempt, outcome, started_at, ended_at, worker, error)
  select id, attempt, lower(to_state::text), started_at, $2::timestamptz, worker, error
  from done where to_state <> 'SUCCESS' and state = 'STARTED'),
letters as (
  insert into dead_letter (task_id, name, queue, priority, params, overrides, headers, error, created_at)
  select id, name, queue, priority, params, overrides, headers, coalesce(error, '{}'::json), $2::timestamptz
  from done where to_state = 'FAILURE'),
keys as (
  delete from task_unique_key k using done where ${byIndex("k.key", "done.unique_key")} and k.task_id = done.id),
child as (
  update task_child c set state = done.to_state, result = done.result, error = done.error
  from done where ${byIndex("c.parent_id", "done.parent_id")} and c.child_index = done.child_index),
parent as (
  update task p set pending_children = p.pending_children - n.children
  from (select parent_id, count(*)::integer as children from done where parent_id is not null group by parent_id) n
  where ${byIndex("p.id", "n.parent_id")} and p.state = 'WAITING' and p.id not in (select id from done))
select id, parent_id, name, queue, lane::integer as lane, attempt, state as left_state from done`,
  };
}

const FENCES = {
  /** The worker that holds the attempt. */
  run: "t.attempt = f.attempt and t.state = 'STARTED'",
  /** The same, and only if somebody asked for it to be revoked. */
  revoked: "t.attempt = f.attempt and t.state = 'STARTED' and t.revocation is not null",
  /** Revoked while nobody runs it. */
  idle: "t.state in ('SCHEDULED', 'QUEUED', 'RETRY', 'WAITING')",
  /** Too late to start. */
  expired: "t.state::text in ('SCHEDULED', 'QUEUED', 'RETRY') and t.expires_at <= $2::timestamptz",
  /** A parent whose children decide. */
  waiting: "t.state::text = 'WAITING'",
} as const;

export type Fence = keyof typeof FENCES;

const FINISH_MANY = perFence((fence) => finishUnder(`finish_${fence}`, MANY, FENCES[fence]));
const FINISH_ONE = perFence((fence) => finishUnder(`finish_one_${fence}`, ONE, FENCES[fence]));

/** Finishes tasks under a fence, each list in one statement of its own; the answer holds those that were moved. */
export async function finish(
  database: Database,
  fence: Fence,
  finishes: readonly Finish[],
  now: number,
): Promise<Finished[]> {
  const { rows } = await database.hot.query<Finished>(FINISH_MANY[fence], [
    ...common(finishes, now),
    plainArray(finishes.map((one) => one.state)),
    textArray(finishes.map((one) => one.reason)),
    textArray(finishes.map((one) => one.error)),
  ]);
  return rows;
}

/** Finishes one task inside a transaction; `undefined` when the fence refused. */
export async function finishWithin(
  tx: Transaction,
  fence: Fence,
  one: Finish,
  now: number,
): Promise<Finished | undefined> {
  const { rows } = await tx.query<Finished>(FINISH_ONE[fence], [
    one.id,
    new Date(now).toISOString(),
    one.attempt,
    one.result ?? null,
    one.keepMs,
    one.state,
    one.reason ?? null,
    one.error ?? null,
  ]);
  return rows[0];
}

/** Finishes plain successes; the answer holds the ids that were moved. */
export async function finishSuccesses(database: Database, finishes: readonly Finish[], now: number): Promise<string[]> {
  const { rows } = await database.hot.query<{ id: string }>(SUCCEED, common(finishes, now));
  return rows.map((row) => row.id);
}

function common(finishes: readonly Finish[], now: number): string[] {
  return [
    plainArray(finishes.map((one) => one.id)),
    new Date(now).toISOString(),
    plainArray(finishes.map((one) => one.attempt)),
    textArray(finishes.map((one) => one.result)),
    numberArray(finishes.map((one) => one.keepMs)),
  ];
}

function perFence(make: (fence: Fence) => Statement): Readonly<Record<Fence, Statement>> {
  return {
    run: make("run"),
    revoked: make("revoked"),
    idle: make("idle"),
    expired: make("expired"),
    waiting: make("waiting"),
  };
}
