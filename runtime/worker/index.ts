export { Autoscaler, type Bounds, slotsFor } from "./autoscale.ts";
export { HandlerTable, type InlineHandler, type IsolatedHandler, type TaskHandler } from "./handlers.ts";
export { releaseHeld } from "./hold.ts";
export { LEASE_MS, type WorkerIdentity } from "./lease.ts";
export { DEFAULT_TIME_LIMIT_MS } from "./run.ts";
export {
  heldForTenant,
  heldForType,
  NO_RATE,
  readSteering,
  Steering,
  TENANT_SQL,
  type TypeSteering,
  tenantOf,
} from "./steering.ts";
export type { Settled, TaskContext, WaitForOptions } from "./task-context.ts";
export { Worker, type WorkerOptions, type WorkerParts, type WorkerStats } from "./worker.ts";
