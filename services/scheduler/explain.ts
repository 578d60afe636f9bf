// Gathers what there is to know of one schedule; the reasons follow from it in runtime/schedule/explain.ts. Read in several
// small questions, so two of them may see it on either side of a firing.
import { explainSchedule, type Runtime, type ScheduleExplanation } from "../../runtime/index.ts";
import { examineSchedules } from "./examine-schedules.ts";

const LATEST_MISSES = 3;

/** @throws ApiumError `SCHEDULE_NOT_FOUND`. */
export async function explain(runtime: Runtime, name: string): Promise<ScheduleExplanation> {
  const { schedules } = runtime;
  const known = await schedules.definitions(name);
  const [view, findings, { misses }] = await Promise.all([
    schedules.get(name),
    examineSchedules(runtime, known),
    schedules.history(name, LATEST_MISSES),
  ]);
  const [standing] = known.schedules;
  const facts = { view, definition: standing?.definition, nextSlot: standing?.nextRunAt ?? null, findings, misses };
  return explainSchedule(facts, runtime.parts.clock.now());
}
