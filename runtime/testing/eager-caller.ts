// A caller for tests that runs what is enqueued at once, in this process, with the rules of the real thing: the same
// checks, JSON both ways, size limits, time limits, retry policy. Delays pass on a virtual clock, so nothing waits.
import type { Database } from "../../database/index.ts";
import { paramsText } from "../caller/index.ts";
import { SystemClock, VirtualClock } from "../contract/clock.ts";
import { durationMs } from "../contract/duration.ts";
import { parseEnqueueOptions, resolveOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import { type Foundation, foundation } from "../contract/foundation.ts";
import { encodeResult } from "../contract/json.ts";
import { silentLog } from "../contract/log.ts";
import { judge, retryPolicy } from "../contract/retry-policy.ts";
import type { AcceptedTask, AnyTask, CallOptions, TaskCall, TaskCaller } from "../contract/task-definition.ts";
import { validateParams } from "../contract/task-definition.ts";
import { DEFAULT_TIME_LIMIT_MS, type InlineHandler, type TaskContext } from "../worker/index.ts";

export interface EagerOptions {
  readonly handlers: readonly InlineHandler[];
  /** Throw a task's error out of `enqueue` instead of only recording it (Celery's EAGER_PROPAGATES). */
  readonly rethrow?: boolean | undefined;
  /** For handlers that end with `complete`. */
  readonly database?: Database | undefined;
  readonly clock?: VirtualClock | undefined;
}

export interface EagerTask {
  readonly id: string;
  readonly name: string;
  readonly state: "SUCCESS" | "FAILURE";
  readonly params: unknown;
  readonly result: unknown;
  /** The errors of the attempts that failed, in order. */
  readonly errors: readonly unknown[];
  /** When each attempt began, on the virtual clock. */
  readonly startedAt: readonly number[];
}

export class EagerCaller implements TaskCaller {
  readonly tasks: EagerTask[] = [];
  readonly clock: VirtualClock;
  readonly #handlers: ReadonlyMap<string, InlineHandler>;
  readonly #options: EagerOptions;
  readonly #parts: Foundation;
  /** Limits are of real time: a handler that hangs, hangs on the wall. */
  readonly #wall = new SystemClock();

  constructor(options: EagerOptions) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock();
    this.#parts = foundation({ clock: this.clock });
    this.#handlers = new Map(options.handlers.map((handler) => [handler.task.taskName, handler]));
  }

  async enqueue(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<AcceptedTask> {
    const ran = await this.#run(task, params, options);
    return { id: ran.id, state: ran.state, queue: options.queue ?? task.settings.queue ?? "default", created: true };
  }

  async enqueueMany(task: AnyTask, params: readonly unknown[], options?: CallOptions): Promise<AcceptedTask[]> {
    for (const item of params) paramsText(task, item); // all or none
    const accepted: AcceptedTask[] = [];
    for (const item of params) accepted.push(await this.enqueue(task, item, options));
    return accepted;
  }

  async callAndWait(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<unknown> {
    const ran = await this.#run(task, params, options);
    if (ran.state === "SUCCESS") return ran.result;
    throw new ApiumError("TASK_FAILED", `${task.taskName} failed`, { cause: ran.errors.at(-1) });
  }

  /** The last run of a task. */
  last(task: AnyTask): EagerTask | undefined {
    return this.tasks.findLast(({ name }) => name === task.taskName);
  }

  async #run(task: AnyTask, params: unknown, options: CallOptions): Promise<EagerTask> {
    const { tx, ...given } = options;
    const checked = parseEnqueueOptions(given);
    const text = paramsText(task, params);
    const handler = this.#handlers.get(task.taskName);
    if (handler === undefined) throw new ApiumError("TASK_UNKNOWN", `no handler was given for ${task.taskName}`);
    const { dueAt } = resolveOptions(checked, this.clock.now());
    if (dueAt !== undefined) await this.clock.advance(dueAt - this.clock.now());
    const policy = retryPolicy(task.settings, checked);
    const id = checked.taskId ?? this.#parts.newId();
    const errors: unknown[] = [];
    const startedAt: number[] = [];
    for (let retries = 0; ; retries++) {
      startedAt.push(this.clock.now());
      try {
        const value = await this.#attempt(handler, JSON.parse(text), { id, retries, task, options: checked });
        return this.#record({
          id,
          name: task.taskName,
          state: "SUCCESS",
          params: JSON.parse(text),
          result: value,
          errors,
          startedAt,
        });
      } catch (error) {
        errors.push(error);
        const verdict = judge(error, policy, retries, this.#parts.random);
        if (verdict.kind === "retry") {
          await this.clock.advance(verdict.inMs);
          continue;
        }
        this.#record({
          id,
          name: task.taskName,
          state: "FAILURE",
          params: JSON.parse(text),
          result: undefined,
          errors,
          startedAt,
        });
        if (this.#options.rethrow) throw error;
        return this.tasks.at(-1) as EagerTask;
      }
    }
  }

  #record(ran: EagerTask): EagerTask {
    this.tasks.push(ran);
    return ran;
  }

  async #attempt(
    handler: InlineHandler,
    params: unknown,
    run: { readonly id: string; readonly retries: number; readonly task: AnyTask; readonly options: CallOptions },
  ): Promise<unknown> {
    const { settings } = run.task;
    const controller = new AbortController();
    const soft = run.options.softTimeLimit ?? settings.softTimeLimit;
    const hard = durationMs(run.options.timeLimit ?? settings.timeLimit ?? DEFAULT_TIME_LIMIT_MS);
    const cancels = [
      ...(soft === undefined
        ? []
        : [this.#wall.after(durationMs(soft), () => controller.abort(new ApiumError("SOFT_TIME_LIMIT")))]),
    ];
    const overdue = new Promise<never>((_resolve, reject) => {
      cancels.push(this.#wall.after(hard, () => reject(new ApiumError("HARD_TIME_LIMIT"))));
    });
    try {
      const work = Promise.resolve(
        handler.run(validateParams(run.task, params), this.#context(run, controller.signal)),
      );
      const value = unsettle(await Promise.race([work, overdue]));
      const checked = run.task.result === undefined ? value : run.task.result.parse(value);
      const text = encodeResult(checked);
      return text === undefined ? undefined : JSON.parse(text);
    } finally {
      for (const cancel of cancels) cancel();
    }
  }

  #context(
    run: { readonly id: string; readonly retries: number; readonly task: AnyTask; readonly options: CallOptions },
    signal: AbortSignal,
  ): TaskContext {
    return {
      id: run.id,
      name: run.task.taskName,
      queue: run.options.queue ?? run.task.settings.queue ?? "default",
      priority: run.options.priority ?? run.task.settings.priority ?? 5,
      attempt: run.retries + 1,
      retries: run.retries,
      headers: run.options.headers ?? {},
      parentId: null,
      idempotencyKey: run.id,
      signal,
      log: silentLog,
      progress() {},
      complete: async (work) => {
        const { database } = this.#options;
        if (database === undefined) {
          throw new ApiumError(
            "DEFINITION_INVALID",
            "a handler that ends with complete needs eagerCaller({ database })",
          );
        }
        return { settled: true, result: await database.transaction(work) };
      },
      waitFor: async (children, options) => ({
        settled: true,
        result: await this.#children(children, options?.onChildFailure ?? "fail"),
      }),
      enqueue: (call, options) => this.enqueue(call.task, call.params, { ...call.options, ...options }),
    };
  }

  async #children(children: readonly TaskCall[], onChildFailure: "fail" | "continue"): Promise<unknown[]> {
    const results: unknown[] = [];
    for (const { task, params, options } of children) {
      const ran = await this.#run(task, params, options ?? {});
      if (onChildFailure === "continue") results.push({ state: ran.state, result: ran.result });
      else if (ran.state === "SUCCESS") results.push(ran.result);
      else
        throw new ApiumError("CHILD_FAILED", `child ${results.length} (${task.taskName}) failed`, {
          cause: ran.errors.at(-1),
        });
    }
    return results;
  }
}

export function eagerCaller(options: EagerOptions): EagerCaller {
  return new EagerCaller(options);
}

function unsettle(value: unknown): unknown {
  const isSettled = typeof value === "object" && value !== null && "settled" in value && value.settled === true;
  return isSettled ? (value as { result?: unknown }).result : value;
}
