// A task as it is shown, from the live table or the history; and one by its id.
import type { Queryable } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { TaskError } from "../contract/task-error.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { TaskState } from "../contract/task-state.ts";
import { traceIdOf } from "../contract/trace-id.ts";

export interface AttemptView {
  readonly attempt: number;
  readonly outcome: string;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly worker: string | null;
  readonly error: TaskError | null;
}

export interface TaskView {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly state: TaskState;
  readonly reason: string | null;
  readonly attempt: number;
  readonly retries: number;
  readonly crashes: number;
  readonly params: unknown;
  /** In lists, and to viewers, of a kind whose parameters are sensitive: they are null. */
  readonly areParamsHidden?: true;
  readonly headers: Record<string, string> | null;
  /** Of the trace it belongs to, in whatever collects the traces. */
  readonly traceId: string | null;
  readonly progress: { readonly fraction: number; readonly message: string | null } | null;
  readonly error: TaskError | null;
  readonly createdAt: string;
  readonly dueAt: string | null;
  readonly expiresAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly worker: string | null;
  readonly parentId: string | null;
  readonly retryOf: string | null;
  /** Present for a finished task whose result has not expired. */
  readonly result?: unknown;
  /** False when there was a result and it has expired, or there never was one. */
  readonly hasResult: boolean;
  readonly attempts?: readonly AttemptView[];
  readonly children?: readonly { readonly id: string; readonly index: number; readonly state: TaskState | null }[];
}

export interface Row {
  readonly [column: string]: unknown;
}

/** Unfinished tasks, as `toView` reads them. */
export const LIVE = `select id, name, queue, priority, state::text as state, null::text as reason, attempt, retries, crashes, params,
  headers, progress, null::json as error, created_at, case when held_for is null then due_at end as due_at, expires_at, started_at, null::timestamptz as finished_at,
  worker, parent_id, retry_of from task`;
/** Ended ones. */
export const HISTORY = `select id, name, queue, priority, state::text as state, reason, attempt, retries, crashes, params, headers,
  null::json as progress, error, created_at, null::timestamptz as due_at, null::timestamptz as expires_at, started_at,
  finished_at, worker, parent_id, retry_of from task_history`;

/** One task with its result, attempts and children. @throws ApiumError `TASK_NOT_FOUND`. */
export async function getTask(store: Queryable, id: string, now: number): Promise<TaskView> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  // Live first: a task that finishes between the two questions is found by the second.
  const row = (await one(store, LIVE, id)) ?? (await one(store, HISTORY, id));
  if (row === undefined) throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
  const [result, attempts, children] = await Promise.all([
    store.query<{ result: unknown }>(
      "select result from task_result where id = $1::uuid and expires_at > $2::timestamptz",
      [id, new Date(now).toISOString()],
    ),
    store.query<Row>("select * from task_attempt where task_id = $1::uuid order by attempt, ended_at", [id]),
    store.query<Row>(
      "select child_id, child_index, state from task_child where parent_id = $1::uuid order by child_index limit 1000",
      [id],
    ),
  ]);
  const view = toView(row);
  return {
    ...view,
    hasResult: result.rows.length > 0,
    ...(result.rows.length > 0 ? { result: result.rows[0]?.result } : {}),
    attempts: attempts.rows.map(toAttempt),
    ...(children.rows.length > 0
      ? {
          children: children.rows.map((child) => ({
            id: String(child.child_id),
            index: Number(child.child_index),
            state: child.state as TaskState | null,
          })),
        }
      : {}),
  };
}

async function one(store: Queryable, source: string, id: string): Promise<Row | undefined> {
  const { rows } = await store.query<Row>(`${source} where id = $1::uuid`, [id]);
  return rows[0];
}

export function toView(row: Row): Omit<TaskView, "hasResult"> {
  return {
    id: String(row.id),
    name: String(row.name),
    queue: String(row.queue),
    priority: Number(row.priority),
    state: row.state as TaskState,
    reason: row.reason as string | null,
    attempt: Number(row.attempt),
    retries: Number(row.retries),
    crashes: Number(row.crashes),
    params: row.params,
    headers: row.headers as Record<string, string> | null,
    traceId: traceIdOf(row.headers as Record<string, string> | null),
    progress: row.progress as TaskView["progress"],
    error: row.error as TaskError | null,
    createdAt: iso(row.created_at) ?? "",
    dueAt: iso(row.due_at),
    expiresAt: iso(row.expires_at),
    startedAt: iso(row.started_at),
    finishedAt: iso(row.finished_at),
    worker: row.worker as string | null,
    parentId: row.parent_id as string | null,
    retryOf: row.retry_of as string | null,
  };
}

/** As it is shown to those who may not see the parameters of these kinds. */
export function withoutParamsOf<View extends Pick<TaskView, "name" | "params">>(
  hidden: readonly string[],
  view: View,
): View {
  return hidden.includes(view.name) ? { ...view, params: null, areParamsHidden: true } : view;
}

function toAttempt(row: Row): AttemptView {
  return {
    attempt: Number(row.attempt),
    outcome: String(row.outcome),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at) ?? "",
    worker: row.worker as string | null,
    error: row.error as TaskError | null,
  };
}

function iso(value: unknown): string | null {
  return value === null || value === undefined ? null : new Date(value as Date).toISOString();
}
