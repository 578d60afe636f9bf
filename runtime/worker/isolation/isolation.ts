// The port for handlers that run apart from the worker's event loop, in a thread or in a process. Such a handler
// computes and returns data; it has no database, no context and no secrets of the worker, and it can be ended at any
// moment. Promises: the hard end is immediate whatever the handler does, and a run's trouble stays in its own cell.
// Leaves to the worker: when a run is over its limits, and what becomes of its result.
import type { Clock } from "../../contract/clock.ts";
import type { Log } from "../../contract/log.ts";
import type { LogLine } from "../../contract/log-line.ts";

/** What a handler is told of its task. */
export interface IsolatedTask {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly retries: number;
  readonly idempotencyKey: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The second argument of an isolated handler. */
export interface IsolatedContext extends IsolatedTask {
  /** Aborts at the soft time limit and when the task is revoked; `signal.reason` is an error with a `code`. */
  readonly signal: AbortSignal;
  /** Says how far the run has come (0–1). Cheap: at most ten reports a second leave the cell. */
  progress(fraction: number, message?: string): void;
  /** Kept with the task, as an inline handler's: cut, without secrets, 1 000 lines of a run at most leave the cell. */
  readonly log: Log;
}

/** The default export of an isolated handler's module. */
export type IsolatedHandlerFunction<Params = unknown> = (params: Params, task: IsolatedContext) => unknown;

export interface AbortReason {
  readonly code: string;
  readonly message: string;
}

export interface IsolatedCall {
  /** File URL of the module whose default export is the handler. */
  readonly module: string;
  /** Anything the structured clone algorithm can copy. */
  readonly params: unknown;
  readonly task: IsolatedTask;
  /** Processes only: resident memory of the whole process, of which Node itself takes about 90 MB. */
  readonly memoryLimitMb?: number | undefined;
  readonly onProgress: (fraction: number, message: string | undefined) => void;
  readonly onLine: (line: LogLine) => void;
}

export interface IsolatedRun {
  /**
   * What the handler returned, as JSON would carry it, or the error it threw.
   * @throws ApiumError `HANDLER_CRASHED`, `MEMORY_LIMIT`, `RESULT_NOT_JSON`, `RESULT_TOO_LARGE`, `PARAMS_INVALID`,
   * `DEFINITION_INVALID` (no handler in the module), `TASK_FENCED` (the isolation was stopped).
   */
  readonly result: Promise<unknown>;
  /** The soft end: the handler's signal aborts. A run that still waits for a place is not started any more. */
  abort(reason: AbortReason): void;
  /** The hard end: `result` rejects with `error` at once; resolves when the thread or process is gone. */
  terminate(error: Error): Promise<void>;
}

export interface IsolationStats {
  readonly max: number;
  readonly running: number;
  /** Runs that wait for a place. */
  readonly waiting: number;
  /** Threads or processes that wait for a run. */
  readonly idle: number;
  /** How many were replaced because of their age or size. */
  readonly recycled: number;
}

export interface Isolation {
  /** Starts the handler as soon as one of `max` places is free. Never throws. */
  run(call: IsolatedCall): IsolatedRun;
  stats(): IsolationStats;
  /** New threads or processes from the next run on: idle ones end now, the others after their run. Returns how many were idle. */
  renew(): Promise<number>;
  /** Refuses what waits, gives what runs a few seconds, ends it, and leaves no thread or process behind. */
  stop(): Promise<void>;
}

export interface IsolationOptions {
  /** Threads or processes at most; they are started on demand. */
  readonly max: number;
  /** An idle one is ended after this. Default 30 s. */
  readonly idleMs?: number | undefined;
  /** One is replaced after this many runs. Default 1 000. */
  readonly recycleAfterTasks?: number | undefined;
  /** One that holds more memory than this after a run is replaced. Default 512. */
  readonly recycleAboveMb?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}
