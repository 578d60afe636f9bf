// A caller for tests that runs what is enqueued at once, in this process, with the rules of the real thing: the same
// checks, JSON both ways, size limits, time limits, retry policy, joins. Delays pass on a virtual clock, so nothing
// waits. Left out, because they need other processes: queues and their order, rate limits, leases, revocation.
import type { Database } from "../../database/index.ts";
import { CHAIN, type ChainCall, GROUP } from "../caller/index.ts";
import { VirtualClock } from "../contract/clock.ts";
import { type Duration, durationMs } from "../contract/duration.ts";
import { ApiumError, messageOf } from "../contract/errors.ts";
import { type Foundation, foundation } from "../contract/foundation.ts";
import { type ChildFailurePolicy, type ChildOutcome, type JoinPlan, judgeJoin } from "../contract/join.ts";
import { canonicalJson, encodeResult } from "../contract/json.ts";
import type { Random } from "../contract/random.ts";
import { judge } from "../contract/retry-policy.ts";
import type { Routes } from "../contract/routes.ts";
import type { AcceptedTask, AnyTask, CallOptions, TaskCall, TaskCaller } from "../contract/task-definition.ts";
import { validateParams } from "../contract/task-definition.ts";
import { describeError } from "../contract/task-error.ts";
import type { FinalState } from "../contract/task-state.ts";
import { HandlerTable, type TaskContext, type TaskHandler } from "../worker/index.ts";
import type { IsolatedHandlerFunction } from "../worker/isolation/index.ts";
import { Run } from "../worker/run.ts";
import { eagerContext, type SettledBy } from "./eager-context.ts";
import { type EagerTask, LiveTask } from "./eager-task.ts";
import { type Intake, refuseIdentity, takeIn, takeInMany } from "./intake.ts";
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

interface Joined {
  readonly state: "SUCCESS" | "FAILURE";
  readonly result?: unknown;
  readonly error?: unknown;
}

export class EagerCaller implements TaskCaller {
  /** Every task that was accepted, in order; children and groups among them. */
  readonly accepted: EagerTask[] = [];
  readonly clock: VirtualClock;
  readonly #handlers = new HandlerTable();
  readonly #options: EagerOptions;
  readonly #parts: Foundation;
  readonly #routes: Routes;
  readonly #turns = new Turns();
  readonly #payloads = new Map<string, string>();
  readonly #keys = new Map<string, LiveTask>();

  constructor(options: EagerOptions) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock();
    this.#parts = foundation({
      clock: this.clock,
      ...(options.random === undefined ? {} : { random: options.random }),
    });
    this.#routes = options.routes ?? (() => undefined);
    for (const handler of options.handlers) this.#handlers.add(handler);
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
    const { taskId, uniqueKey } = options;
    if (taskId !== undefined) {
      const payload = `${placement.name}\n${canonicalJson(JSON.parse(text))}`;
      const before = this.#payloads.get(taskId);
      if (before !== undefined && before !== payload) throw new ApiumError("TASK_ID_CONFLICT");
      if (before !== undefined) return this.task(taskId);
      this.#payloads.set(taskId, payload);
    }
    const holder = uniqueKey === undefined ? undefined : this.#keys.get(uniqueKey);
    if (holder === undefined || holder.ended) return undefined;
    if (options.onConflict !== "throw") return holder;
    throw new ApiumError("UNIQUE_KEY_CONFLICT", undefined, { details: { taskId: holder.id } });
  }

  async #begin(intake: Intake): Promise<AcceptedTask> {
    const { tx } = intake;
    const task = this.#note(intake, null);
    const live = () => this.#inTurn(() => this.#live(task, intake));
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

  /** A task from its acceptance to its end. Never rejects. */
  async #live(task: LiveTask, intake: Intake): Promise<void> {
    const { dueAt, expiresAt } = intake.placement;
    if (dueAt !== undefined) await this.#until(dueAt);
    for (let retries = 0; ; retries++) {
      if (expiresAt !== undefined && expiresAt <= this.clock.now()) {
        task.state = "REVOKED";
        task.reason = "expired";
        return;
      }
      const run = this.#start(task, intake, retries);
      try {
        const settled = await this.#attempt(run, task);
        if (settled?.by === "children") {
          task.state = "WAITING";
          Object.assign(task, await this.#join(task, settled.calls, { kind: "all", ...settled }));
        } else {
          task.result = settled?.result;
          task.state = "SUCCESS";
        }
        return;
      } catch (error) {
        task.errors.push(error);
        const verdict = judge(error, run.policy(), retries, this.#parts.random);
        if (verdict.kind === "fail") {
          task.error = error;
          task.state = "FAILURE";
          return;
        }
        task.state = "RETRY";
        await this.#until(this.clock.now() + verdict.inMs);
      }
    }
  }

  #start(task: LiveTask, intake: Intake, retries: number): Run {
    const now = this.clock.now();
    const { name, queue, lane, priority, overrides } = intake.placement;
    task.state = "STARTED";
    task.startedAt.push(now);
    const claimed = {
      id: task.id,
      name,
      queue,
      lane,
      priority,
      attempt: retries + 1,
      retries,
      crashes: 0,
      params: JSON.parse(intake.text),
      overrides: overrides === undefined ? null : JSON.parse(overrides),
      headers: task.headers,
      parentId: task.parentId,
      keyed: intake.options.uniqueKey !== undefined,
      rateSlotAt: undefined,
    };
    return new Run(claimed, this.#handlerOf(intake.task), now);
  }

  /** How one attempt settled its task, results through JSON. @throws what it failed with. */
  async #attempt(run: Run, task: LiveTask): Promise<SettledBy> {
    let settled: SettledBy | undefined;
    const context = eagerContext(run, task, {
      database: this.#options.database,
      enqueue: (call, options) => this.enqueue(call.task, call.params, options),
      settle: (by) => {
        settled = by;
      },
    });
    const virtual = new VirtualRun(run, this.clock, durationMs(this.#options.patience ?? DEFAULT_PATIENCE_MS));
    try {
      const value = await virtual.execute(() => this.#handle(run, context));
      const { result } = run.handler.task;
      settled ??= { by: "complete", result: result === undefined ? value : result.parse(value) };
    } catch (error) {
      if (settled === undefined) throw error; // what was committed stands, whatever its handler does afterwards
    }
    return settled.by === "complete" ? { by: "complete", result: throughJson(settled.result) } : settled;
  }

  async #handle({ handler, claimed }: Run, context: TaskContext): Promise<unknown> {
    const params = validateParams(handler.task, claimed.params);
    if (handler.isolation === undefined) return handler.run(params, context);
    const { default: run } = (await import(handler.module)) as { default: IsolatedHandlerFunction };
    const { id, name, attempt, retries, idempotencyKey, headers, signal, progress } = context;
    const task = { id, name, attempt, retries, idempotencyKey, headers, signal, progress };
    const result = throughJson(await run(params, task));
    const { commit } = handler;
    return commit === undefined ? result : context.complete((tx) => commit(tx, result, params));
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
    await this.#inTurn(async () => void Object.assign(parent, await this.#join(parent, calls, plan)));
    this.#propagate(parent);
    return { id: parent.id, state: parent.state, queue: parent.queue, created: true };
  }

  /** Runs children until the join's verdict ends it. */
  async #join(parent: LiveTask, calls: readonly TaskCall[], plan: JoinPlan): Promise<Joined> {
    // A step that takes a result cannot be checked before it has it; everything else is checked before anything runs.
    const intakes = calls.map(({ task, params, options }, index) => {
      refuseIdentity(options, "children take neither taskId nor uniqueKey");
      const into = plan.kind === "chain" && index > 0 ? plan.steps[index]?.into : undefined;
      const take = (given: object) => this.#takeIn(task, { ...(params as object), ...given }, options ?? {});
      const checked = into === undefined ? take({}) : undefined;
      return (previous: unknown) => checked ?? take({ [into ?? ""]: previous });
    });
    const outcomes = plan.kind === "all" ? calls.map((_call, index) => unstarted(index)) : [unstarted(0)];
    let previous: unknown;
    let cause: unknown;
    for (let index = 0; ; index++) {
      const verdict = judgeJoin(plan, outcomes);
      if (verdict.kind === "succeed") return { state: "SUCCESS", result: throughJson(verdict.result ?? null) };
      if (verdict.kind === "fail") return { state: "FAILURE", error: childFailed(verdict.child, cause) };
      if (verdict.kind === "next") previous = verdict.previous;
      const intake = intakes[index]?.(previous);
      if (intake === undefined) throw new ApiumError("INTERNAL", "a join waits for a child that does not exist");
      const child = this.#note(intake, parent);
      await this.#live(child, intake);
      cause = child.error;
      outcomes[index] = outcomeOf(child, index);
    }
  }

  async #until(instant: number): Promise<void> {
    if (instant > this.clock.now()) await this.clock.advance(instant - this.clock.now());
  }
}

export function eagerCaller(options: EagerOptions): EagerCaller {
  return new EagerCaller(options);
}

function unstarted(index: number): ChildOutcome {
  return { index, id: "", state: null, result: null, error: null };
}

function outcomeOf({ id, state, result, error }: LiveTask, index: number): ChildOutcome {
  const told = error === undefined ? null : describeError(error);
  return { index, id, state: state as FinalState, result, error: told };
}

function childFailed({ index, id, state }: ChildOutcome, cause: unknown): ApiumError {
  const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new ApiumError("CHILD_FAILED", `child ${index} (${id}) ended in ${state}${why}`, { cause });
}

/** @throws ApiumError `RESULT_NOT_JSON`, `RESULT_TOO_LARGE`. */
function throughJson(value: unknown): unknown {
  const text = encodeResult(value);
  return text === undefined ? undefined : JSON.parse(text);
}
