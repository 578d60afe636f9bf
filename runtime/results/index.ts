export { type Fence, type Finish, type Finished, finish, finishSuccesses, finishWithin } from "./finish.ts";
export { getResult, type ResultView } from "./result-view.ts";
export {
  deferTasks,
  handBackTasks,
  type Requeued,
  type RetryRow,
  retryTasks,
  takeRateSlots,
} from "./return-to-queue.ts";
export type { TaskFilter } from "./search-plan.ts";
export { startWaiting } from "./start-waiting.ts";
export { listTaskLogs, MOST_LOG_LINES, type TaskLogFilter, type TaskLogLine } from "./task-logs.ts";
export { type Page, type SearchPage, TaskSearch } from "./task-search.ts";
export { MOST_TREE_TASKS, type TaskNode, type TaskTree, taskTree } from "./task-tree.ts";
export { type AttemptView, getTask, type TaskView, withoutParamsOf } from "./task-view.ts";
export { ResultWaiter } from "./waiter.ts";
