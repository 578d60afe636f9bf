// A caller for tests that runs what is enqueued at once, in this process, with the rules of the real thing: the same
// checks, JSON both ways, size limits, time limits, retry policy, joins. Delays pass on a virtual clock, so nothing
// waits. Left out, because they need other processes: queues and their order, rate limits, leases, revocation.
import type { Database } from "../../database/index.ts";
import { CHAIN, type ChainCall, GROUP } from "../caller/index.ts";
import { VirtualClock } from "../contract/clock.ts";
import { type Duration, durationMs } from "../contract/duration.ts";
import { ApiumError, messageOf } from "../contract/errors.ts";
import { type Foundation, foundation } from "../contract/foundation.ts";
import type { ChildFailurePolicy, JoinPlan } from "../contract/join.ts";
import { canonicalJson } from "../contract/json.ts";
import type { Random } from "../contract/random.ts";
import type { Routes } from "../contract/routes.ts";
import type { AcceptedTask, AnyTask, CallOptions, TaskCall, TaskCaller } from "../contract/task-definition.ts";
import { describeError } from "../contract/task-error.ts";
import { HandlerTable, type TaskHandler } from "../worker/index.ts";
import { EagerLife } from "./eager-life.ts";
import { type EagerTask, LiveTask } from "./eager-task.ts";
import { type Intake, takeIn, takeInMany } from "./intake.ts";
import { Turns, VirtualRun } from "./virtual-run.ts";

const DEFAULT_PATIENCE_MS = 1_000;

export interface EagerOptions {
  readonly handlers: readonly TaskHandler[];
  /** Throw a task's error out of `enqueue` instead of only recording it (Celery's EAGER_PROPAGATES). */
  readonly rethrow?: boolean | undefined;
  /** For handlers that end with `complete`. */
  readonly database?: Database | undefined;
  readonly clock?: VirtualClock | undefined;
  readonly random?: Random | undefined;
  readonly routes?: Routes | undefined;
  /** Real time for a handler that waits for the real world, before virtual time moves on to its limits. Default 1s. */
  readonly patience?: Duration | undefined;
}

export class EagerCaller implements TaskCaller {
  /** Every task that was accepted, in order; children and groups among them. */
  readonly accepted: EagerTask[] = [];
  readonly clock: VirtualClock;
  readonly #handlers = new HandlerTable();
  readonly #options: EagerOptions;
  readonly #parts: Foundation;
  readonly #routes: Routes;
  readonly #life: EagerLife;
  readonly #turns = new Turns();
  readonly #payloads = new Map<string, string>();
  readonly #keys = new Map<string, LiveTask>();
  /** By the id or idempotency key that stands for them. */
  readonly #given = new Map<string, LiveTask>();

  constructor(options: EagerOptions) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock();
    this.#parts = foundation({
      clock: this.clock,
      ...(options.random === undefined ? {} : { random: options.random }),
    });
    this.#routes = options.routes ?? (() => undefined);
    for (const handler of options.handlers) this.#handlers.add(handler);
    this.#life = new EagerLife({
      clock: this.clock,
      random: this.#parts.random,
      database: options.database,
      patienceMs: durationMs(options.patience ?? DEFAULT_PATIENCE_MS),
      handlerOf: (task) => this.#handlerOf(task),
      takeIn: (call) => this.#takeIn(call.task, call.params, call.options ?? {}),
      note: (intake, parent) => this.#note(intake, parent),
      enqueue: (call, callOptions) => this.enqueue(call.task, call.params, callOptions),
    });
  }

  /** Runs the task to its end; with `tx`, once that has committed. @throws what the real caller throws, and `TASK_UNKNOWN`. */
  async enqueue(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<AcceptedTask> {
    const intake = this.#takeIn(task, params, options);
    const known = this.#known(intake);
    if (known !== undefined) return { id: known.id, state: known.state, queue: known.queue, created: false };
    return this.#begin(intake);
  }

  async enqueueMany(task: AnyTask, params: readonly unknown[], options: CallOptions = {}): Promise<AcceptedTask[]> {
    this.#handlerOf(task);
    const intakes = takeInMany(task, params, options, { clock: this.clock, routes: this.#routes });
    return Promise.all(intakes.map((intake) => this.#begin(intake)));
  }

  async callAndWait(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<unknown> {
    if (options.tx !== undefined) {
      throw new ApiumError("OPTIONS_INVALID", "a task cannot be waited for inside the transaction that enqueues it");
    }
    const { timeout, ...call } = options as CallOptions & { timeout?: Duration };
    const { id } = await this.enqueue(task, params, call);
    return this.result(id);
  }

  /** Enqueues and gives what became of it. */
  async run(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<EagerTask> {
    const { id } = await this.enqueue(task, params, options);
    return this.task(id);
  }

  /** Runs calls one by one; the group's result is the list of theirs. */
  async group(
    calls: readonly TaskCall[],
    options: { readonly onChildFailure?: ChildFailurePolicy } = {},
  ): Promise<AcceptedTask<unknown[]>> {
    return this.#parent(GROUP, { kind: "all", onChildFailure: options.onChildFailure ?? "fail" }, calls);
  }

  /** Runs calls one after the other; each may take the result of the one before into a parameter. */
  async chain(calls: readonly ChainCall[]): Promise<AcceptedTask> {
    if (calls.length === 0) throw new ApiumError("PARAMS_INVALID", "a chain needs at least one step");
    const steps = calls.map(({ task, params, into }) => ({ name: task.taskName, params, into }));
    return this.#parent(CHAIN, { kind: "chain", steps }, calls);
  }

  /** The result of a task that has ended. @throws ApiumError `TASK_FAILED`, `TASK_NOT_FOUND`, `TASK_NOT_FINISHED`. */
  result(id: string): unknown {
    const { state, reason, result, error } = this.task(id);
    if (state === "SUCCESS") return result ?? undefined;
    if (state !== "FAILURE" && state !== "REVOKED") throw new ApiumError("TASK_NOT_FINISHED");
    const why = error === undefined ? ` (${reason})` : `: ${messageOf(error)}`;
    throw new ApiumError("TASK_FAILED", `task ${id} ended in ${state}${why}`, {
      cause: error,
      details: { id, state, reason: reason ?? null, error: error === undefined ? null : describeError(error) },
    });
  }

  /** @throws ApiumError `TASK_NOT_FOUND`. */
  task(id: string): EagerTask {
    const found = this.accepted.find((task) => task.id === id);
    if (found === undefined) throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
    return found;
  }

  /** The task of this kind that was accepted last. */
  last(task: AnyTask): EagerTask | undefined {
    return this.accepted.findLast(({ name }) => name === task.taskName);
  }

  /** What ended in FAILURE, and would wait for somebody to look at it. */
  get deadLetters(): EagerTask[] {
    return this.accepted.filter(({ state }) => state === "FAILURE");
  }

  #takeIn(task: AnyTask, params: unknown, options: CallOptions): Intake {
    this.#handlerOf(task);
    return takeIn(task, params, options, { clock: this.clock, routes: this.#routes });
  }

  #handlerOf(task: AnyTask): TaskHandler {
    const handler = this.#handlers.find(task.taskName);
    if (handler === undefined) throw new ApiumError("TASK_UNKNOWN", `no handler was given for ${task.taskName}`);
    return handler;
  }

  /** The task that holds the given id or key already. @throws ApiumError `TASK_ID_CONFLICT`, `UNIQUE_KEY_CONFLICT`. */
  #known({ options, placement, text }: Intake): EagerTask | undefined {
    const { taskId, idempotencyKey, uniqueKey } = options;
    const given = taskId ?? idempotencyKey;
    const payload = `${placement.name}\n${canonicalJson(JSON.parse(text))}`;
    const before = given === undefined ? undefined : this.#payloads.get(given);
    if (before !== undefined && before !== payload) throw new ApiumError("TASK_ID_CONFLICT");
    if (given !== undefined && before !== undefined) return this.#given.get(given);
    const holder = uniqueKey === undefined ? undefined : this.#keys.get(uniqueKey);
    const isHeld = holder !== undefined && !holder.ended;
    if (isHeld && options.onConflict === "throw") {
      throw new ApiumError("UNIQUE_KEY_CONFLICT", undefined, { details: { taskId: holder.id } });
    }
    if (given !== undefined) this.#payloads.set(given, payload);
    if (!isHeld) return undefined;
    if (given !== undefined) this.#given.set(given, holder);
    return holder;
  }

  async #begin(intake: Intake): Promise<AcceptedTask> {
    const { tx } = intake;
    const task = this.#note(intake, null);
    const live = () => this.#inTurn(() => this.#life.live(task, intake));
    if (tx !== undefined) tx.afterCommit(live);
    else {
      await live();
      this.#propagate(task);
    }
    return { id: task.id, state: task.state, queue: task.queue, created: true };
  }

  #note({ placement, text, options }: Intake, parent: LiveTask | null): LiveTask {
    const { name, queue, state } = placement;
    const task = new LiveTask({
      id: options.taskId ?? this.#parts.newId(),
      name,
      queue,
      state,
      params: JSON.parse(text),
      headers: { ...parent?.headers, ...options.headers },
      parentId: parent?.id ?? null,
    });
    if (options.uniqueKey !== undefined) this.#keys.set(options.uniqueKey, task);
    const given = options.taskId ?? options.idempotencyKey;
    if (given !== undefined) this.#given.set(given, task);
    this.accepted.push(task);
    return task;
  }

  /** What a handler enqueues runs within its run; everything else one after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const around = VirtualRun.current();
    return around === undefined || around.run.closed ? this.#turns.take(work) : around.aside(work);
  }

  #propagate(task: EagerTask): void {
    if (this.#options.rethrow && task.state === "FAILURE") throw task.error;
  }

  async #parent<Result>(name: string, plan: JoinPlan, calls: readonly TaskCall[]): Promise<AcceptedTask<Result>> {
    for (const { task } of calls) this.#handlerOf(task);
    const parent = new LiveTask({
      id: this.#parts.newId(),
      name,
      queue: "default",
      params: {},
      headers: {},
      parentId: null,
      state: "WAITING",
    });
    this.accepted.push(parent);
    await this.#inTurn(async () => void Object.assign(parent, await this.#life.join(parent, calls, plan)));
    this.#propagate(parent);
    return { id: parent.id, state: parent.state, queue: parent.queue, created: true };
  }
}

export function eagerCaller(options: EagerOptions): EagerCaller {
  return new EagerCaller(options);
}
