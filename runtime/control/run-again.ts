// Accepting again what has ended: a new task with what the old one had, which names the old one as its `retryOf`.
import { type Database, type Transaction, textArray } from "../../database/index.ts";
import { insertTasks } from "../caller/index.ts";
import type { Dispatcher } from "../contract/dispatch.ts";
import type { Foundation } from "../contract/foundation.ts";
import { encodeParams } from "../contract/json.ts";
import { laneOf } from "../contract/priority.ts";
import { parseRate } from "../contract/rate.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import { validateParams } from "../contract/task-definition.ts";

export interface RunAgainParts extends Foundation {
  readonly database: Database;
  readonly queue: Dispatcher;
  readonly registry: TaskRegistry;
}

/** What the new task takes over. */
export interface Source {
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly params: unknown;
  readonly overrides: unknown;
  readonly headers: unknown;
}

/** `dueAt`: not before then. @throws ApiumError `TASK_UNKNOWN`, `PARAMS_INVALID`. */
export async function runAgain(
  parts: RunAgainParts,
  tx: Transaction,
  source: Source,
  retryOf: string | undefined,
  dueAt?: number,
): Promise<AcceptedTask> {
  const params = validateParams(parts.registry.get(source.name), source.params);
  const id = parts.newId();
  const lane = laneOf(source.priority);
  const state = dueAt === undefined ? "QUEUED" : "SCHEDULED";
  const inserted = await insertTasks(tx, {
    name: source.name,
    queue: source.queue,
    lane,
    priority: source.priority,
    state,
    ids: [id],
    params: [encodeParams(params)],
    overrides: source.overrides === null ? undefined : JSON.stringify(source.overrides),
    headers: source.headers === null ? undefined : JSON.stringify(source.headers),
    createdAt: parts.clock.now(),
    dueAt,
    retryOf,
  });
  if (retryOf !== undefined) {
    await tx.query("update task_history set retried_as = $2::uuid where id = $1::uuid", [retryOf, id]);
  }
  if (dueAt === undefined) {
    tx.afterCommit(() => parts.queue.dispatch([{ id, attempt: 1, queue: source.queue, lane, seq: inserted.first }]));
  }
  return { id, state, queue: source.queue, created: true };
}

/**
 * Due times so far apart that no more start in a while than `rate` says, the first at once (`undefined`), or after those that
 * an earlier call has given to tasks of these names; without a rate all are due at once. @throws ApiumError `RATE_NOTATION`.
 */
export async function spacing(
  parts: RunAgainParts,
  rate: string | undefined,
  names: readonly string[],
): Promise<(index: number) => number | undefined> {
  if (rate === undefined) return () => undefined;
  const { intervalMs } = parseRate(rate);
  const { rows } = await parts.database.query<{ last: Date | null }>(
    `select max(due_at) as last from task
     where retry_of is not null and state = 'SCHEDULED' and held_for is null and not rate_slot
       and name = any($1::text::text[])`,
    [textArray(names)],
  );
  const now = parts.clock.now();
  const last = rows[0]?.last?.getTime();
  const first = last === undefined ? now : Math.max(now, last + intervalMs);
  return (index) => (index === 0 && first === now ? undefined : Math.round(first + index * intervalMs));
}
