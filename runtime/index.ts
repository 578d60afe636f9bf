export { CHAIN, type ChainCall, GROUP } from "./caller/index.ts";
export { afterSilence } from "./contract/after-silence.ts";
export { answerWithin, NoAnswerError } from "./contract/answer-within.ts";
export { type BusEvent, defineEvent, type Tell, tellOver } from "./contract/bus-event.ts";
export { type Clock, SystemClock, VirtualClock } from "./contract/clock.ts";
export { type Duration, durationMs } from "./contract/duration.ts";
export type { EnqueueOptions } from "./contract/enqueue-options.ts";
export { ERRORS, type ErrorCode } from "./contract/error-catalogue.ts";
export { ApiumError, codeOf, type FieldError, messageOf } from "./contract/errors.ts";
export { errorsFirst, type Finding } from "./contract/finding.ts";
export { type Foundation, foundation } from "./contract/foundation.ts";
export { hideSecrets } from "./contract/hide-secrets.ts";
export { instantSchema } from "./contract/instant.ts";
export type { ChildFailurePolicy } from "./contract/join.ts";
export { canonicalJson } from "./contract/json.ts";
export { type Log, type LogSubject, silentLog, subjectOf } from "./contract/log.ts";
export { parseParams } from "./contract/parse-params.ts";
export { QUEUES, queueNamed } from "./contract/queues.ts";
export { type Random, SeededRandom, SystemRandom } from "./contract/random.ts";
export { Reject, Retry } from "./contract/retry-policy.ts";
export { compileRoutes, type Routes } from "./contract/routes.ts";
export {
  type AcceptedTask,
  type AnyTask,
  CALLER,
  type CallerSource,
  defineTask,
  type Task,
  type TaskCall,
  type TaskCaller,
} from "./contract/task-definition.ts";
export { TASK_EVENTS_SUBJECT, type TaskEvent, type TaskEventBatch } from "./contract/task-event.ts";
export { idSource, isTaskId, type NewId } from "./contract/task-id.ts";
export { FINAL_STATES, LIVE_STATES, TASK_STATES, type TaskState } from "./contract/task-state.ts";
export { traceIdOf } from "./contract/trace-id.ts";
export type {
  DeadLetterView,
  QueueView,
  RevokeOptions,
  RevokeOutcome,
  TaskFinding,
  WorkerView,
} from "./control/index.ts";
export { type JetStreamOptions, JetStreamQueue } from "./queue/jetstream/jetstream-queue.ts";
export { PostgresQueue } from "./queue/postgres/postgres-queue.ts";
export type { ClaimedTask, Consumer, EngineLimit, Subscription, TaskQueue } from "./queue/queue.ts";
export {
  listTaskLogs,
  type Page,
  type SearchPage,
  type TaskFilter,
  type TaskLogFilter,
  type TaskLogLine,
  type TaskNode,
  type TaskTree,
  type TaskView,
  taskTree,
} from "./results/index.ts";
export { RUNTIME_MIGRATIONS, Runtime, type RuntimeOptions } from "./runtime.ts";
export {
  type CheckedSchedule,
  type Clockwork,
  type Cron,
  checkSchedules,
  defineSchedule,
  explainSchedule,
  type FiredSlot,
  type Firing,
  MISS_REASONS,
  type MissedSlots,
  nextCron,
  parseCron,
  parseSchedule,
  previousCron,
  type ScheduleDefinition,
  type ScheduleExplanation,
  type ScheduleFinding,
  type ScheduleInput,
  type Schedules,
  type ScheduleView,
  zoneNamed,
} from "./schedule/index.ts";
export {
  activeTraceId,
  atDoor,
  type Carrier,
  OpenSpan,
  type SpanAttributes,
  type SpanStart,
  spanned,
} from "./telemetry/index.ts";
export type {
  InlineHandler,
  IsolatedHandler,
  Settled,
  TaskContext,
  TaskHandler,
  WaitForOptions,
} from "./worker/index.ts";
export type { IsolatedContext } from "./worker/isolation/index.ts";
