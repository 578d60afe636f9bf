// The runtime put together: who is handed whom. Reads like a list of rooms, and holds no rule of its own.
import { hostname } from "node:os";
import type { Database, MigrationRoom } from "../database/index.ts";
import { Caller, Canvas, type ChainCall, place } from "./caller/index.ts";
import { SystemClock } from "./contract/clock.ts";
import { durationMs } from "./contract/duration.ts";
import { codeOf } from "./contract/errors.ts";
import type { Foundation } from "./contract/foundation.ts";
import { foundation } from "./contract/foundation.ts";
import type { ChildFailurePolicy } from "./contract/join.ts";
import { QUEUES } from "./contract/queues.ts";
import { TaskRegistry } from "./contract/registry.ts";
import type { Routes } from "./contract/routes.ts";
import type {
  AcceptedTask,
  AnyTask,
  CallOptions,
  TaskCall,
  TaskCaller,
  WaitOptions,
} from "./contract/task-definition.ts";
import type { TaskEventBatch } from "./contract/task-event.ts";
import * as control from "./control/index.ts";
import { Expirer, Joiner, Maintenance, OrphanSweep, Pruner, Relay, Rescuer } from "./maintenance/index.ts";
import { Operator } from "./operator.ts";
import type { TaskQueue } from "./queue/queue.ts";
import {
  getResult,
  getTask,
  type Page,
  type ResultView,
  ResultWaiter,
  type SearchPage,
  type TaskFilter,
  TaskSearch,
  type TaskView,
} from "./results/index.ts";
import { Clockwork, type Firing, type FiringParts, pruneSlots, Schedules } from "./schedule/index.ts";
import { EndBook, Series } from "./series/index.ts";
import { EventBatcher } from "./telemetry/index.ts";
import { HandlerTable, LEASE_MS, readSteering, releaseHeld, type TaskHandler, Worker } from "./worker/index.ts";
import { createProcessIsolation, createThreadIsolation, type Isolation } from "./worker/isolation/index.ts";

export interface RuntimeOptions {
  readonly database: Database;
  /** Makes the delivery engine; it is told whom to tell of due times. */
  readonly queue: (parts: Foundation, expect: (dueAt: number) => void) => TaskQueue;
  readonly routes?: Routes | undefined;
  /** Queues this process works; none = it only enqueues. Default all. */
  readonly queues?: readonly string[] | undefined;
  /** Tasks at once in this process. Default 10. */
  readonly concurrency?: number | undefined;
  /** Default 1 h. */
  readonly resultExpiresMs?: number | undefined;
  /** Default 30 d. */
  readonly historyRetentionMs?: number | undefined;
  /** Default 400 d. */
  readonly auditRetentionMs?: number | undefined;
  /** This process alone has the database (embedded). */
  readonly soleProcess?: boolean | undefined;
  readonly parts?: Partial<Foundation> | undefined;
  /** Where batches of task events go. */
  readonly onEvents?: ((batch: TaskEventBatch) => void) | undefined;
  /** Tells the other processes that a running task was revoked. */
  readonly onRevocation?: (() => void) | undefined;
  readonly isolationMax?: number | undefined;
}

const DEFAULT_RESULT_EXPIRES_MS = 3_600_000;
const DEFAULT_HISTORY_RETENTION_MS = 30 * 86_400_000;
const DEFAULT_AUDIT_RETENTION_MS = 400 * 86_400_000;
const DEFAULT_CONCURRENCY = 10;
const DEFAULT_DRAIN_MS = 30_000;

export const RUNTIME_MIGRATIONS: MigrationRoom = {
  name: "runtime",
  folder: new URL("./migrations/", import.meta.url),
};

export class Runtime implements TaskCaller {
  readonly registry = new TaskRegistry();
  readonly database: Database;
  readonly queue: TaskQueue;
  readonly parts: Foundation;
  readonly schedules: Schedules;
  /** Figures over time. */
  readonly series: Series;
  readonly #options: RuntimeOptions;
  readonly #handlers = new HandlerTable();
  readonly #events: EventBatcher;
  readonly #caller: Caller;
  readonly #canvas: Canvas;
  readonly #waiter: ResultWaiter;
  readonly #relay: Relay;
  readonly #joiner: Joiner;
  readonly #pruner: Pruner;
  readonly #maintenance: Maintenance;
  readonly #queueCounts: control.QueueCounts;
  readonly #search: TaskSearch;
  readonly #isolation: { readonly thread: Isolation; readonly process: Isolation };
  #worker: Worker | undefined;
  #leaving: Worker | undefined;
  /** Looks at what operators have set: how many have begun, and the latest whose answer the worker heeds. */
  #looks = 0;
  #lastLook = 0;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.database = options.database;
    const clock = options.parts?.clock ?? new SystemClock();
    this.#events = new EventBatcher(clock, (batch) => options.onEvents?.(batch));
    const ends = new EndBook(options.parts?.events ?? this.#events);
    this.parts = foundation({ ...options.parts, events: ends, clock });
    const { database, parts, registry } = this;
    const routes = this.#routes;
    this.queue = options.queue(parts, (dueAt) => this.#relay.expect(dueAt));
    const { queue } = this;
    this.#waiter = new ResultWaiter(database, parts);
    const joinable = (ids: readonly string[]) => this.#joiner.hint(ids);
    const ended = (ids: readonly string[]) => this.#waiter.hint(ids);
    const awaitResult = (id: string, timeout: WaitOptions["timeout"]) => this.#waiter.result(id, timeout);
    this.#caller = new Caller({ ...parts, database, dispatcher: queue, routes, awaitResult });
    this.#canvas = new Canvas({ ...parts, database, dispatcher: queue, registry, routes, joinable });
    this.schedules = new Schedules(this.#firingParts());
    this.#relay = new Relay(database, queue, parts);
    const resultExpiresMs = options.resultExpiresMs ?? DEFAULT_RESULT_EXPIRES_MS;
    this.#joiner = new Joiner({
      ...parts,
      database,
      resultExpiresMs,
      ended,
      spawnStep: (...step) => this.#canvas.spawnStep(...step),
      revokeChildren: (parentId) => control.revokeChildren(this.#controlParts(), parentId, { terminate: true }),
    });
    this.#queueCounts = new control.QueueCounts(database, parts.clock);
    this.#search = new TaskSearch({ database, clock, sensitive: () => registry.sensitive() });
    this.series = new Series(database, parts, ends, this.#queueCounts);
    this.#pruner = new Pruner(database, parts, {
      historyRetentionMs: this.#historyMs,
      auditRetentionMs: options.auditRetentionMs ?? DEFAULT_AUDIT_RETENTION_MS,
    });
    const isolation = { max: options.isolationMax ?? 4, clock: parts.clock, log: parts.log };
    this.#isolation = { thread: createThreadIsolation(isolation), process: createProcessIsolation(isolation) };
    this.#maintenance = this.#duties();
  }

  /** Makes a task known, so that it can be enqueued by name. */
  define(task: AnyTask): void {
    this.registry.add(task);
  }

  /** Gives a task its handler in this process. Before `start`. */
  handle(handler: TaskHandler): void {
    this.define(handler.task);
    this.#handlers.add(handler);
  }

  async start(): Promise<void> {
    await this.open();
    await this.work();
  }

  /** From here on tasks can be enqueued, and due ones are handed on. @throws ApiumError `STORE_UNAVAILABLE`, `QUEUE_UNAVAILABLE`. */
  async open(): Promise<void> {
    await this.#synchroniseClock();
    await this.#pruner.prepare();
    await this.queue.start();
    this.#relay.start();
    this.#maintenance.start();
  }

  /** From here on this process runs tasks, if it has handlers and queues. */
  async work(): Promise<void> {
    const queues = this.#options.queues ?? QUEUES;
    if (queues.length > 0 && this.#handlers.names().length > 0) await this.#startWorker(queues);
  }

  /** Stops running tasks within `drainMs`; everything else goes on. */
  async drain(drainMs = DEFAULT_DRAIN_MS): Promise<void> {
    const worker = this.#worker ?? this.#leaving;
    this.#worker = undefined;
    this.#leaving = worker;
    await worker?.drain(drainMs);
    this.#leaving = undefined;
    await this.series.flush();
  }

  /** Drains the worker within `drainMs`, then stops everything. */
  async stop(drainMs = DEFAULT_DRAIN_MS): Promise<void> {
    await this.drain(drainMs);
    await this.#relay.stop();
    await this.#maintenance.stop();
    await this.#joiner.stop();
    await this.series.flush();
    await this.queue.stop();
    await Promise.all([this.#isolation.thread.stop(), this.#isolation.process.stop()]);
    this.#events.flush();
  }

  get worker(): Worker | undefined {
    return this.#worker;
  }

  /** This process's worker, or the one that is on its way out: it answers when inspected, and has what it runs. */
  get inspectedWorker(): Worker | undefined {
    return this.#worker ?? this.#leaving;
  }

  enqueue(task: AnyTask, params: unknown, options?: CallOptions): Promise<AcceptedTask> {
    return this.#caller.enqueue(task, params, options);
  }

  enqueueMany(task: AnyTask, params: readonly unknown[], options?: CallOptions): Promise<AcceptedTask[]> {
    return this.#caller.enqueueMany(task, params, options);
  }

  callAndWait(task: AnyTask, params: unknown, options?: WaitOptions): Promise<unknown> {
    return this.#caller.callAndWait(task, params, options);
  }

  /** Runs calls side by side; the group's result is the list of theirs. */
  group(calls: readonly TaskCall[], options?: { readonly onChildFailure?: ChildFailurePolicy }): Promise<AcceptedTask> {
    return this.#canvas.group(calls, options);
  }

  /** Runs calls one after the other. */
  chain(calls: readonly ChainCall[]): Promise<AcceptedTask> {
    return this.#canvas.chain(calls);
  }

  /** Waits for a task's end. @throws ApiumError `WAIT_TIMEOUT`, `TASK_FAILED`. */
  result(id: string, timeout?: WaitOptions["timeout"]): Promise<unknown> {
    return this.#waiter.result(id, timeout);
  }

  getTask(id: string): Promise<TaskView> {
    return getTask(this.database, id, this.parts.clock.now());
  }

  /** What a task has come to; with `wait` once it has ended, or as it is when that time is over. */
  async resultOf(id: string, wait?: WaitOptions["timeout"]): Promise<ResultView> {
    const look = () => getResult(this.database, id, this.parts.clock.now());
    const view = await look();
    if (view.isReady || wait === undefined) return view;
    await this.#waiter.ended(id, durationMs(wait)).catch((error: unknown) => {
      if (codeOf(error) !== "WAIT_TIMEOUT") throw error;
    });
    return look();
  }

  /** Tasks, newest first, without the parameters of sensitive ones. @throws ApiumError `STORE_UNAVAILABLE`, `STORE_TIMEOUT`. */
  listTasks(filter: TaskFilter = {}): Promise<SearchPage> {
    return this.#search.list(filter);
  }

  revoke(id: string, options?: control.RevokeOptions): Promise<control.RevokeOutcome> {
    return control.revokeTask(this.#controlParts(), id, options);
  }

  retry(id: string, by?: string): Promise<AcceptedTask> {
    return control.retryTask(this.#controlParts(), id, by);
  }

  /** What operators do about many tasks at once, and about what is wrong. */
  get operator(): Operator {
    return new Operator({
      ...this.#controlParts(),
      routes: this.#routes,
      queueOf: (task) => this.queueOf(task),
      expect: (dueAt) => this.#relay.expect(dueAt),
    });
  }

  /** Revokes every live task that fits; with `dryRun` it only counts them. */
  revokeMany(filter: control.RevokeFilter, options?: control.RevokeManyOptions): Promise<control.RevokedMany> {
    return control.revokeMany(this.#controlParts(), filter, options);
  }

  deadLetters(filter?: control.DeadLetterFilter): Promise<Page<control.DeadLetterView>> {
    return control.listDeadLetters(this.#controlParts(), filter);
  }

  requeueDeadLetter(id: string, options?: { readonly params?: unknown; readonly by?: string }): Promise<AcceptedTask> {
    return control.requeueDeadLetter(this.#controlParts(), id, options);
  }

  dismissDeadLetter(id: string, by?: string): Promise<void> {
    return control.dismissDeadLetter(this.database, id, by);
  }

  queues(): Promise<control.QueueView[]> {
    return control.listQueues(this.database, this.#queueCounts);
  }

  async pauseQueue(name: string, by?: string): Promise<void> {
    await control.pauseQueue(this.database, name, by);
    await this.lookAtSettings();
  }

  async resumeQueue(name: string): Promise<void> {
    await control.resumeQueue(this.database, name);
    await this.lookAtSettings();
  }

  workers(): Promise<control.WorkerView[]> {
    return control.listWorkers(this.database);
  }

  /** What fires this system's schedules; as many processes as like may start one. `onFiring` hears of it after the commit. */
  clockwork(onFiring: (firing: Firing) => void): Clockwork {
    return new Clockwork(this.#firingParts(), onFiring);
  }

  /** The queue a call of a task would go to. */
  queueOf(task: AnyTask, options: CallOptions = {}): string {
    return this.placeOf(task, options).queue;
  }

  /** The queue and the priority a call of a task would get. */
  placeOf(task: AnyTask, options: CallOptions = {}): { readonly queue: string; readonly priority: number } {
    const { queue, priority } = place(task, options, this.#routes, this.parts.clock);
    return { queue, priority };
  }

  /** Handlers that run apart get new threads and processes: idle ones end now, the others after their run. */
  async renewCells(): Promise<{ readonly ended: number; readonly running: number }> {
    const kinds = [this.#isolation.thread, this.#isolation.process];
    const running = kinds.reduce((sum, kind) => sum + kind.stats().running, 0);
    const ended = await Promise.all(kinds.map((kind) => kind.renew()));
    return { ended: ended.reduce((sum, cells) => sum + cells, 0), running };
  }

  /** Another process has revoked something that runs, perhaps here. */
  lookForRevocations(): void {
    void this.#worker?.lookForRevocations();
  }

  /** Another process says that these tasks have ended. */
  hintEnded(ids: readonly string[]): void {
    this.#waiter.hint(ids);
  }

  async #startWorker(queues: readonly string[]): Promise<void> {
    const host = hostname();
    const identity = { id: `${host}-${process.pid}-${this.parts.newId().slice(-6)}`, host, pid: process.pid };
    this.#worker = new Worker(
      {
        identity,
        queues,
        concurrency: this.#options.concurrency ?? DEFAULT_CONCURRENCY,
        resultExpiresMs: this.#options.resultExpiresMs ?? DEFAULT_RESULT_EXPIRES_MS,
      },
      {
        ...this.parts,
        database: this.database,
        queue: this.queue,
        handlers: this.#handlers,
        isolation: this.#isolation,
        spawn: (...children) => this.#canvas.spawn(...children),
        accept: (call, options) => this.#caller.enqueue(call.task, call.params, options),
        joinable: (ids) => this.#joiner.hint(ids),
        ended: (ids) => this.#waiter.hint(ids),
      },
    );
    await this.#worker.start();
    await this.lookAtSettings();
  }

  get #routes(): Routes {
    return this.#options.routes ?? (() => undefined);
  }

  get #historyMs(): number {
    return this.#options.historyRetentionMs ?? DEFAULT_HISTORY_RETENTION_MS;
  }

  async #synchroniseClock(): Promise<void> {
    const { clock } = this.parts;
    if (!(clock instanceof SystemClock)) return;
    // The quickest of a few answers bounds it best.
    for (let times = 0; times < 3; times += 1) {
      const asked = clock.monotonic();
      const now = await this.database.now();
      clock.synchronise(now, clock.monotonic() - asked);
    }
  }

  /** Somebody has changed what operators set: pauses, rates, time limits. */
  async lookAtSettings(): Promise<void> {
    if (this.#worker === undefined) return;
    const look = ++this.#looks;
    const steering = await readSteering(this.database);
    const worker = this.#worker;
    // Looks overtake each other; an older answer must not undo a newer one.
    if (worker === undefined || look < this.#lastLook) return;
    const changed = this.#lastLook > 0 ? steering.changedRates(worker.steering) : [];
    this.#lastLook = look;
    worker.steer(steering);
    // What this worker has put off under the old rate since the change was made.
    for (const name of changed) await control.startRateAnew(this.database, name);
  }

  async #releaseHeld(): Promise<void> {
    const now = this.parts.clock.now();
    if ((await releaseHeld(this.database, now)) > 0) this.#relay.expect(now);
  }

  #firingParts(): FiringParts {
    const enqueue: FiringParts["enqueue"] = (...call) => this.#caller.enqueue(...call);
    return { ...this.parts, database: this.database, registry: this.registry, enqueue };
  }

  #controlParts() {
    return {
      ...this.parts,
      database: this.database,
      queue: this.queue,
      registry: this.registry,
      joinable: (ids: readonly string[]) => this.#joiner.hint(ids),
      ended: (ids: readonly string[]) => this.#waiter.hint(ids),
      hintRevocation: () => {
        this.lookForRevocations();
        this.#options.onRevocation?.();
      },
    };
  }

  #duties(): Maintenance {
    const { database, queue, registry, parts } = this;
    const joinable = (ids: readonly string[]) => this.#joiner.hint(ids);
    const expirer = new Expirer(database, parts, joinable);
    const orphans = new OrphanSweep({
      database,
      revoke: (ids, options) => control.revokeEach(this.#controlParts(), ids, options),
    });
    const rescuer = new Rescuer(database, queue, registry, parts, {
      leaseMs: LEASE_MS,
      ownWorkers: () => (this.inspectedWorker === undefined ? [] : [this.inspectedWorker.worker]),
      soleProcess: this.#options.soleProcess ?? false,
    });
    return new Maintenance(parts, [
      { name: "the rescuer", everyMs: 1_000, run: () => rescuer.look() },
      { name: "the expirer", everyMs: 1_000, run: () => expirer.look() },
      { name: "the joiner", everyMs: 1_000, run: () => this.#joiner.look() },
      { name: "the orphan sweep", everyMs: 1_000, run: () => orphans.look() },
      { name: "the queue's upkeep", everyMs: 500, run: () => queue.tend() },
      { name: "the look at what operators have set", everyMs: 1_000, run: () => this.lookAtSettings() },
      { name: "the release of held tasks", everyMs: 2_000, run: () => this.#releaseHeld() },
      { name: "the partition maker", everyMs: 3_600_000, run: () => this.#pruner.prepare() },
      { name: "the pruner", everyMs: 600_000, run: () => this.#pruner.prune() },
      {
        name: "the pruner of slots",
        everyMs: 3_600_000,
        run: () => pruneSlots(database, parts.clock.now() - this.#historyMs),
      },
      ...this.series.duties(),
    ]);
  }
}
