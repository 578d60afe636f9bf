export { type Fence, type Finish, type Finished, finish, finishSuccesses, finishWithin } from "./finish.ts";
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
export { type Page, type SearchPage, TaskSearch } from "./task-search.ts";
export { type AttemptView, getTask, type TaskView } from "./task-view.ts";
export { ResultWaiter } from "./waiter.ts";
