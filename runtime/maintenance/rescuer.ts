// The rescuer: takes tasks from workers that have been silent for a lease and puts them back. Any number may run. It
// never rescues from its own process, and not until one lease after it could last see the database working: a
// database that was away makes every worker look dead. What is left in the name of a worker that is not there any more
// goes back, too: an orderly worker leaves nothing behind, but its last claim's answer can have been lost.
import type { Database, Statement, Transaction } from "../../database/index.ts";
import { plainArray, textArray } from "../../database/index.ts";
import type { QueuedTask } from "../contract/dispatch.ts";
import { DEFAULT_MAX_CRASHES } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import { LANES } from "../contract/priority.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import { describeError } from "../contract/task-error.ts";
import type { TaskQueue } from "../queue/queue.ts";
import { finishWithin, handBackTasks, type Requeued } from "../results/index.ts";

export { DEFAULT_MAX_CRASHES };

/** A second and later crash waits this long, times its number, so that poison does not take a worker a second. */
const CRASH_DELAY_MS = 5_000;
/** How long a lost worker's name is watched for claims that were under way when it was declared lost. */
const WATCH_LOST_MS = 60_000;
const LEFT_BEHIND_EVERY_MS = 5_000;

export interface RescuerOptions {
  readonly leaseMs: number;
  /** Ids of this process's own workers. */
  readonly ownWorkers: () => readonly string[];
  /** Embedded: whoever left a row before this process began is dead, because the folder's lock says so. */
  readonly soleProcess: boolean;
}

const LEFT_BEHIND: Statement = {
  name: "left_behind_tasks",
  text: `select id, name, queue, attempt, crashes, worker, revocation is not null as revoked
         from task t where worker is not null and state = 'STARTED'
           and not exists (select 1 from worker w where w.id = t.worker)`,
};

interface LostTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly crashes: number;
  /** It was accepted with this many, where that is not the default. */
  readonly maxCrashes: number | null;
  readonly worker: string;
  readonly revoked: boolean;
}

type LeftBehind = Omit<LostTask, "maxCrashes">;

export class Rescuer {
  readonly #database: Database;
  readonly #queue: TaskQueue;
  readonly #registry: TaskRegistry;
  readonly #parts: Foundation;
  readonly #options: RescuerOptions;
  #databaseSeenSince: number | undefined;
  #lastSeen = 0;
  #nextLeftBehind = 0;

  constructor(
    database: Database,
    queue: TaskQueue,
    registry: TaskRegistry,
    parts: Foundation,
    options: RescuerOptions,
  ) {
    this.#database = database;
    this.#queue = queue;
    this.#registry = registry;
    this.#parts = parts;
    this.#options = options;
  }

  /** One look. The caller repeats it every second. */
  async look(): Promise<void> {
    const { clock } = this.#parts;
    const { leaseMs, soleProcess } = this.#options;
    const before = clock.monotonic();
    const { rows } = await this.#database.query<{ up_ms: number }>(
      "select extract(epoch from clock_timestamp() - pg_postmaster_start_time()) * 1000 as up_ms",
    );
    const now = clock.monotonic();
    if (this.#databaseSeenSince === undefined || before - this.#lastSeen > leaseMs / 2) this.#databaseSeenSince = now;
    this.#lastSeen = now;
    const trusted = now - this.#databaseSeenSince >= leaseMs && Number(rows[0]?.up_ms) >= leaseMs;
    if (!trusted && !soleProcess) return;
    await this.#rescue(soleProcess ? 0 : leaseMs);
    if (now < this.#nextLeftBehind) return;
    this.#nextLeftBehind = now + LEFT_BEHIND_EVERY_MS;
    await this.#returnLeftBehind();
  }

  /** Counted as no crash: a worker that crashed has its row, until all that it held was taken from it. */
  async #returnLeftBehind(): Promise<void> {
    const { rows: left } = await this.#database.hot.query<LeftBehind>(LEFT_BEHIND);
    if (left.length === 0) return;
    this.#parts.log.warn(
      `${left.length} tasks were left behind by workers that are gone; they go back to their queues`,
    );
    const back = await handBackTasks(
      this.#database,
      left.filter((task) => !task.revoked),
    );
    const revoked = left.filter((task) => task.revoked);
    if (revoked.length > 0) await this.#database.transaction((tx) => this.#end(tx, revoked));
    const returned = new Set(back.map((row) => row.id));
    for (const task of left) if (returned.has(task.id)) this.#tell(task, "rescued");
    this.#queue.dispatch(back.map(toQueued));
  }

  async #rescue(leaseMs: number): Promise<void> {
    const { rows: dead } = await this.#database.query<{ id: string }>(
      `select id from worker
       where id <> all($1::text::text[])
         and (heartbeat_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000) or state = 'lost')`,
      [textArray(this.#options.ownWorkers()), leaseMs],
    );
    for (const { id } of dead) {
      const back = await this.#database.transaction((tx) => this.#takeFrom(tx, id, leaseMs));
      this.#queue.dispatch(back.map(toQueued));
    }
  }

  async #takeFrom(tx: Transaction, worker: string, leaseMs: number): Promise<Requeued[]> {
    const { rows: lapsed } = await tx.query(
      `update worker set state = 'lost' where id = $1 and
         (heartbeat_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000) or state = 'lost') returning 1`,
      [worker, leaseMs],
    );
    if (lapsed.length === 0) return [];
    const { rows: tasks } = await tx.query<LostTask>(
      `select id, name, queue, attempt, crashes, (overrides ->> 'maxCrashes')::integer as "maxCrashes", worker,
              revocation is not null as revoked
       from task where state = 'STARTED' and worker = $1 for update skip locked`,
      [worker],
    );
    if (tasks.length > 0) this.#parts.log.warn(`worker ${worker} is lost; rescuing ${tasks.length} tasks from it`);
    const isPoison = (task: LostTask) => !task.revoked && task.crashes + 1 > this.#maxCrashes(task);
    await this.#end(
      tx,
      tasks.filter((task) => task.revoked || isPoison(task)),
    );
    const back = await this.#requeue(
      tx,
      tasks.filter((task) => !task.revoked && !isPoison(task)),
    );
    await tx.query(
      `delete from worker where id = $1 and heartbeat_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)`,
      [worker, leaseMs + WATCH_LOST_MS],
    );
    return back;
  }

  async #end(tx: Transaction, tasks: readonly LeftBehind[]): Promise<void> {
    if (tasks.length === 0) return;
    await tx.query("update task set crashes = crashes + 1 where id = any($1::text::uuid[]) and revocation is null", [
      plainArray(tasks.map((task) => task.id)),
    ]);
    for (const task of tasks) {
      const message = `worker ${task.worker} was lost while it ran the task; that was crash ${task.crashes + 1}`;
      const end = {
        id: task.id,
        attempt: task.attempt,
        state: task.revoked ? ("REVOKED" as const) : ("FAILURE" as const),
        reason: task.revoked ? ("revoked" as const) : undefined,
        error: JSON.stringify(describeError(new ApiumError("WORKER_LOST", message))),
        keepMs: 0,
      };
      await finishWithin(tx, "run", end, this.#parts.clock.now());
      this.#tell(task, task.revoked ? "revoked" : "failed");
    }
  }

  async #requeue(tx: Transaction, tasks: readonly LostTask[]): Promise<Requeued[]> {
    if (tasks.length === 0) return [];
    const error = JSON.stringify(describeError(new ApiumError("WORKER_LOST")));
    const { rows } = await tx.query<Requeued>(
      `with lost as (
         select id, attempt, crashes, started_at, worker from task where id = any($1::text::uuid[])),
       noted as (
         insert into task_attempt (task_id, attempt, outcome, started_at, ended_at, worker, error)
         select id, attempt, 'lost', started_at, clock_timestamp(), worker, $2::json from lost)
       update task t
       set state = (case when lost.crashes = 0 then 'QUEUED' else 'RETRY' end)::task_state,
           due_at = $3::timestamptz + make_interval(secs => lost.crashes * ${CRASH_DELAY_MS} / 1000),
           attempt = t.attempt + 1, crashes = t.crashes + 1, worker = null, started_at = null, progress = null,
           seq = nextval('task_seq')
       from lost where t.id = lost.id
       returning t.id, t.attempt, t.queue, t.lane::integer as lane, t.seq, t.state`,
      [plainArray(tasks.map((task) => task.id)), error, new Date(this.#parts.clock.now()).toISOString()],
    );
    for (const task of tasks) this.#tell(task, "rescued");
    return rows.filter((row) => (row as Requeued & { state: string }).state === "QUEUED");
  }

  #maxCrashes({ name, maxCrashes }: LostTask): number {
    return maxCrashes ?? this.#registry.find(name)?.settings.maxCrashes ?? DEFAULT_MAX_CRASHES;
  }

  #tell(task: LeftBehind, type: "rescued" | "failed" | "revoked"): void {
    const { id, name, queue, attempt, worker } = task;
    this.#parts.events.emit({ type, id, name, queue, attempt, at: this.#parts.clock.now(), worker });
  }
}

function toQueued(row: Requeued): QueuedTask {
  return { ...row, lane: LANES[row.lane] ?? "normal", seq: Number(row.seq), rescued: true };
}
