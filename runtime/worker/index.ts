export { HandlerTable, type InlineHandler, type IsolatedHandler, type TaskHandler } from "./handlers.ts";
export { LEASE_MS, type WorkerIdentity } from "./lease.ts";
export { DEFAULT_TIME_LIMIT_MS } from "./run.ts";
export type { Settled, TaskContext, WaitForOptions } from "./task-context.ts";
export { Worker, type WorkerOptions, type WorkerParts, type WorkerStats } from "./worker.ts";
