export { LONGEST_PROFILE_S } from "./cpu-profile.ts";
export type { LetterFilter } from "./dead-letter-filter.ts";
export {
  countOpenLetters,
  type DeadLetterFilter,
  type DeadLetterView,
  dismissDeadLetter,
  getDeadLetter,
  listDeadLetters,
  requeueDeadLetter,
} from "./dead-letters.ts";
export {
  type DismissedLetters,
  dismissDeadLetters,
  type LettersOptions,
  type RequeuedLetters,
  requeueDeadLetters,
} from "./dead-letters-many.ts";
export { Disk } from "./disk.ts";
export { type ExplainParts, type Explanation, explainTask, explainUniqueKey } from "./explain.ts";
export type { Reason, ReasonCode } from "./explain-reasons.ts";
export {
  type FoundTask,
  findTasks,
  type RevokedTask,
  revokedTasks,
  type ScheduledTask,
  scheduledTasks,
} from "./find-tasks.ts";
export { forgetResult } from "./forget.ts";
export { LocalWorker } from "./local-worker.ts";
export {
  listTenantPauses,
  pauseTenant,
  pauseType,
  resumeTenant,
  resumeType,
  type TenantPause,
} from "./pauses.ts";
export { checkProcess, type ProcessFinding } from "./process-checks.ts";
export { type ProcessParts, processFacts } from "./process-facts.ts";
export { QueueCounts } from "./queue-counts.ts";
export { depthOf, listQueues, pauseQueue, type QueueView, resumeQueue } from "./queues.ts";
export {
  type EndedFilter,
  MOST_RETRIED,
  type RetriedMany,
  type RetryManyOptions,
  retryTask,
  retryTasks,
} from "./retry.ts";
export {
  type Purged,
  type PurgeOptions,
  purgeQueue,
  type RevokeOptions,
  type RevokeOutcome,
  revokeChildren,
  revokeEach,
  revokeTask,
} from "./revoke.ts";
export { type RevokedMany, type RevokeManyOptions, revokeMany } from "./revoke-many.ts";
export { type RunNowOptions, type RunNowOutcome, runNow, runTaskNow } from "./run-now.ts";
export { checkTasks, type TaskFinding } from "./task-checks.ts";
export { attendingWorkers, taskFacts } from "./task-facts.ts";
export type { RevokeFilter } from "./task-filter.ts";
export {
  listTypeSettings,
  readTimeLimit,
  setRateLimit,
  setTimeLimit,
  startRateAnew,
  type TypeSettings,
} from "./task-types.ts";
export { type TaskRoute, type Topology, topologyOf } from "./topology.ts";
export { WORKER_ANSWERS, type WorkerQuestion } from "./worker-answers.ts";
export { MOST_SLOTS, type OrderOptions, SHUTDOWN_MODES, WORKER_ORDERS, type WorkerOrder } from "./worker-orders.ts";
export { listWorkers, type WorkerView } from "./workers.ts";
