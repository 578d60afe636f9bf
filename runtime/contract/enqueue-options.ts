// What a caller may say about one task, checked once at the door.
import { z } from "zod";
import type { Duration } from "./duration.ts";
import { durationMs, isDuration } from "./duration.ts";
import { ApiumError } from "./errors.ts";
import { instantSchema } from "./instant.ts";
import { queueNamed } from "./queues.ts";
import type { Backoff } from "./retry-policy.ts";
import { isTaskId } from "./task-id.ts";

export interface EnqueueOptions {
  /** Start no earlier than this long from now. */
  readonly countdown?: Duration | undefined;
  /** Start no earlier than this instant. */
  readonly eta?: Date | string | undefined;
  /** Do not start later than this long from now, or than this instant: it ends REVOKED (expired). */
  readonly expires?: Duration | Date | undefined;
  /** 0–9, 9 first; default the task's, else 5. */
  readonly priority?: number | undefined;
  /** One of the queues; default the task's, else the route's, else `default`. */
  readonly queue?: string | undefined;
  /** A UUID. The same id with the same payload gives the same task; another payload is a conflict. */
  readonly taskId?: string | undefined;
  /**
   * The same key with the same payload gives the same task, finished or not, for as long as the history is kept; another
   * payload is a conflict. As `taskId`, for callers who have a name for what they want and no UUID.
   */
  readonly idempotencyKey?: string | undefined;
  /** At most one unfinished task holds this key. */
  readonly uniqueKey?: string | undefined;
  /** What to do when the key is held: give back the holder (default) or throw `UNIQUE_KEY_CONFLICT`. */
  readonly onConflict?: "return" | "throw" | undefined;
  readonly maxRetries?: number | undefined;
  readonly retryDelay?: Duration | undefined;
  readonly backoff?: Backoff | boolean | undefined;
  readonly softTimeLimit?: Duration | undefined;
  readonly timeLimit?: Duration | undefined;
  /** How long the result is kept; default RESULT_EXPIRES. */
  readonly resultExpires?: Duration | undefined;
  /** Text that travels with the task: correlation id, tenant, trace context. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const duration = z.union([z.number(), z.string()]).refine(isDuration, "must be a duration such as 30s or milliseconds");
const instant = z
  .union([z.date(), z.string()])
  .refine((value) => instantSchema.safeParse(new Date(value)).success, "must be an ISO 8601 instant, 1900 to 9999");
/** Text as PostgreSQL keeps it: no NUL, and no half of a surrogate pair, which it would get as another character. */
const text = z.string().refine((value) => !value.includes("\0") && value.isWellFormed(), {
  message: "must be Unicode text without NUL",
});

export const enqueueOptionsSchema = z
  .strictObject({
    countdown: duration.optional(),
    eta: instant.optional(),
    expires: z.union([duration, instant]).optional(),
    priority: z.number().int().min(0).max(9).optional(),
    queue: z.string().optional(),
    taskId: z.string().toLowerCase().refine(isTaskId, "must be a UUID").optional(),
    idempotencyKey: text.min(1).max(500).optional(),
    uniqueKey: text.min(1).max(500).optional(),
    onConflict: z.enum(["return", "throw"]).optional(),
    maxRetries: z.number().int().min(0).max(10_000).optional(),
    retryDelay: duration.optional(),
    backoff: z
      .union([
        z.boolean(),
        z.strictObject({
          factor: z.number().min(1).max(100).optional(),
          max: duration.optional(),
          jitter: z.number().min(0).max(1).optional(),
        }),
      ])
      .optional(),
    softTimeLimit: duration.optional(),
    timeLimit: duration.optional(),
    resultExpires: duration.optional(),
    headers: z
      .record(text.min(1).max(100), text.max(2_000))
      .refine((headers) => Object.keys(headers).length <= 32, "must not hold more than 32 headers")
      .optional(),
  })
  .refine((options) => options.countdown === undefined || options.eta === undefined, {
    path: ["countdown"],
    message: "must not be given together with eta",
  })
  .refine((options) => options.taskId === undefined || options.idempotencyKey === undefined, {
    path: ["idempotencyKey"],
    message: "must not be given together with taskId",
  });

/** How often the worker under a task may die before the task is poison, where its definition does not say. */
export const DEFAULT_MAX_CRASHES = 3;

/** What stays with the task until its worker, or its rescuer, reads it. */
export interface TaskOverrides {
  readonly maxRetries?: number | undefined;
  readonly retryDelay?: Duration | undefined;
  readonly backoff?: Backoff | boolean | undefined;
  readonly softTimeLimit?: Duration | undefined;
  readonly timeLimit?: Duration | undefined;
  readonly resultExpires?: Duration | undefined;
  /** Of the definition, where it is not the default: a rescuer need not know the task. */
  readonly maxCrashes?: number | undefined;
}

const OVERRIDES = ["maxRetries", "retryDelay", "backoff", "softTimeLimit", "timeLimit", "resultExpires"] as const;

export interface ResolvedOptions {
  readonly dueAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly queue: string | undefined;
  readonly overrides: TaskOverrides | undefined;
}

/** Checks options from outside. @throws ApiumError `OPTIONS_INVALID` with the fields named. */
export function parseEnqueueOptions(options: unknown): EnqueueOptions {
  const parsed = enqueueOptionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new ApiumError("OPTIONS_INVALID", "the options are not valid", {
    fields: parsed.error.issues.map((issue) => ({
      field: ["options", ...issue.path].join("."),
      message: issue.message,
    })),
  });
}

/**
 * Turns relative times into instants and names into queues; `maxCrashes` is the task's own.
 * @throws ApiumError `QUEUE_UNKNOWN`.
 */
export function resolveOptions(
  options: EnqueueOptions,
  now: number,
  { maxCrashes }: Pick<TaskOverrides, "maxCrashes"> = {},
): ResolvedOptions {
  const dueAt =
    options.eta !== undefined
      ? new Date(options.eta).getTime()
      : options.countdown !== undefined
        ? now + durationMs(options.countdown)
        : undefined;
  return {
    dueAt: dueAt !== undefined && dueAt > now ? dueAt : undefined,
    expiresAt: options.expires === undefined ? undefined : expiryAt(options.expires, now),
    queue: options.queue === undefined ? undefined : queueNamed(options.queue),
    overrides: overridesOf(options, maxCrashes),
  };
}

function overridesOf(options: EnqueueOptions, maxCrashes = DEFAULT_MAX_CRASHES): TaskOverrides | undefined {
  const given = OVERRIDES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]] as const);
  const own = maxCrashes === DEFAULT_MAX_CRASHES ? [] : [["maxCrashes", maxCrashes] as const];
  return given.length + own.length === 0 ? undefined : Object.fromEntries([...given, ...own]);
}

function expiryAt(expires: Duration | Date, now: number): number {
  if (expires instanceof Date) return expires.getTime();
  return isDuration(expires) ? now + durationMs(expires) : new Date(expires).getTime();
}
