// Gathers what the checks of tasks look at. Each question reads the live table or the open dead letters once.
import type { Queryable } from "../../database/index.ts";
import { LEASE_MS } from "../worker/index.ts";
import type { TaskFacts } from "./task-checks.ts";
import type { Topology, TopologyWorker } from "./topology.ts";
import { listWorkers } from "./workers.ts";

/** Kinds of task that are told of, of each sort of trouble. */
const MOST_NAMED = 20;

/** Workers that renew their lease and take tasks. */
export async function attendingWorkers(store: Queryable, now: number): Promise<TopologyWorker[]> {
  const workers = await listWorkers(store);
  return workers.filter(({ state, heartbeatAt }) => state === "running" && now - Date.parse(heartbeatAt) < LEASE_MS);
}

export async function taskFacts(store: Queryable, topology: Topology): Promise<TaskFacts> {
  const [live, paused, letters] = await Promise.all([liveTasks(store), pausedQueues(store), openLetters(store)]);
  const waiting = live.filter(({ state }) => state === "QUEUED");
  const retries = live.filter(({ state, held_for }) => state === "RETRY" && held_for === null).slice(0, MOST_NAMED);
  const held = Map.groupBy(
    live.filter(({ held_for }) => held_for !== null),
    ({ held_for }) => held_for ?? "",
  );
  return {
    topology,
    waiting,
    pausedQueues: paused,
    held: [...held].map(([heldFor, rows]) => ({ heldFor, tasks: rows.reduce((sum, { tasks }) => sum + tasks, 0) })),
    retrying: await Promise.all(
      retries.map(async ({ name, queue, tasks, next }) => ({
        ...{ name, queue, tasks, nextAt: next?.toISOString() ?? "" },
        lastError: await lastErrorOf(store, name, queue),
      })),
    ),
    letters,
  };
}

interface LiveRow {
  readonly name: string;
  readonly queue: string;
  readonly state: string;
  readonly held_for: string | null;
  readonly tasks: number;
  readonly next: Date | null;
}

async function liveTasks(store: Queryable): Promise<LiveRow[]> {
  const { rows } = await store.query<LiveRow>(
    `select name, queue, state::text as state, held_for, count(*)::integer as tasks, min(due_at) as next
     from task where state in ('QUEUED', 'RETRY') or held_for is not null group by 1, 2, 3, 4 order by 5 desc, 1`,
  );
  return rows;
}

async function pausedQueues(store: Queryable): Promise<TaskFacts["pausedQueues"]> {
  const { rows } = await store.query<{ queue: string; paused_at: Date; paused_by: string | null }>(
    "select queue, paused_at, paused_by from task_queue where paused_at is not null order by queue",
  );
  return rows.map((row) => ({ name: row.queue, since: row.paused_at.toISOString(), by: row.paused_by }));
}

async function lastErrorOf(store: Queryable, name: string, queue: string): Promise<string | null> {
  const { rows } = await store.query<{ message: string | null }>(
    `select a.error->>'message' as message from task t join task_attempt a on a.task_id = t.id
     where t.name = $1 and t.queue = $2 and t.state = 'RETRY' order by a.ended_at desc limit 1`,
    [name, queue],
  );
  return rows[0]?.message ?? null;
}

async function openLetters(store: Queryable): Promise<TaskFacts["letters"]> {
  const { rows } = await store.query<{ name: string | null; letters: number; since: Date; message: string | null }>(
    `select name, count(*)::integer as letters, min(created_at) as since,
       (array_agg(error->>'message' order by created_at desc))[1] as message
     from dead_letter where handled_at is null group by name order by 2 desc limit ${MOST_NAMED}`,
  );
  return rows.map((row) => ({
    ...{ name: row.name, letters: row.letters, since: row.since.toISOString(), lastError: row.message },
  }));
}
