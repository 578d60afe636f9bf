// Gathers what the checks of schedules look at: schedules, the tasks and queues they name, and who is there to run them.
import {
  type CheckedSchedule,
  checkSchedules,
  codeOf,
  messageOf,
  type Runtime,
  type ScheduleDefinition,
  type ScheduleFinding,
} from "../../runtime/index.ts";

/** A worker whose heartbeat is older than this is gone. */
const SILENT_MS = 15_000;

type Definitions = Awaited<ReturnType<Runtime["schedules"]["definitions"]>>;

/** Everything that is wrong with the schedules, or will be; errors first. @param wanted - read already; default all there are. */
export async function examineSchedules(runtime: Runtime, wanted?: Definitions): Promise<ScheduleFinding[]> {
  const [known, workers] = await Promise.all([wanted ?? runtime.schedules.definitions(), runtime.workers()]);
  const now = runtime.parts.clock.now();
  const live = workers.filter(({ heartbeatAt }) => now - Date.parse(heartbeatAt) < SILENT_MS);
  const checked = known.schedules.map(({ definition, nextRunAt }) => ({ nextRunAt, ...lookUp(runtime, definition) }));
  const invalid = known.unreadable.map(
    ({ name, problem }): ScheduleFinding => ({
      severity: "error",
      code: "SCHEDULE_INVALID",
      subject: name,
      message: `its definition can no longer be read: ${problem}`,
      suggestion: "change the field that is named, or delete the schedule",
    }),
  );
  const attendedQueues = new Set(live.flatMap(({ queues }) => queues));
  return [...invalid, ...checkSchedules(checked, { now, attendedQueues })];
}

function lookUp(runtime: Runtime, definition: ScheduleDefinition): Omit<CheckedSchedule, "nextRunAt"> {
  const task = runtime.registry.find(definition.task);
  if (task === undefined) return { definition, queue: undefined, paramsProblem: undefined };
  try {
    const queue = runtime.queueOf(task, definition.queue === null ? {} : { queue: definition.queue });
    const parsed = task.params.safeParse(definition.params);
    return { definition, queue, paramsProblem: parsed.success ? undefined : parsed.error.issues[0]?.message };
  } catch (error) {
    return { definition, queue: undefined, paramsProblem: `${codeOf(error)}: ${messageOf(error)}` };
  }
}
