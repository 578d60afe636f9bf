// What a task has come to, and nothing else of it: for whoever waits for its result.
import type { Queryable } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { TaskError } from "../contract/task-error.ts";
import { isTaskId } from "../contract/task-id.ts";
import { isFinal, type TaskState } from "../contract/task-state.ts";

export interface ResultView {
  readonly id: string;
  readonly name: string;
  readonly state: TaskState;
  /** It has ended: nothing about it changes any more. */
  readonly isReady: boolean;
  /** Of REVOKED: revoked or expired. */
  readonly reason: string | null;
  /** False when there is none yet, there never was one, or it has expired or was forgotten. */
  readonly hasResult: boolean;
  /** Null where there is none. */
  readonly result: unknown;
  readonly error: TaskError | null;
  readonly finishedAt: string | null;
}

interface Row {
  readonly name: string;
  readonly state: TaskState;
  readonly reason: string | null;
  readonly error: TaskError | null;
  readonly finished_at: Date | null;
}

/** @throws ApiumError `TASK_NOT_FOUND`. */
export async function getResult(store: Queryable, id: string, now: number): Promise<ResultView> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  // Live first: a task that ends between the two questions is found by the second.
  const row = (await one(store, LIVE, id)) ?? (await one(store, ENDED, id));
  if (row === undefined) throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
  const { rows } = await store.query<{ result: unknown }>(
    "select result from task_result where id = $1::uuid and expires_at > $2::timestamptz",
    [id, new Date(now).toISOString()],
  );
  return {
    id,
    name: row.name,
    state: row.state,
    isReady: isFinal(row.state),
    reason: row.reason,
    hasResult: rows.length > 0,
    result: rows[0]?.result ?? null,
    error: row.error,
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

const LIVE = `select name, state::text as state, null::text as reason, null::json as error, null::timestamptz as finished_at
  from task where id = $1::uuid`;
const ENDED = "select name, state::text as state, reason, error, finished_at from task_history where id = $1::uuid";

async function one(store: Queryable, question: string, id: string): Promise<Row | undefined> {
  return (await store.query<Row>(question, [id])).rows[0];
}
