// What a caller may say about one task, checked once at the door.
import { z } from "zod";
import type { Duration } from "./duration.ts";
import { durationMs, isDuration } from "./duration.ts";
import { ApiumError } from "./errors.ts";
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
const instant = z.union([z.date(), z.string()]).refine((value) => !Number.isNaN(new Date(value).getTime()), {
  message: "must be an ISO 8601 instant",
});

export const enqueueOptionsSchema = z
  .strictObject({
    countdown: duration.optional(),
    eta: instant.optional(),
    expires: z.union([duration, instant]).optional(),
    priority: z.number().int().min(0).max(9).optional(),
    queue: z.string().optional(),
    taskId: z.string().toLowerCase().refine(isTaskId, "must be a UUID").optional(),
    uniqueKey: z.string().min(1).max(500).optional(),
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
      .record(z.string().min(1).max(100), z.string().max(2_000))
      .refine((headers) => Object.keys(headers).length <= 32, "must not hold more than 32 headers")
      .optional(),
  })
  .refine((options) => options.countdown === undefined || options.eta === undefined, {
    path: ["countdown"],
    message: "must not be given together with eta",
  });

/** Options that stay with the task until its worker reads them. */
export interface TaskOverrides {
  readonly maxRetries?: number | undefined;
  readonly retryDelay?: Duration | undefined;
  readonly backoff?: Backoff | boolean | undefined;
  readonly softTimeLimit?: Duration | undefined;
  readonly timeLimit?: Duration | undefined;
  readonly resultExpires?: Duration | undefined;
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

/** Turns relative times into instants and names into queues. @throws ApiumError `QUEUE_UNKNOWN`. */
export function resolveOptions(options: EnqueueOptions, now: number): ResolvedOptions {
  const given = OVERRIDES.filter((name) => options[name] !== undefined);
  const overrides = given.length === 0 ? undefined : Object.fromEntries(given.map((name) => [name, options[name]]));
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
    overrides,
  };
}

function expiryAt(expires: Duration | Date, now: number): number {
  if (expires instanceof Date) return expires.getTime();
  return isDuration(expires) ? now + durationMs(expires) : new Date(expires).getTime();
}
