// Queues as an operator sees them: what waits in which lane, since when, and whether workers may take from it.
import type { Database } from "../../database/index.ts";
import { LANES, type Lane } from "../contract/priority.ts";
import { QUEUES, queueNamed } from "../contract/queues.ts";
import type { QueueCount, QueueCounts } from "./queue-counts.ts";

export interface QueueDepth {
  /** Waiting to be started. */
  readonly queued: number;
  readonly lanes: Readonly<Record<Lane, number>>;
  /** Due later: scheduled, or waiting for a retry. */
  readonly scheduled: number;
  readonly started: number;
  /** Milliseconds the oldest waiting task has been accepted for. */
  readonly oldestMs: number | null;
}

export interface QueueView extends QueueDepth {
  readonly name: string;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  /** When what waits and runs was counted: at most ten seconds ago. A pause is always as it is now. */
  readonly countedAt: string;
}

/** The counts may be some seconds old where there is much to count, and say so; pauses are as they are. */
export async function listQueues(database: Database, counts: QueueCounts): Promise<QueueView[]> {
  const [counted, paused] = await Promise.all([
    counts.read(),
    database.query<{ queue: string; paused_at: Date | null; paused_by: string | null }>("select * from task_queue"),
  ]);
  return QUEUES.map((name) => {
    const pause = paused.rows.find((row) => row.queue === name);
    return {
      name,
      pausedAt: pause?.paused_at?.toISOString() ?? null,
      pausedBy: pause?.paused_at ? pause.paused_by : null,
      ...depthOf(name, counted.rows),
      countedAt: new Date(counted.at).toISOString(),
    };
  });
}

/** What a count of all queues says of one. */
export function depthOf(queue: string, counted: readonly QueueCount[]): QueueDepth {
  const own = counted.filter((row) => row.queue === queue);
  const waiting = own.filter((row) => row.state === "QUEUED");
  const sum = (rows: readonly QueueCount[]) => rows.reduce((total, row) => total + row.tasks, 0);
  return {
    queued: sum(waiting),
    lanes: Object.fromEntries(
      LANES.map((lane, index) => [lane, sum(waiting.filter((row) => row.lane === index))]),
    ) as Record<Lane, number>,
    scheduled: sum(own.filter((row) => row.state === "SCHEDULED" || row.state === "RETRY")),
    started: sum(own.filter((row) => row.state === "STARTED")),
    oldestMs: waiting.length === 0 ? null : Math.max(...waiting.map((row) => Math.round(row.oldestMs))),
  };
}

/** Workers stop taking from the queue within a second; what runs goes on. @throws ApiumError `QUEUE_UNKNOWN`. */
export async function pauseQueue(database: Database, name: string, by?: string): Promise<void> {
  await database.query(
    `insert into task_queue (queue, paused_at, paused_by) values ($1, clock_timestamp(), $2)
     on conflict (queue) do update set paused_at = coalesce(task_queue.paused_at, clock_timestamp()), paused_by = $2`,
    [queueNamed(name), by ?? null],
  );
}

/** @throws ApiumError `QUEUE_UNKNOWN`. */
export async function resumeQueue(database: Database, name: string): Promise<void> {
  await database.query("update task_queue set paused_at = null, paused_by = null where queue = $1", [queueNamed(name)]);
}
