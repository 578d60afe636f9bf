// A task as its author defines it and its callers import it: a name, a schema, defaults. It is a function with
// properties, because Moleculer deep-clones service schemas and functions survive that.
//
// A definition knows nothing of queues or databases. Whoever enqueues hands it a `TaskCaller`: the runtime, a
// Moleculer context or service, or a recording stand-in of the test kit.
import type { z } from "zod";
import type { Duration } from "./duration.ts";
import { durationMs } from "./duration.ts";
import type { EnqueueOptions } from "./enqueue-options.ts";
import { ApiumError, messageOf } from "./errors.ts";
import { queueNamed } from "./queues.ts";
import { parseRate } from "./rate.ts";
import type { Backoff, ErrorNames } from "./retry-policy.ts";
import type { TaskState } from "./task-state.ts";

export interface TaskSettings {
  readonly queue?: string | undefined;
  /** 0–9, 9 first. Default 5. */
  readonly priority?: number | undefined;
  /** Attempts after the first that failed. Default 3. */
  readonly maxRetries?: number | undefined;
  /** Delay before the first retry. Default 10s. */
  readonly retryDelay?: Duration | undefined;
  /** Growing delays. Default none: each delay is `retryDelay`. */
  readonly backoff?: Backoff | boolean | undefined;
  /** Only these errors are retried (class names or codes). Default all. */
  readonly retryFor?: ErrorNames | undefined;
  /** These errors are never retried. */
  readonly noRetryFor?: ErrorNames | undefined;
  /** After this the handler's signal aborts. Default none. */
  readonly softTimeLimit?: Duration | undefined;
  /** After this the attempt is ended. Default 1h. */
  readonly timeLimit?: Duration | undefined;
  /** A task not started this long after its acceptance (or due time) ends REVOKED (expired). Default never. */
  readonly expires?: Duration | undefined;
  /** How long the result is kept. Default RESULT_EXPIRES. */
  readonly resultExpires?: Duration | undefined;
  /** Starts per unit of time over the whole cluster, for example "10/m". */
  readonly rateLimit?: string | undefined;
  /** How many run at once in one worker process. Default its concurrency. */
  readonly concurrency?: number | undefined;
  /** How often the worker under it may die before the task is a dead letter. Default 3. */
  readonly maxCrashes?: number | undefined;
  /** Parameters are not shown in events, logs and lists. */
  readonly sensitive?: boolean | undefined;
}

export interface TaskOptions<Params extends z.ZodType, Result extends z.ZodType> extends TaskSettings {
  readonly name: string;
  /** What it does, in a sentence: for lists and references. */
  readonly summary?: string;
  readonly params: Params;
  /** Checked at the worker before the result is kept. Default: any JSON. */
  readonly result?: Result;
  /** The part of a rate limit's key that comes from the parameters (for example the tenant). */
  readonly rateLimitKey?: ((params: z.output<Params>) => string) | undefined;
}

/** A handle on an accepted task. */
export interface AcceptedTask<Result = unknown> {
  readonly id: string;
  readonly state: TaskState;
  readonly queue: string;
  /** False when an equal task was accepted earlier (same taskId or idempotencyKey, or the holder of the uniqueKey). */
  readonly created: boolean;
  /** Carries the result's type; never present at run time. */
  readonly __result?: Result;
}

/** A transaction of `database/`, seen from here only as something to hand through. */
export interface TransactionHandle {
  readonly isTransaction: true;
}

export type CallOptions = EnqueueOptions & { readonly tx?: TransactionHandle | undefined };
export type WaitOptions = CallOptions & {
  /** How long to wait for the end. Default 30s. */
  readonly timeout?: Duration | undefined;
};

/** Whoever can take a task off the caller's hands. */
export interface TaskCaller {
  enqueue(task: AnyTask, params: unknown, options?: CallOptions): Promise<AcceptedTask>;
  enqueueMany(task: AnyTask, params: readonly unknown[], options?: CallOptions): Promise<AcceptedTask[]>;
  callAndWait(task: AnyTask, params: unknown, options?: WaitOptions): Promise<unknown>;
}

/** Where a broker keeps its caller. */
export const CALLER: unique symbol = Symbol("apium.caller");

/** Something that leads to a `TaskCaller`: a Moleculer context, service or broker, or the caller itself. */
export type CallerSource = TaskCaller | { readonly broker: unknown } | { readonly [CALLER]?: TaskCaller };

export interface Task<Params extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  /** Accepts one task. Returns once its row is committed (or, with `tx`, once it is part of the transaction). */
  enqueue(
    caller: CallerSource,
    params: z.input<Params>,
    options?: CallOptions,
  ): Promise<AcceptedTask<z.output<Result>>>;
  /** Accepts many tasks of one kind in one statement per thousand; all or none. */
  enqueueMany(
    caller: CallerSource,
    params: readonly z.input<Params>[],
    options?: CallOptions,
  ): Promise<AcceptedTask<z.output<Result>>[]>;
  /**
   * Enqueues and waits for the result.
   * @throws ApiumError `WAIT_TIMEOUT` (the task goes on), `TASK_FAILED` when it ended in FAILURE or REVOKED.
   */
  callAndWait(caller: CallerSource, params: z.input<Params>, options?: WaitOptions): Promise<z.output<Result>>;
  /** A step or child for groups, chains and chunks. */
  with(params: z.input<Params>, options?: EnqueueOptions): TaskCall;
  readonly taskName: string;
  readonly summary: string | undefined;
  readonly params: Params;
  readonly result: Result | undefined;
  readonly settings: TaskSettings;
  readonly rateLimitKey: ((params: z.output<Params>) => string) | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the registry holds tasks of every shape; `any` is what erases them.
export type AnyTask = Task<any, any>;

/** One call of a task as data: what groups, chains and chunks are made of. */
export interface TaskCall {
  readonly task: AnyTask;
  readonly params: unknown;
  readonly options: EnqueueOptions | undefined;
}

/** Finds the caller behind a Moleculer context, service or broker. @throws ApiumError `DEFINITION_INVALID`. */
export function callerOf(source: CallerSource): TaskCaller {
  if ("enqueueMany" in source) return source;
  const broker = "broker" in source ? (source.broker as { [CALLER]?: TaskCaller } | undefined) : source;
  const caller = broker?.[CALLER];
  if (caller === undefined) {
    throw new ApiumError(
      "DEFINITION_INVALID",
      "this broker has no task runtime: add TasksMiddleware to its middlewares",
    );
  }
  return caller;
}

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/;

/**
 * Defines a task. Nothing connects and nothing is registered by defining.
 * @throws ApiumError `DEFINITION_INVALID` naming what is wrong.
 */
export function defineTask<Params extends z.ZodType, Result extends z.ZodType = z.ZodType<unknown>>(
  options: TaskOptions<Params, Result>,
): Task<Params, Result> {
  checkDefinition(options);
  const { name, summary, params, result, rateLimitKey, ...settings } = options;
  const properties = {
    taskName: name,
    summary,
    params,
    result,
    settings,
    rateLimitKey,
    with: (input: z.input<Params>, callOptions?: EnqueueOptions): TaskCall => ({
      task,
      params: input,
      options: callOptions,
    }),
    enqueue: (caller: CallerSource, input: z.input<Params>, callOptions?: CallOptions) =>
      callerOf(caller).enqueue(task, input, callOptions),
    enqueueMany: (caller: CallerSource, inputs: readonly z.input<Params>[], callOptions?: CallOptions) =>
      callerOf(caller).enqueueMany(task, inputs, callOptions),
    callAndWait: (caller: CallerSource, input: z.input<Params>, waitOptions?: WaitOptions) =>
      callerOf(caller).callAndWait(task, input, waitOptions) as Promise<z.output<Result>>,
  };
  const task = Object.assign(() => name, properties) as unknown as Task<Params, Result>;
  return task;
}

function checkDefinition(options: TaskOptions<z.ZodType, z.ZodType>): void {
  const wrong = (message: string): never => {
    throw new ApiumError("DEFINITION_INVALID", `task "${options.name}": ${message}`);
  };
  if (!NAME.test(options.name)) wrong("a name has letters, digits, _ . - (at most 100) and begins with a letter");
  try {
    if (options.queue !== undefined) queueNamed(options.queue);
    if (options.rateLimit !== undefined) parseRate(options.rateLimit);
    const soft = options.softTimeLimit === undefined ? undefined : durationMs(options.softTimeLimit);
    const hard = options.timeLimit === undefined ? undefined : durationMs(options.timeLimit);
    if (soft !== undefined && hard !== undefined && soft >= hard) wrong("softTimeLimit must be below timeLimit");
    const slowest = typeof options.backoff === "object" ? options.backoff.max : undefined;
    for (const duration of [options.retryDelay, options.expires, options.resultExpires, slowest]) {
      if (duration !== undefined) durationMs(duration);
    }
  } catch (error) {
    if (error instanceof ApiumError && error.code === "DEFINITION_INVALID") throw error;
    wrong(messageOf(error));
  }
  const { priority, maxRetries, concurrency } = options;
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 9))
    wrong("priority is 0–9");
  if (maxRetries !== undefined && !(Number.isInteger(maxRetries) && maxRetries >= 0)) wrong("maxRetries is 0 or more");
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0))
    wrong("concurrency is 1 or more");
}

/** Checks parameters against the task's schema. @throws ApiumError `PARAMS_INVALID` with the fields named. */
export function validateParams<Params extends z.ZodType>(
  task: Task<Params, z.ZodType>,
  params: unknown,
): z.output<Params> {
  const parsed = task.params.safeParse(params ?? {});
  if (parsed.success) return parsed.data as z.output<Params>;
  throw new ApiumError("PARAMS_INVALID", `the parameters of ${task.taskName} are not valid`, {
    fields: parsed.error.issues.map((issue) => ({
      field: ["params", ...issue.path.map(String)].join("."),
      message: issue.message,
    })),
  });
}
