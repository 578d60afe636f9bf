// Workers as their rows show them.
import type { Queryable } from "../../database/index.ts";
import type { WorkerStats } from "../worker/index.ts";

export interface WorkerView {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly state: string;
  readonly queues: readonly string[];
  readonly tasks: readonly string[];
  readonly concurrency: number;
  readonly startedAt: string;
  readonly heartbeatAt: string;
  /** As of its last heartbeat; null before the first. */
  readonly stats: WorkerStats | null;
}

export async function listWorkers(database: Queryable): Promise<WorkerView[]> {
  const { rows } = await database.query<{
    id: string;
    host: string;
    pid: number;
    state: string;
    queues: string[];
    tasks: string[];
    concurrency: number;
    started_at: Date;
    heartbeat_at: Date;
    stats: WorkerStats | null;
  }>("select * from worker order by started_at, id");
  return rows.map((row) => ({
    id: row.id,
    host: row.host,
    pid: row.pid,
    state: row.state,
    queues: row.queues,
    tasks: row.tasks,
    concurrency: row.concurrency,
    startedAt: row.started_at.toISOString(),
    heartbeatAt: row.heartbeat_at.toISOString(),
    stats: row.stats,
  }));
}
