// Rate limits, for the whole cluster, kept in the database. A task over its rate is given the instant of its slot and
// put back with that as its due time: it holds no slot of the worker and is bounced once, not over and over.
import { createHash } from "node:crypto";
import type { Database } from "../../database/index.ts";
import type { Foundation } from "../contract/foundation.ts";
import { parseRate } from "../contract/rate.ts";
import type { AnyTask } from "../contract/task-definition.ts";
import type { ClaimedTask } from "../queue/queue.ts";
import { deferTasks, takeRateSlots } from "../results/index.ts";
import { Steering } from "./steering.ts";

/** A slot that lies this far back was missed: everything granted for an outage must not start at once. */
const STALE_SLOT_MS = 2_000;
const LONGEST_KEY = 500;
/** Slots this near are taken now. */
const NEAR_MS = 5;

export interface RateOf {
  readonly key: string;
  readonly intervalMs: number;
}

/** The rate that limits a claimed task, if any: the operators' where they have set one, else its definition's. */
export function rateOf(
  task: AnyTask | undefined,
  claimed: ClaimedTask,
  steering: Steering = Steering.none,
): RateOf | undefined {
  const limit = steering.isPlain
    ? task?.settings.rateLimit
    : steering.rateLimit(claimed.name, task?.settings.rateLimit);
  if (task === undefined || limit === undefined) return undefined;
  const own = ownKey(task, claimed.params);
  return {
    key: own === undefined ? task.taskName : `${task.taskName}:${own}`,
    intervalMs: parseRate(limit).intervalMs,
  };
}

/** Parameters are not checked yet: a key that cannot be read from them is no key, and the check will refuse the task. */
function ownKey(task: AnyTask, params: unknown): string | undefined {
  try {
    const key = task.rateLimitKey?.(params);
    return key === undefined || isKeepable(key) ? key : createHash("sha256").update(key).digest("hex");
  } catch {
    return undefined;
  }
}

/** Whether the database can keep it in an index as it is. Others are known by their digest. */
function isKeepable(key: string): boolean {
  return key.length <= LONGEST_KEY && !key.includes("\0");
}

/** What became of claimed tasks at the gate; those in neither list were put back for their slot. */
export interface AtTheGate {
  readonly pass: readonly ClaimedTask[];
  /** Could not be put back: revoked since they were claimed, or somebody else's by now. */
  readonly kept: readonly ClaimedTask[];
  /** The first slot of those put back. */
  readonly nextDue: number | undefined;
}

/** Lets claimed tasks through that may start now, and puts the others back for their slot. */
export async function passRateGate(
  database: Database,
  parts: Foundation,
  limited: readonly { readonly claimed: ClaimedTask; readonly rate: RateOf }[],
): Promise<AtTheGate> {
  const now = parts.clock.now();
  const pass: ClaimedTask[] = [];
  const wanting = new Map<string, { intervalMs: number; tasks: ClaimedTask[] }>();
  for (const { claimed, rate } of limited) {
    if (claimed.rateSlotAt !== undefined && now - claimed.rateSlotAt < STALE_SLOT_MS) pass.push(claimed);
    else {
      const group = wanting.get(rate.key) ?? { intervalMs: rate.intervalMs, tasks: [] };
      group.tasks.push(claimed);
      wanting.set(rate.key, group);
    }
  }
  if (wanting.size === 0) return { pass, kept: [], nextDue: undefined };
  const wanted = [...wanting].map(([key, { intervalMs, tasks }]) => ({ key, slots: tasks.length, intervalMs }));
  const ends = await takeRateSlots(database, wanted, now);
  const deferred: { task: ClaimedTask; dueAt: number }[] = [];
  for (const [key, { intervalMs, tasks }] of wanting) {
    const first = (ends.get(key) ?? now) - tasks.length * intervalMs;
    tasks.forEach((task, index) => {
      const slotAt = first + index * intervalMs;
      if (slotAt <= now + NEAR_MS) pass.push(task);
      else deferred.push({ task, dueAt: slotAt });
    });
  }
  if (deferred.length === 0) return { pass, kept: [], nextDue: undefined };
  const rows = deferred.map(({ task: { id, attempt }, dueAt }) => ({ id, attempt, dueAt }));
  const moved = await deferTasks(database, rows, true);
  const kept = deferred.filter(({ task }) => !moved.has(task.id)).map(({ task }) => task);
  return { pass, kept, nextDue: Math.min(...rows.map(({ dueAt }) => dueAt)) };
}
