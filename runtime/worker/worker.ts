// A worker: slots, and the tasks that run in them. It takes what its subscription claims for it, runs it, and writes
// how it ended; the lease, the limits and the books are rooms of their own.
import { detached } from "../../database/index.ts";
import { type Cancel, sleep } from "../contract/clock.ts";
import { ApiumError } from "../contract/errors.ts";
import { subjectOf } from "../contract/log.ts";
import { validateParams } from "../contract/task-definition.ts";
import type { ClaimedTask, Consumer, TaskQueue } from "../queue/queue.ts";
import { AttemptSpan, inTraceOf } from "../telemetry/index.ts";
import { AttemptLog } from "./attempt-log.ts";
import { Consumption } from "./consumption.ts";
import { type ContextParts, contextFor } from "./context.ts";
import type { EndCount } from "./end-counts.ts";
import type { HandlerTable, TaskHandler } from "./handlers.ts";
import type { Isolation } from "./isolation/isolation.ts";
import { Lease, type WorkerIdentity } from "./lease.ts";
import { LogBook } from "./log-book.ts";
import { type HeldTask, LostClaims } from "./lost-claims.ts";
import { ProgressBook } from "./progress-book.ts";
import { PutAside } from "./put-aside.ts";
import { passRateGate, type RateOf, rateOf } from "./rate-gate.ts";
import { type Revocation, Run } from "./run.ts";
import { Settlement, type SettlementParts } from "./settlement.ts";
import { Steering } from "./steering.ts";
import { TypeLimits } from "./type-limits.ts";

const LIMITS_EVERY_MS = 25;
const WRITE_LAST_ENDS_MS = 5_000;
const WRITE_LAST_LINES_MS = 2_000;
/** Tasks beyond what may be parked for their type come back after this. */
const PARK_ELSEWHERE_MS = 2_000;

export interface WorkerOptions {
  readonly identity: WorkerIdentity;
  readonly queues: readonly string[];
  /** Tasks that run at once in this process. */
  readonly concurrency: number;
  /** How long results are kept where the task does not say. */
  readonly resultExpiresMs: number;
}

export interface WorkerParts extends SettlementParts {
  readonly queue: TaskQueue;
  readonly handlers: HandlerTable;
  readonly isolation: { readonly thread: Isolation; readonly process: Isolation };
  /** Inserts children of a run inside its transaction. */
  readonly spawn: ContextParts["spawn"];
  /** Enqueues for a run. */
  readonly accept: ContextParts["accept"];
}

export interface WorkerStats {
  readonly running: number;
  readonly parked: number;
  readonly done: number;
  readonly failed: number;
  readonly concurrency: number;
}

export class Worker implements Consumer {
  readonly #options: WorkerOptions;
  readonly #parts: WorkerParts;
  readonly #lease: Lease;
  readonly #progress: ProgressBook;
  readonly #logs: LogBook;
  readonly #settlement: Settlement;
  readonly #lostClaims: LostClaims;
  readonly #runs = new Map<string, Run>();
  readonly #types: TypeLimits;
  readonly #consumption: Consumption;
  readonly #putAside: PutAside;
  #steering = Steering.none;
  #concurrency: number;
  #cancelLimits: Cancel = () => {};
  #draining = false;
  #drained: Promise<void> | undefined;
  /** On the monotonic clock. */
  #drainBy = Number.POSITIVE_INFINITY;
  #idle: (() => void)[] = [];

  constructor(options: WorkerOptions, parts: WorkerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#consumption = new Consumption(parts.queue, this, options.queues, () => this.#steering.queues);
    this.#concurrency = options.concurrency;
    this.#types = new TypeLimits(options.concurrency);
    this.#lease = new Lease(parts.database, parts, options.identity, {
      revoked: (id, attempt, revocation) => this.#revoked(id, attempt, revocation),
      lost: () => this.#lost(),
      stats: () => this.stats(),
    });
    this.#progress = new ProgressBook(parts.database, parts);
    this.#logs = new LogBook(parts.database, parts, options.identity.id);
    this.#settlement = new Settlement(parts, options.resultExpiresMs, options.identity.id);
    this.#lostClaims = new LostClaims(parts.database, parts, options.identity.id, {
      tasks: () => this.#inHand(),
      handBack: (tasks) => this.#handBackLost(tasks),
    });
    this.#putAside = new PutAside({
      database: parts.database,
      log: parts.log,
      lostClaims: this.#lostClaims,
      endRevoked: (tasks) => this.#endRevoked(tasks),
      giveBack: (tasks) => this.#giveBack(tasks),
      poke: () => this.#consumption.poke(),
    });
  }

  get worker(): string {
    return this.#options.identity.id;
  }

  async start(): Promise<void> {
    await this.#lease.start(this.#consumption.all(), this.#parts.handlers.names(), this.#concurrency);
    this.#watchLimits();
    this.#lostClaims.start();
    this.#consumption.start();
  }

  queues(): readonly string[] {
    return this.#consumption.open();
  }

  /** Queues it is told to work, paused ones too. */
  consumedQueues(): readonly string[] {
    return this.#consumption.all();
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Tasks it has handlers for. */
  handlers(): HandlerTable {
    return this.#parts.handlers;
  }

  freeSlots(): number {
    return this.#draining ? 0 : this.#concurrency - this.#runs.size;
  }

  fullTasks(): readonly string[] {
    return this.#types.full();
  }

  stats(): WorkerStats {
    return {
      running: this.#runs.size,
      parked: this.#types.parked().length,
      ...this.#settlement.counts.total(),
      concurrency: this.#concurrency,
    };
  }

  /** What runs now: id, name, since how many milliseconds. */
  active(): { readonly id: string; readonly name: string; readonly queue: string; readonly runningMs: number }[] {
    const now = this.#parts.clock.monotonic();
    return [...this.#runs.values()].map(({ claimed, startedAt }) => ({
      id: claimed.id,
      name: claimed.name,
      queue: claimed.queue,
      runningMs: Math.round(now - startedAt),
    }));
  }

  /** Claimed, and waiting for a slot of its task type. */
  reserved(): { readonly id: string; readonly name: string; readonly queue: string }[] {
    return this.#types.parked().map(({ id, name, queue }) => ({ id, name, queue }));
  }

  /** Successes and failures here by task name. */
  countsByName(): Readonly<Record<string, EndCount>> {
    return this.#settlement.counts.byName();
  }

  /** From here on it heeds what operators have set. What runs goes on; what is parked for a paused type is put aside. */
  steer(steering: Steering): void {
    this.#steering = steering;
    if (!steering.isPlain) {
      const held = this.#types.parked().filter((claimed) => steering.heldFor(claimed) !== undefined);
      for (const { id, attempt } of held) this.#types.remove(id, attempt);
      this.#putAside.from(held, steering);
    }
    this.#consumption.poke();
  }

  get steering(): Steering {
    return this.#steering;
  }

  /** More or fewer slots; what runs in surplus ones goes on to its end. @throws ApiumError `STORE_UNAVAILABLE`: its row does not say so yet. */
  async resize(concurrency: number): Promise<void> {
    this.#concurrency = concurrency;
    this.#consumption.poke();
    await this.#describe();
  }

  /** Other queues from here on; what runs goes on. @throws ApiumError `STORE_UNAVAILABLE`, `QUEUE_UNAVAILABLE`. */
  async consumeFrom(queues: Iterable<string>): Promise<void> {
    await this.#consumption.change(queues);
    await this.#describe();
  }

  #describe(): Promise<void> {
    return this.#lease.describe(this.#consumption.all(), this.#parts.handlers.names(), this.#concurrency);
  }

  /** A hint that something was revoked: asks at once instead of with the next heartbeat. */
  lookForRevocations(): Promise<void> {
    return this.#lease.beat();
  }

  accept(tasks: readonly ClaimedTask[]): void {
    let limited: { claimed: ClaimedTask; rate: RateOf }[] | undefined;
    for (const claimed of this.#steering.isPlain ? tasks : this.#putAside.from(tasks, this.#steering)) {
      const handler = this.#parts.handlers.find(claimed.name);
      this.#settlement.tell("received", claimed);
      const rate = rateOf(handler?.task, claimed, this.#steering);
      if (rate === undefined) this.#admit(claimed, handler);
      else {
        limited ??= [];
        limited.push({ claimed, rate });
      }
    }
    if (limited !== undefined) void this.#admitLimited(limited);
  }

  /**
   * Stops taking work, waits up to `timeoutMs` for what runs, hands the rest back without counting an attempt, and
   * gives up the lease.
   */
  drain(timeoutMs: number): Promise<void> {
    const { clock } = this.#parts;
    this.#drainBy = Math.min(this.#drainBy, clock.monotonic() + timeoutMs);
    if (this.#drained === undefined) this.#drained = this.#drain();
    // Told a second time, perhaps to be quicker about it.
    else clock.after(timeoutMs, () => this.#tellIdle());
    return this.#drained;
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    await this.#lease.draining().catch(() => {});
    await this.#consumption.stop();
    await this.#handBack(this.#types.unpark());
    if (this.#runs.size > 0) await this.#idleWithin(this.#drainBy - this.#parts.clock.monotonic());
    const left = [...this.#runs.values()].filter((run) => run.close());
    for (const run of left) {
      run.abort(new ApiumError("TASK_FENCED", "the worker is shutting down; the task was handed back"));
      await run.terminate?.(new ApiumError("TASK_FENCED")).catch(() => {});
    }
    await this.#handBack(left.map((run) => run.claimed));
    for (const run of left) run.span?.end("given back");
    // With the database away the last ends cannot be written; then the lease decides, as after a crash.
    const written = new AbortController();
    const drained = this.#settlement.drained().then(() => written.abort());
    await Promise.race([drained, sleep(this.#parts.clock, WRITE_LAST_ENDS_MS, written.signal)]);
    this.#cancelLimits();
    await this.#logs.stop(WRITE_LAST_LINES_MS);
    await this.#lostClaims.stop();
    // With its row goes the lease on whatever is still in its name.
    if (written.signal.aborted) await this.#lostClaims.look(true);
    await this.#lease.stop().catch((error: unknown) => this.#parts.log.warn("the worker's row stays behind", error));
  }

  async #handBack(tasks: readonly ClaimedTask[]): Promise<void> {
    await this.#settlement.handBack(tasks).catch((error: unknown) => {
      this.#parts.log.warn(`${tasks.length} tasks could not be handed back; their lease will decide`, error);
    });
  }

  async #giveBack(tasks: readonly ClaimedTask[]): Promise<void> {
    await this.#lostClaims.keep(tasks, this.#settlement.giveBack(tasks)).catch((error: unknown) => {
      this.#parts.log.error(`${tasks.length} tasks could not be given back; the look for lost claims will`, error);
    });
  }

  async #handBackLost(tasks: readonly HeldTask[]): Promise<void> {
    const back = await this.#settlement.handBack(tasks);
    for (const task of tasks) if (back.has(task.id)) this.#settlement.tell("rescued", task);
  }

  *#inHand(): Iterable<HeldTask> {
    for (const run of this.#runs.values()) yield run.claimed;
    yield* this.#types.parked();
  }

  async #admitLimited(limited: { claimed: ClaimedTask; rate: RateOf }[]): Promise<void> {
    try {
      const asking = passRateGate(this.#parts.database, this.#parts, limited);
      const tasks = limited.map(({ claimed }) => claimed);
      const { pass, kept, nextDue } = await this.#lostClaims.keep(tasks, asking);
      for (const claimed of pass) this.#admit(claimed, this.#parts.handlers.find(claimed.name));
      if (nextDue !== undefined) this.#parts.queue.expect(nextDue);
      this.#endRevoked(kept);
    } catch (error) {
      this.#parts.log.warn("rate limits could not be asked; the tasks go back", error);
      await this.#giveBack(limited.map(({ claimed }) => claimed));
    }
    this.#consumption.poke();
  }

  #admit(claimed: ClaimedTask, handler: TaskHandler | undefined): void {
    if (this.#lostClaims.isGiven(claimed)) return;
    if (handler === undefined) return this.#putAway(claimed, this.#settlement.refuseUnknown(claimed));
    const { concurrency } = handler.task.settings;
    const entry = concurrency === undefined ? "run" : this.#types.enter(claimed, concurrency);
    if (entry === "full") return this.#putAway(claimed, this.#settlement.putOff(claimed, PARK_ELSEWHERE_MS));
    if (entry === "parked") return;
    const limits = this.#steering.isPlain ? undefined : this.#steering.limits(claimed.name);
    this.#start(new Run(claimed, handler, this.#parts.clock.monotonic(), limits));
  }

  #putAway(claimed: ClaimedTask, away: Promise<void>): void {
    void this.#lostClaims.keep([claimed], away);
  }

  #start(run: Run): void {
    const { claimed, handler } = run;
    this.#runs.set(claimed.id, run);
    this.#settlement.tell("started", claimed);
    try {
      run.span = AttemptSpan.of(claimed, this.worker);
      const params = validateParams(handler.task, claimed.params);
      const work = () =>
        handler.isolation === undefined ? handler.run(params, this.#context(run)) : this.#isolate(run, params);
      const outcome = run.span === undefined ? inTraceOf(undefined, work) : run.span.run(work);
      if (outcome instanceof Promise) {
        outcome.then(
          (value) => this.#returned(run, value),
          (error) => this.#threw(run, error),
        );
      } else this.#returned(run, outcome);
    } catch (error) {
      this.#threw(run, error);
    }
  }

  #context(run: Run): ReturnType<typeof contextFor> {
    return contextFor(run, {
      ...this.#parts,
      now: () => this.#parts.clock.now(),
      keepMs: this.#settlement.keepMs(run),
      noteProgress: (fraction, message) => {
        const { id, attempt } = run.claimed;
        this.#progress.note({ id, attempt, fraction, message });
        this.#settlement.tell("progress", run.claimed, { progress: { fraction, message } });
      },
      attemptLog: () => this.#wordsOf(run),
    });
  }

  #wordsOf(run: Run): AttemptLog {
    const { claimed, handler } = run;
    const isSensitive = handler.task.settings.sensitive === true;
    run.words ??= new AttemptLog(claimed, isSensitive, this.#parts, this.#logs);
    return run.words;
  }

  #isolate(run: Run, params: unknown): Promise<unknown> {
    const { claimed, handler } = run;
    if (handler.isolation === undefined) throw new ApiumError("INTERNAL");
    const context = this.#context(run);
    const isolated = this.#parts.isolation[handler.isolation].run({
      module: handler.module,
      params,
      memoryLimitMb: handler.memoryLimitMb,
      task: {
        id: claimed.id,
        name: claimed.name,
        attempt: claimed.attempt,
        retries: claimed.retries,
        idempotencyKey: claimed.id,
        headers: claimed.headers ?? {},
      },
      onProgress: (fraction, message) => context.progress(fraction, message),
      onLine: (line) => this.#wordsOf(run).takeIn(line),
    });
    run.terminate = (error) => isolated.terminate(error);
    run.signal.addEventListener("abort", () => {
      const reason = run.aborted ?? new ApiumError("TASK_REVOKED");
      isolated.abort({ code: reason.code, message: reason.message });
    });
    const { commit } = handler;
    if (commit === undefined) return isolated.result;
    return isolated.result.then((result) => context.complete((tx) => commit(tx, result, params)));
  }

  #returned(run: Run, value: unknown): void {
    if (!run.close()) return this.#late(run);
    void this.#settlement.returned(run, value).then(() => this.#release(run));
  }

  #threw(run: Run, error: unknown): void {
    if (!run.close()) return this.#late(run);
    void this.#settlement.threw(run, error).then(() => this.#release(run));
  }

  #late({ claimed }: Run): void {
    const { id, attempt } = claimed;
    this.#parts.log.debug(`a late end of task ${id}, attempt ${attempt}, was ignored`, undefined, subjectOf(claimed));
  }

  #release(run: Run): void {
    const { id, name } = run.claimed;
    run.span?.end("given back");
    if (this.#runs.get(id) === run) this.#runs.delete(id);
    this.#progress.forget(id);
    const next = run.handler.task.settings.concurrency === undefined ? undefined : this.#types.leave(name);
    if (next !== undefined) this.#admit(next, run.handler);
    if (this.#runs.size === 0) this.#tellIdle();
    this.#consumption.poke();
  }

  #watchLimits(): void {
    this.#cancelLimits = detached(() =>
      this.#parts.clock.after(LIMITS_EVERY_MS, () => {
        this.#checkLimits();
        this.#watchLimits();
      }),
    );
  }

  #checkLimits(): void {
    const now = this.#parts.clock.monotonic();
    for (const run of this.#runs.values()) {
      const overdue = run.closed ? undefined : run.overdue(now);
      if (overdue === undefined) continue;
      if (overdue === "soft") run.abort(new ApiumError("SOFT_TIME_LIMIT"));
      else this.#cutOff(run, new ApiumError(overdue === "hard" ? "HARD_TIME_LIMIT" : "TASK_REVOKED"));
    }
  }

  /** Ends a run now: an isolated one is killed, an inline one is fenced off and may go on to no effect. */
  #cutOff(run: Run, error: ApiumError): void {
    if (!run.close()) return;
    run.abort(error);
    void (run.terminate?.(error) ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.#settlement.threw(run, error))
      .then(() => this.#release(run));
  }

  #revoked(id: string, attempt: number, revocation: Revocation): void {
    const run = this.#runs.get(id);
    if (run !== undefined && run.claimed.attempt === attempt) run.revoke(revocation, this.#parts.clock.monotonic());
    const parked = this.#types.remove(id, attempt);
    if (parked !== undefined) this.#endRevoked([parked]);
  }

  #endRevoked(tasks: readonly ClaimedTask[]): void {
    this.#lostClaims.keep(tasks, this.#settlement.endRevoked(tasks)).catch((error: unknown) => {
      this.#parts.log.warn(`the end of ${tasks.length} revoked tasks could not be written`, error);
    });
  }

  #lost(): void {
    for (const run of this.#runs.values()) {
      run.abort(new ApiumError("TASK_FENCED", "this worker's lease was lost; another attempt may have taken over"));
    }
    void this.#giveBack(this.#types.unpark());
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #idleWithin(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(timeoutMs, resolve);
      this.#idle.push(() => {
        cancel();
        resolve();
      });
    });
  }
}
