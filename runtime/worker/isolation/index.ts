// The door of isolation: the port, and the two ways to run a handler apart. Both start nothing before the first run
// and keep the same promises, so that a task changes its kind by one word. Everything else in this folder is theirs,
// except `guard`, `process-entry` and `thread-entry`, which Node starts by their file names.
import type { Isolation, IsolationOptions } from "./isolation.ts";
import { LimitedIsolation } from "./limited-isolation.ts";
import { ProcessCells } from "./process-cells.ts";
import { ThreadCells } from "./thread-cells.ts";

export type {
  AbortReason,
  IsolatedCall,
  IsolatedContext,
  IsolatedHandlerFunction,
  IsolatedRun,
  IsolatedTask,
  Isolation,
  IsolationOptions,
  IsolationStats,
} from "./isolation.ts";

/** Handlers in threads: quick to start, ended at any moment, but without a memory cap of their own. */
export function createThreadIsolation(options: IsolationOptions): Isolation {
  return new LimitedIsolation(options, new ThreadCells(options));
}

/** Handlers in processes: a memory cap for each, and a crash takes nothing along. */
export function createProcessIsolation(options: IsolationOptions): Isolation {
  return new LimitedIsolation(options, new ProcessCells(options));
}
