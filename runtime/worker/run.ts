// One attempt of one task while it is being run: its limits, its signal, and whether it is still open. A run is
// closed exactly once, by its handler's end or by whoever ends it sooner; whatever the handler does later is ignored
// here and refused by the fence in the database.
import { durationMs } from "../contract/duration.ts";
import type { TaskOverrides } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import type { RetryPolicy } from "../contract/retry-policy.ts";
import { retryPolicy } from "../contract/retry-policy.ts";
import type { ClaimedTask } from "../queue/queue.ts";
import type { AttemptSpan } from "../telemetry/index.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { TaskHandler } from "./handlers.ts";
import type { RunLimits } from "./steering.ts";

export const DEFAULT_TIME_LIMIT_MS = 3_600_000;

export interface Revocation {
  readonly terminate: boolean;
  readonly graceMs: number;
}

export class Run {
  readonly claimed: ClaimedTask;
  readonly handler: TaskHandler;
  /** On the monotonic clock. */
  readonly startedAt: number;
  readonly softDeadline: number;
  readonly hardDeadline: number;
  revocation: Revocation | undefined;
  /** Set when a revoked run must be over. */
  graceDeadline = Number.POSITIVE_INFINITY;
  /** Ends an isolated run at once. */
  terminate: ((error: Error) => Promise<void>) | undefined;
  /** Its place in the trace of its task, where that is recorded. */
  span: AttemptSpan | undefined;
  /** The run settled the task by itself (complete, waitFor). */
  settled = false;
  /** It settled by waiting for children: the task has not ended. */
  waiting = false;
  /** What it says; made when it first asks for its log. Most never do. */
  words: AttemptLog | undefined;
  #closed = false;
  #softLimitPassed = false;
  #controller: AbortController | undefined;
  #abortReason: ApiumError | undefined;

  /** The call's limits, else the operators' (`limits`), else the definition's. */
  constructor(claimed: ClaimedTask, handler: TaskHandler, startedAt: number, limits?: RunLimits | undefined) {
    const { settings } = handler.task;
    const overrides = (claimed.overrides ?? {}) as TaskOverrides;
    const soft = overrides.softTimeLimit ?? limits?.softTimeLimitMs ?? settings.softTimeLimit;
    const hard = overrides.timeLimit ?? limits?.timeLimitMs ?? settings.timeLimit ?? DEFAULT_TIME_LIMIT_MS;
    this.claimed = claimed;
    this.handler = handler;
    this.startedAt = startedAt;
    this.softDeadline = soft === undefined ? Number.POSITIVE_INFINITY : startedAt + durationMs(soft);
    this.hardDeadline = startedAt + durationMs(hard);
  }

  /** Made when somebody first asks: most handlers never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get aborted(): ApiumError | undefined {
    return this.#abortReason;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** True for the one caller that closes it. */
  close(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.words?.close();
    return true;
  }

  abort(reason: ApiumError): void {
    if (this.#abortReason) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }

  revoke(revocation: Revocation, monotonicNow: number): void {
    if (this.revocation && (this.revocation.terminate || !revocation.terminate)) return;
    this.revocation = revocation;
    this.abort(new ApiumError("TASK_REVOKED"));
    if (revocation.terminate) this.graceDeadline = monotonicNow + revocation.graceMs;
  }

  /** What is due at this moment; each limit is reported once. */
  overdue(monotonicNow: number): "soft" | "hard" | "grace" | undefined {
    if (monotonicNow >= this.graceDeadline) return "grace";
    if (monotonicNow >= this.hardDeadline) return "hard";
    if (monotonicNow >= this.softDeadline && !this.#softLimitPassed) {
      this.#softLimitPassed = true;
      return "soft";
    }
    return undefined;
  }

  policy(): RetryPolicy {
    return retryPolicy(this.handler.task.settings, (this.claimed.overrides ?? {}) as TaskOverrides);
  }
}
