// What a task's handlers have said, of all its attempts, in the order it was written. A page's cursor is the last line's
// `seq`, and whoever follows asks again with it. Two workers write at once only when one has lost the task: then a line of
// the other may come in behind a cursor.
import type { Queryable } from "../../database/index.ts";
import { textArray } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../contract/log-line.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { Page } from "./task-search.ts";

export const MOST_LOG_LINES = 1_000;
const DEFAULT_LIMIT = 100;

export interface TaskLogLine {
  /** Grows from line to line, with gaps. */
  readonly seq: number;
  readonly attempt: number;
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly data: unknown;
  readonly worker: string;
}

export interface TaskLogFilter {
  /** Only lines after this one: a `seq`, or the `nextCursor` of the page before. */
  readonly after?: number | undefined;
  /** Default 100. */
  readonly limit?: number | undefined;
  /** This urgent or more. Default all. */
  readonly level?: LogLevel | undefined;
}

/** A line is no older than its task, so days before it need no look; clocks of two processes differ by less than this. */
const SINCE = "$2::timestamptz - interval '1 hour'";

const LINES = `select seq, attempt, at, level, message, data, worker from task_log
  where task_id = $1::uuid and at >= ${SINCE} and seq > $3::bigint and level = any($4::text::text[])
  order by seq limit $5::integer`;

const CREATED = `select created_at from task where id = $1::uuid
  union all select created_at from task_history where id = $1::uuid`;

/** Oldest first. @throws ApiumError `TASK_NOT_FOUND`. */
export async function listTaskLogs(
  store: Queryable,
  id: string,
  filter: TaskLogFilter = {},
): Promise<Page<TaskLogLine>> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  const { rows: tasks } = await store.query<{ created_at: Date }>(CREATED, [id]);
  const [task] = tasks;
  if (task === undefined) throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
  const limit = filter.limit ?? DEFAULT_LIMIT;
  const levels = LOG_LEVELS.slice(LOG_LEVELS.indexOf(filter.level ?? "debug"));
  const { rows } = await store.query<Omit<TaskLogLine, "at"> & { at: Date }>(LINES, [
    id,
    task.created_at.toISOString(),
    filter.after ?? 0,
    textArray(levels),
    limit + 1,
  ]);
  const items = rows.slice(0, limit).map((row) => ({ ...row, seq: Number(row.seq), at: row.at.toISOString() }));
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.seq) : null };
}
