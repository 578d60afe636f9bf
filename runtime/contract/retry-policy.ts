// What happens after a failed attempt: again when, or never. Pure; the worker applies the verdict.
import type { Duration } from "./duration.ts";
import { durationMs, isDuration } from "./duration.ts";
import { ERRORS, type ErrorCode } from "./error-catalogue.ts";
import { codeOf, messageOf } from "./errors.ts";
import type { Random } from "./random.ts";

export interface Backoff {
  /** Each delay is the one before times this. 1 = constant. Default 2 where a backoff is given. */
  readonly factor?: number | undefined;
  /** No delay is longer. Default 10 minutes (Celery's `retry_backoff_max`). */
  readonly max?: Duration | undefined;
  /** Share of the delay that is left to chance, 0–1; 1 is Celery's full jitter. Default 0.2. */
  readonly jitter?: number | undefined;
}

/** Names of error classes or codes, for example "TimeoutError" or "ECONNREFUSED". */
export type ErrorNames = readonly string[];

export interface RetryPolicy {
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly jitter: number;
  readonly retryFor: ErrorNames | undefined;
  readonly noRetryFor: ErrorNames;
}

export interface RetryOptions {
  readonly maxRetries?: number | undefined;
  readonly retryDelay?: Duration | undefined;
  readonly backoff?: Backoff | boolean | undefined;
  readonly retryFor?: ErrorNames | undefined;
  readonly noRetryFor?: ErrorNames | undefined;
}

export const DEFAULT_MAX_RETRIES = 3;
export const DEFAULT_RETRY_DELAY_MS = 10_000;
const DEFAULT_MAX_DELAY_MS = 600_000;
const DEFAULT_JITTER = 0.2;
/** A year: whatever asks for more is mistaken, and dates have an end. */
const LONGEST_DELAY_MS = 366 * 86_400_000;

/** The policy of a call's options over a task's options. `backoff: true` means factor 2. */
export function retryPolicy(task: RetryOptions, call: RetryOptions = {}): RetryPolicy {
  const backoff = call.backoff ?? task.backoff ?? false;
  const shape: Backoff = typeof backoff === "object" ? backoff : backoff ? { factor: 2 } : { factor: 1, jitter: 0 };
  const retryDelayMs = durationMs(call.retryDelay ?? task.retryDelay ?? DEFAULT_RETRY_DELAY_MS);
  return {
    maxRetries: call.maxRetries ?? task.maxRetries ?? DEFAULT_MAX_RETRIES,
    retryDelayMs,
    factor: shape.factor ?? 2,
    maxDelayMs: durationMs(shape.max ?? Math.max(DEFAULT_MAX_DELAY_MS, retryDelayMs)),
    jitter: shape.jitter ?? DEFAULT_JITTER,
    retryFor: call.retryFor ?? task.retryFor,
    noRetryFor: call.noRetryFor ?? task.noRetryFor ?? [],
  };
}

/** Delay before retry number `retry` (1 = the first), without jitter: base × factor^(retry−1), capped. */
export function baseDelayMs(policy: RetryPolicy, retry: number): number {
  // Nothing stays nothing; the factor's power may be infinite by then.
  return policy.retryDelayMs === 0
    ? 0
    : Math.min(policy.retryDelayMs * policy.factor ** (retry - 1), policy.maxDelayMs);
}

/** The delay with its share of chance, spread evenly below the base delay. */
export function delayMs(policy: RetryPolicy, retry: number, random: Random): number {
  const base = baseDelayMs(policy, retry);
  return Math.round(base - base * policy.jitter * random.fraction());
}

/** Thrown by a handler that wants another attempt, now decided by itself. Counts as a retry. */
export class Retry extends Error {
  override readonly name = "Retry";
  /** Delay of the next attempt; the policy's where it is not given. */
  readonly in: Duration | undefined;

  constructor(options: { in?: Duration; cause?: unknown; message?: string } = {}) {
    super(options.message ?? messageOf(options.cause ?? "retry requested"), { cause: options.cause });
    this.in = options.in;
  }
}

/** Thrown by a handler that knows no attempt can succeed: FAILURE and dead letter at once. */
export class Reject extends Error {
  override readonly name = "Reject";
  readonly code = "TASK_REJECTED";
}

export type Verdict =
  | { readonly kind: "retry"; readonly inMs: number }
  | { readonly kind: "fail"; readonly reason: "rejected" | "not-retryable" | "exhausted" };

/** Decides about a thrown value after `retries` earlier retries. */
export function judge(error: unknown, policy: RetryPolicy, retries: number, random: Random): Verdict {
  if (error instanceof Reject) return { kind: "fail", reason: "rejected" };
  if (!(error instanceof Retry) && !isRetryable(error, policy)) return { kind: "fail", reason: "not-retryable" };
  if (retries >= policy.maxRetries) return { kind: "fail", reason: "exhausted" };
  const inMs = requestedDelayMs(error) ?? delayMs(policy, retries + 1, random);
  return { kind: "retry", inMs: Math.min(inMs, LONGEST_DELAY_MS) };
}

function isRetryable(error: unknown, policy: RetryPolicy): boolean {
  const names = namesOf(error);
  if (policy.noRetryFor.some((name) => names.includes(name))) return false;
  if (policy.retryFor !== undefined) return policy.retryFor.some((name) => names.includes(name));
  // By code, because an error of ours that came over the bus is no instance of its class any more.
  const code = codeOf(error);
  return code !== undefined && Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].retryable : true;
}

/** The names an error answers to: its classes up to Error, its `name`, and its `code`. */
function namesOf(error: unknown): string[] {
  const names: string[] = [];
  if (error instanceof Error) names.push(error.name);
  const code = codeOf(error);
  if (code !== undefined) names.push(code);
  for (let proto: unknown = error; typeof proto === "object" && proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (typeof proto.constructor === "function") names.push(proto.constructor.name);
  }
  return names;
}

/** `Retry({in})`, or a `retryAfter` in seconds or as a date, as HTTP clients put it on their errors. */
function requestedDelayMs(error: unknown): number | undefined {
  if (error instanceof Retry) return error.in === undefined || !isDuration(error.in) ? undefined : durationMs(error.in);
  if (typeof error !== "object" || error === null || !("retryAfter" in error)) return undefined;
  const { retryAfter } = error;
  const text = typeof retryAfter === "string" || typeof retryAfter === "number" ? String(retryAfter).trim() : "";
  const ms = text === "" ? Number.NaN : Number(text) * 1_000;
  return ms >= 0 && ms <= LONGEST_DELAY_MS ? ms : undefined;
}
