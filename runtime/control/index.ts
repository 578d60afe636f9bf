export { QueueCounts } from "./queue-counts.ts";
export { listQueues, pausedQueues, pauseQueue, type QueueView, resumeQueue } from "./queues.ts";
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
export { listWorkers, type WorkerView } from "./workers.ts";
