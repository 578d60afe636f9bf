// Gathers what there is to know of a task that is not running; the reasons follow from it in explain-reasons.ts. Read in
// several small questions, so two of them may see the task on either side of a step; the state is the first one's.
import type { Database } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { TaskState } from "../contract/task-state.ts";
import { LEASE_MS, NO_RATE, TENANT_SQL } from "../worker/index.ts";
import { type LiveFacts, MOST_COUNTED, type Pause, type Reason, reasonsOf, reasonsOfEnded } from "./explain-reasons.ts";

export interface Explanation {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: TaskState;
  /** The most telling first; never empty. */
  readonly reasons: readonly Reason[];
}

export interface ExplainParts {
  readonly database: Database;
  readonly registry: TaskRegistry;
  readonly now: number;
  /** Ids of what a worker has claimed and not begun; empty where it does not answer. Without it every claimed task runs. */
  readonly reservedBy?: (worker: string) => Promise<readonly string[]>;
}

interface TaskRow {
  readonly name: string;
  readonly queue: string;
  readonly lane: number;
  readonly state: TaskState;
  readonly seq: number;
  readonly due_at: Date | null;
  readonly started_at: Date | null;
  readonly worker: string | null;
  readonly held_for: string | null;
  readonly rate_slot: boolean;
  readonly retries: number;
  readonly revoked: boolean;
  readonly tenant: string | null;
  readonly pending_children: number | null;
}

/** @throws ApiumError `TASK_NOT_FOUND`. */
export async function explainTask(parts: ExplainParts, id: string): Promise<Explanation> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  const { rows } = await parts.database.query<TaskRow>(
    `select name, queue, lane::integer as lane, state::text as state, seq, due_at, started_at, worker, held_for, rate_slot,
       retries, revocation is not null as revoked, ${TENANT_SQL} as tenant, pending_children
     from task where id = $1::uuid`,
    [id],
  );
  const row = rows[0];
  // Live first: a task that ends between the two questions is found by the second.
  if (row === undefined) return explainEnded(parts, id);
  const facts = await factsOf(parts, id, row);
  return { id, name: row.name, queue: row.queue, state: row.state, reasons: reasonsOf(facts, parts.now) };
}

/**
 * Why a call with a unique key made no new task: who holds the key, and why that one is not running or done.
 * @throws ApiumError `TASK_NOT_FOUND` when nobody holds it.
 */
export async function explainUniqueKey(parts: ExplainParts, key: string): Promise<Explanation> {
  const { rows } = await parts.database.query<{ task_id: string }>(
    "select task_id from task_unique_key where key = $1",
    [key],
  );
  const holder = rows[0]?.task_id;
  if (holder === undefined) throw new ApiumError("TASK_NOT_FOUND", `no unfinished task holds the key "${key}"`);
  const explained = await explainTask(parts, holder);
  const held: Reason = {
    code: "UNIQUE_KEY_HELD",
    message: `the key is held by the task ${holder} until it ends`,
    detail: { key, holder, name: explained.name, state: explained.state },
  };
  return { ...explained, reasons: [held, ...explained.reasons] };
}

async function explainEnded({ database }: ExplainParts, id: string): Promise<Explanation> {
  const { rows } = await database.query<{
    name: string;
    queue: string;
    state: TaskState;
    reason: string | null;
    finished_at: Date;
    message: string | null;
    letter: string | null;
  }>(
    `select name, queue, state::text as state, reason, finished_at, error->>'message' as message,
       (select d.id::text from dead_letter d where d.task_id = h.id order by d.created_at desc limit 1) as letter
     from task_history h where id = $1::uuid`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
  const { name, queue, state, reason, message, letter } = row;
  const finishedAt = row.finished_at.toISOString();
  const reasons = reasonsOfEnded({ state, reason, finishedAt, error: message, deadLetter: letter });
  return { id, name, queue, state, reasons };
}

async function factsOf(parts: ExplainParts, id: string, row: TaskRow): Promise<LiveFacts> {
  const { database, registry, now } = parts;
  const [set, workers, before, children, lastError, isReserved] = await Promise.all([
    settingsOf(database, row),
    workersFor(database, row, now),
    aheadOf(database, row),
    childrenOf(database, id, row),
    lastErrorOf(database, id, row),
    isReservedBy(parts, id, row),
  ]);
  const { rateLimit: defined = null, concurrency = null } = registry.find(row.name)?.settings ?? {};
  return {
    state: row.state,
    name: row.name,
    queue: row.queue,
    lane: row.lane,
    tenant: row.tenant,
    dueAt: row.due_at?.toISOString() ?? null,
    startedAt: row.started_at?.toISOString() ?? null,
    worker: row.worker,
    isReserved,
    concurrency,
    heldFor: row.held_for,
    hasRateSlot: row.rate_slot,
    rateLimit: set.rateLimit === NO_RATE ? null : (set.rateLimit ?? defined),
    retries: row.retries,
    lastError,
    isRevoked: row.revoked,
    pauses: set.pauses,
    workers,
    ...before,
    children,
  };
}

async function isReservedBy({ reservedBy }: ExplainParts, id: string, { state, worker }: TaskRow): Promise<boolean> {
  if (state !== "STARTED" || worker === null || reservedBy === undefined) return false;
  return (await reservedBy(worker)).includes(id);
}

async function settingsOf(database: Database, { name, queue, tenant }: TaskRow) {
  const { rows } = await database.query<{ kind: string; at: Date | null; by: string | null; rate: string | null }>(
    `select 'queue' as kind, paused_at as at, paused_by as by, null as rate from task_queue where queue = $1
     union all select 'type', paused_at, paused_by, rate_limit from task_type where name = $2
     union all select 'tenant', paused_at, paused_by, null from task_tenant where tenant = $3`,
    [queue, name, tenant],
  );
  const pause = (kind: string): Pause | undefined => {
    const row = rows.find((one) => one.kind === kind);
    return row?.at ? { at: row.at.toISOString(), by: row.by } : undefined;
  };
  const rateLimit = rows.find(({ kind }) => kind === "type")?.rate ?? null;
  return { pauses: { queue: pause("queue"), type: pause("type"), tenant: pause("tenant") }, rateLimit };
}

async function workersFor(database: Database, { name, queue }: TaskRow, now: number): Promise<LiveFacts["workers"]> {
  const { rows } = await database.query<{
    id: string;
    takes: boolean;
    has: boolean;
    state: string;
    concurrency: number;
    running: number | null;
  }>(
    `select id, $1 = any(queues) as takes, $2 = any(tasks) as has, state, concurrency,
       (stats->>'running')::integer as running
     from worker where state <> 'lost' and heartbeat_at > $3::timestamptz order by id`,
    [queue, name, new Date(now - LEASE_MS).toISOString()],
  );
  return rows.map((row) => ({
    id: row.id,
    takesQueue: row.takes,
    hasHandler: row.has,
    draining: row.state === "draining",
    busy: row.running ?? 0,
    size: row.concurrency,
  }));
}

async function aheadOf(
  database: Database,
  { state, queue, lane, seq }: TaskRow,
): Promise<{ ahead: number; aheadInHigherLanes: number }> {
  if (state !== "QUEUED") return { ahead: 0, aheadInHigherLanes: 0 };
  const { rows } = await database.query<{ ahead: number; higher: number }>(
    `select
       (select count(*)::integer from (select 1 from task where queue = $1 and lane = $2 and state = 'QUEUED'
          and seq < $3::bigint limit ${MOST_COUNTED}) same) as ahead,
       (select count(*)::integer from (select 1 from task where queue = $1 and lane > $2 and state = 'QUEUED'
          limit ${MOST_COUNTED}) other) as higher`,
    [queue, lane, seq],
  );
  return { ahead: rows[0]?.ahead ?? 0, aheadInHigherLanes: rows[0]?.higher ?? 0 };
}

async function childrenOf(database: Database, id: string, row: TaskRow): Promise<LiveFacts["children"]> {
  if (row.state !== "WAITING") return { pending: 0, byState: {} };
  const { rows } = await database.query<{ state: string; tasks: number }>(
    "select state::text as state, count(*)::integer as tasks from task where parent_id = $1::uuid group by state",
    [id],
  );
  const byState = Object.fromEntries(rows.map(({ state, tasks }) => [state, tasks]));
  return { pending: row.pending_children ?? 0, byState };
}

async function lastErrorOf(database: Database, id: string, { state }: TaskRow): Promise<string | null> {
  if (state !== "RETRY") return null;
  const { rows } = await database.query<{ message: string | null }>(
    `select error->>'message' as message from task_attempt where task_id = $1::uuid order by attempt desc, ended_at desc
     limit 1`,
    [id],
  );
  return rows[0]?.message ?? null;
}
