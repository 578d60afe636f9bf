// What a handler sees of its task under the eager caller: the same offers as a worker's, kept by the virtual run
// instead of a row in the database.
import type { Database } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { ChildFailurePolicy } from "../contract/join.ts";
import { encodeResult } from "../contract/json.ts";
import { silentLog } from "../contract/log.ts";
import type { AcceptedTask, CallOptions, TaskCall } from "../contract/task-definition.ts";
import type { TaskContext } from "../worker/index.ts";
import type { Run } from "../worker/run.ts";
import type { LiveTask } from "./eager-task.ts";

/** How a run settled its task by itself. */
export type SettledBy =
  | { readonly by: "complete"; readonly result: unknown }
  | { readonly by: "children"; readonly calls: readonly TaskCall[]; readonly onChildFailure: ChildFailurePolicy };

export interface ContextNeeds {
  readonly database: Database | undefined;
  readonly enqueue: (call: TaskCall, options: CallOptions) => Promise<AcceptedTask>;
  readonly settle: (settled: SettledBy) => void;
}

export function eagerContext(run: Run, task: LiveTask, needs: ContextNeeds): TaskContext {
  const { claimed } = run;
  const refuseClosed = () => {
    if (run.closed) throw new ApiumError("TASK_FENCED", "this run is over: a limit has ended it");
  };
  return {
    id: claimed.id,
    name: claimed.name,
    queue: claimed.queue,
    priority: claimed.priority,
    attempt: claimed.attempt,
    retries: claimed.retries,
    headers: task.headers,
    parentId: claimed.parentId,
    idempotencyKey: claimed.id,
    get signal() {
      return run.signal;
    },
    log: silentLog,
    progress(fraction, message) {
      if (!run.closed) task.progress = { fraction: Math.min(Math.max(fraction, 0), 1), message };
    },
    async complete(work) {
      refuseClosed();
      if (needs.database === undefined) {
        throw new ApiumError("DEFINITION_INVALID", "a handler that ends with complete needs eagerCaller({ database })");
      }
      const result = await needs.database.transaction(async (tx) => {
        const value = await work(tx);
        refuseClosed(); // in production the fence refuses here, and nothing is committed
        encodeResult(value);
        return value;
      });
      needs.settle({ by: "complete", result });
      return { settled: true, result };
    },
    async waitFor(calls, options) {
      refuseClosed();
      needs.settle({ by: "children", calls, onChildFailure: options?.onChildFailure ?? "fail" });
      return { settled: true, result: undefined };
    },
    enqueue(call, options) {
      const merged = { ...call.options, ...options };
      const correlationId = task.headers["correlation-id"];
      const inherited = correlationId === undefined ? {} : { "correlation-id": correlationId };
      return needs.enqueue(call, { ...merged, headers: { ...inherited, ...merged.headers } });
    },
  };
}
