// docs/reference/tasks.md, from the task contracts of the services and the facility's schedules.
import { durationText } from "../runtime/contract/duration.ts";
import { DEFAULT_MAX_RETRIES, DEFAULT_RETRY_DELAY_MS } from "../runtime/contract/retry-policy.ts";
import { type AnyTask, durationMs, queueNamed, type ScheduleInput } from "../runtime/index.ts";
import { scheduleInput } from "../runtime/schedule/definition.ts";
import { DEFAULT_TIME_LIMIT_MS } from "../runtime/worker/index.ts";
import { SERVICES } from "../services/index.ts";
import { FACILITY_SCHEDULES } from "../services/scheduler/facility-schedules.ts";
import { code, page, table } from "./references/markdown.ts";
import { typeText } from "./references/type-text.ts";

const INTRODUCTION = `The tasks of the product. *Retries* are attempts after the first, with the delay before each; *limits* are the soft and the hard
one of an attempt. What a call or \`TASK_ROUTES\` says comes before. Schedules are in UTC; a run that has not begun when it
expires does not run. \`?\` marks parameters that may be missing.`;

const SCHEDULES = FACILITY_SCHEDULES.map(scheduleInput);

/** A task as operators see it. */
export interface TaskRow {
  readonly name: string;
  readonly service: string;
  readonly queue: string;
  /** `5 × 5m` */
  readonly retries: string;
  /** `5m / 10m`, the soft and the hard one. */
  readonly limits: string;
  readonly schedules: readonly ScheduleInput[];
}

export function taskRows(): readonly (TaskRow & { readonly task: AnyTask })[] {
  return SERVICES.flatMap(({ name: service, tasks }) =>
    tasks.map((task) => {
      const {
        queue = "default",
        maxRetries = DEFAULT_MAX_RETRIES,
        retryDelay = DEFAULT_RETRY_DELAY_MS,
      } = task.settings;
      const { softTimeLimit, timeLimit = DEFAULT_TIME_LIMIT_MS } = task.settings;
      const soft = softTimeLimit === undefined ? "none" : durationText(durationMs(softTimeLimit));
      return {
        ...{ name: task.taskName, service, task, queue: queueNamed(queue) },
        retries: `${maxRetries} × ${durationText(durationMs(retryDelay))}`,
        limits: `${soft} / ${durationText(durationMs(timeLimit))}`,
        schedules: SCHEDULES.filter((schedule) => schedule.task === task.taskName),
      };
    }),
  );
}

export function tasksReference(): string {
  const rows = [...taskRows()].sort((one, other) => (one.name < other.name ? -1 : 1));
  return page("Tasks", "the `tasks.ts` of each service", [
    INTRODUCTION,
    table(
      ["task", "what", "service", "queue", "retries", "limits", "schedule, expires"],
      rows.map(({ name, task, service, queue, retries, limits, schedules }) => [
        code(name),
        task.summary ?? "",
        service,
        queue,
        retries,
        limits,
        schedules.map(({ cron, expires }) => `${code(String(cron))}, ${expires ?? "never"}`).join("<br>") || "–",
      ]),
    ),
    "## Parameters and results",
    table(
      ["task", "parameters", "result"],
      rows.map(({ name, task }) => [
        code(name),
        code(typeText(task.params)),
        task.result === undefined ? "any JSON" : code(typeText(task.result)),
      ]),
    ),
    "## Schedules",
    "Of the facility; operators change them while everything runs, and add others. All keep to one run at a time, and one run makes\nup for many missed.",
    table(
      ["schedule", "task", "when (UTC)", "what"],
      SCHEDULES.map(({ name, task, cron, description }) => [
        code(name),
        code(task),
        code(String(cron)),
        `${description}.`,
      ]),
    ),
  ]);
}
