// What a handler sees of the task it runs: `ctx.locals.task` in a Moleculer service, the second argument elsewhere.
import type { Transaction } from "../../database/index.ts";
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import type { ChildFailurePolicy } from "../contract/join.ts";
import type { Log } from "../contract/log.ts";
import type { TaskCall } from "../contract/task-definition.ts";

export interface WaitForOptions {
  /** What a child that does not succeed means. Default "fail". */
  readonly onChildFailure?: ChildFailurePolicy | undefined;
}

/** Marks that the run settled its task by itself; the handler returns it. */
export interface Settled<Result = unknown> {
  readonly settled: true;
  readonly result: Result;
}

export interface TaskContext {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  /** The fence: grows whenever the task is handed out anew, for whatever reason. */
  readonly attempt: number;
  /** Retries so far: 0 on the first try. */
  readonly retries: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly parentId: string | null;
  /** The same for every attempt of this task: send it with effects outside the database. */
  readonly idempotencyKey: string;
  /** Aborts at the soft time limit, when the task is revoked, when its lease is lost, and when the worker must go. */
  readonly signal: AbortSignal;
  /**
   * Kept with the task, and in the process' log: a message (8 000 characters) and data (as JSON, without what is a secret by
   * its name; of a `sensitive` task none). 1 000 lines of an attempt at most. Costs the run nothing: it is written by the way.
   */
  readonly log: Log;

  /** Says how far the run has come (0–1); readable while it runs. Cheap: written at most twice a second. */
  progress(fraction: number, message?: string): void;

  /**
   * Commits effects and the task's own success in one transaction: both or neither, and only while this run still
   * holds the task. Keep it short: 7 s without a statement end it, like the lease of a worker that hangs. Return what it
   * returns.
   * @throws ApiumError `TASK_FENCED` when another attempt has taken over, `STORE_UNAVAILABLE` when the database ended it;
   * nothing is committed then.
   */
  complete<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Settled<Result>>;

  /**
   * Starts children and frees this worker's slot. The task ends when they have: its result is the list of theirs.
   * Children's results are kept for the parent however soon they expire. Return what it returns.
   */
  waitFor(children: readonly TaskCall[], options?: WaitForOptions): Promise<Settled>;

  /** Enqueues on behalf of this task: the correlation id travels along. */
  enqueue(
    call: TaskCall,
    options?: EnqueueOptions & { readonly tx?: Transaction | undefined },
  ): Promise<{ readonly id: string }>;
}

export type Handler = (params: never, task: TaskContext) => unknown;
