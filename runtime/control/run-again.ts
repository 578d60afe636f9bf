// Accepting again what has ended: a new task with what the old one had, which names the old one as its `retryOf`.
import type { Database, Transaction } from "../../database/index.ts";
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
 * Due times so far apart that no more start in a while than `rate` says, the first at once (`undefined`); without a rate
 * all are due at once. @throws ApiumError `RATE_NOTATION`.
 */
export function spacing(rate: string | undefined, now: number): (index: number) => number | undefined {
  if (rate === undefined) return () => undefined;
  const { intervalMs } = parseRate(rate);
  return (index) => (index === 0 ? undefined : now + Math.round(index * intervalMs));
}
