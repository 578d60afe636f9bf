export { LONGEST_PROFILE_S } from "./cpu-profile.ts";
export { type Explanation, explainTask, explainUniqueKey } from "./explain.ts";
export type { Reason, ReasonCode } from "./explain-reasons.ts";
export {
  type FoundTask,
  findTasks,
  type RevokedTask,
  revokedTasks,
  type ScheduledTask,
  scheduledTasks,
} from "./find-tasks.ts";
export { LocalWorker } from "./local-worker.ts";
export {
  listTenantPauses,
  pauseTenant,
  pauseType,
  resumeTenant,
  resumeType,
  type TenantPause,
} from "./pauses.ts";
export { QueueCounts } from "./queue-counts.ts";
export { depthOf, listQueues, pauseQueue, type QueueView, resumeQueue } from "./queues.ts";
export {
  type DeadLetterFilter,
  type DeadLetterView,
  dismissDeadLetter,
  listDeadLetters,
  requeueDeadLetter,
  requeueDeadLetters,
  retryTask,
} from "./requeue.ts";
export { purgeQueue, type RevokeOptions, type RevokeOutcome, revokeChildren, revokeTask } from "./revoke.ts";
export { type RevokedMany, type RevokeManyOptions, revokeMany } from "./revoke-many.ts";
export type { RevokeFilter } from "./task-filter.ts";
export { listTypeSettings, setRateLimit, setTimeLimit, startRateAnew, type TypeSettings } from "./task-types.ts";
export { WORKER_ANSWERS, type WorkerQuestion } from "./worker-answers.ts";
export { MOST_SLOTS, type OrderOptions, SHUTDOWN_MODES, WORKER_ORDERS, type WorkerOrder } from "./worker-orders.ts";
export { listWorkers, type WorkerView } from "./workers.ts";
