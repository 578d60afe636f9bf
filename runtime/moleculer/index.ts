export { AskAgain, type RepeatOptions } from "./ask-again.ts";
export { type AskerMeta, askerOf, audit } from "./audit.ts";
export type { ProcessSurroundings } from "./inspect-service.ts";
export { processesWith } from "./processes-with.ts";
export { runs, runsApart, type TaskEntry, type TaskRunContext } from "./task-entry.ts";
export { PLATFORM_EVENTS, REVOCATION_EVENT, taskOperations } from "./task-operations.ts";
export { type TaskServiceSchema, TasksMiddleware } from "./tasks-middleware.ts";
export { TracingMiddleware } from "./tracing-middleware.ts";
export { WatchfulNats } from "./watchful-nats.ts";
