// The life of a task under the eager caller, from its acceptance to its end: its delay, its attempts one after the
// other, its children. What happens after each step is decided by the runtime's own rules; here time passes.
import type { Database } from "../../database/index.ts";
import type { VirtualClock } from "../contract/clock.ts";
import { ApiumError, messageOf } from "../contract/errors.ts";
import { type ChildOutcome, type JoinPlan, judgeJoin } from "../contract/join.ts";
import { encodeResult } from "../contract/json.ts";
import type { Random } from "../contract/random.ts";
import { judge } from "../contract/retry-policy.ts";
import type { AnyTask, TaskCall } from "../contract/task-definition.ts";
import { validateParams } from "../contract/task-definition.ts";
import { describeError } from "../contract/task-error.ts";
import type { FinalState } from "../contract/task-state.ts";
import type { TaskContext, TaskHandler } from "../worker/index.ts";
import type { IsolatedHandlerFunction } from "../worker/isolation/index.ts";
import { Run } from "../worker/run.ts";
import { type ContextNeeds, eagerContext, type SettledBy } from "./eager-context.ts";
import type { LiveTask } from "./eager-task.ts";
import { type Intake, refuseIdentity } from "./intake.ts";
import { VirtualRun } from "./virtual-run.ts";

export interface LifeNeeds {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly database: Database | undefined;
  readonly patienceMs: number;
  readonly handlerOf: (task: AnyTask) => TaskHandler;
  readonly takeIn: (call: TaskCall) => Intake;
  readonly note: (intake: Intake, parent: LiveTask) => LiveTask;
  readonly enqueue: ContextNeeds["enqueue"];
}

interface Joined {
  readonly state: "SUCCESS" | "FAILURE";
  readonly result?: unknown;
  readonly error?: unknown;
}

export class EagerLife {
  readonly #needs: LifeNeeds;

  constructor(needs: LifeNeeds) {
    this.#needs = needs;
  }

  /** A task from its acceptance to its end. Never rejects. */
  async live(task: LiveTask, intake: Intake): Promise<void> {
    const { dueAt, expiresAt } = intake.placement;
    if (dueAt !== undefined) await this.#until(dueAt);
    for (let retries = 0; ; retries++) {
      if (expiresAt !== undefined && expiresAt <= this.#needs.clock.now()) {
        task.state = "REVOKED";
        task.reason = "expired";
        return;
      }
      const run = this.#start(task, intake, retries);
      try {
        const settled = await this.#attempt(run, task);
        if (settled?.by === "children") {
          task.state = "WAITING";
          Object.assign(task, await this.join(task, settled.calls, { kind: "all", ...settled }));
        } else {
          task.result = settled?.result;
          task.state = "SUCCESS";
        }
        return;
      } catch (error) {
        task.errors.push(error);
        const verdict = judge(error, run.policy(), retries, this.#needs.random);
        if (verdict.kind === "fail") {
          task.error = error;
          task.state = "FAILURE";
          return;
        }
        task.state = "RETRY";
        await this.#until(this.#needs.clock.now() + verdict.inMs);
      }
    }
  }

  #start(task: LiveTask, intake: Intake, retries: number): Run {
    const now = this.#needs.clock.now();
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
    return new Run(claimed, this.#needs.handlerOf(intake.task), now);
  }

  /** How one attempt settled its task, results through JSON. @throws what it failed with. */
  async #attempt(run: Run, task: LiveTask): Promise<SettledBy> {
    let settled: SettledBy | undefined;
    const context = eagerContext(run, task, {
      database: this.#needs.database,
      enqueue: this.#needs.enqueue,
      settle: (by) => {
        settled = by;
      },
    });
    const virtual = new VirtualRun(run, this.#needs.clock, this.#needs.patienceMs);
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
    const { id, name, attempt, retries, idempotencyKey, headers, signal, progress, log } = context;
    const task = { id, name, attempt, retries, idempotencyKey, headers, signal, progress, log };
    const result = throughJson(await run(params, task));
    const { commit } = handler;
    return commit === undefined ? result : context.complete((tx) => commit(tx, result, params));
  }

  /** Runs children until the join's verdict ends it. */
  async join(parent: LiveTask, calls: readonly TaskCall[], plan: JoinPlan): Promise<Joined> {
    // A step that takes a result cannot be checked before it has it; everything else is checked before anything runs.
    const intakes = calls.map(({ task, params, options }, index) => {
      refuseIdentity(options, "children take neither taskId nor idempotencyKey nor uniqueKey");
      const into = plan.kind === "chain" && index > 0 ? plan.steps[index]?.into : undefined;
      const take = (given: object) =>
        this.#needs.takeIn({ task, params: { ...(params as object), ...given }, options });
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
      const child = this.#needs.note(intake, parent);
      await this.live(child, intake);
      cause = child.error;
      outcomes[index] = outcomeOf(child, index);
    }
  }

  async #until(instant: number): Promise<void> {
    if (instant > this.#needs.clock.now()) await this.#needs.clock.advance(instant - this.#needs.clock.now());
  }
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
