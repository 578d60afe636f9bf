// What is wrong with schedules, or will be: told at the start, and to whoever asks the doctor. Pure.
import { errorsFirst, type Finding } from "../contract/finding.ts";
import { parseCron } from "./cron.ts";
import type { ScheduleDefinition } from "./definition.ts";
import { occurrencesOf, upcoming } from "./timing.ts";

/** Of a schedule, several with commas between them, or a queue. */
export type ScheduleFinding = Finding<
  | "SCHEDULE_INVALID"
  | "TASK_MISSING"
  | "PARAMS_UNFIT"
  | "NEVER_FIRES"
  | "EVERY_MINUTE"
  | "COLLISION"
  | "QUEUE_UNATTENDED"
  | "OVERDUE"
>;

export interface CheckedSchedule {
  readonly definition: ScheduleDefinition;
  /** Milliseconds since the epoch. */
  readonly nextRunAt: number | null;
  /** The queue its task goes to; `undefined` when nobody here knows the task. */
  readonly queue: string | undefined;
  /** What is wrong with its parameters, by its task's own schema. */
  readonly paramsProblem: string | undefined;
}

export interface CheckSurroundings {
  readonly now: number;
  /** Queues that a live worker takes from. */
  readonly attendedQueues: ReadonlySet<string>;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
/** A schedule that is this far behind has nobody to fire it. */
const OVERDUE_MS = 30_000;
const CROWD = 3;
const MOST_SLOTS = 1_500;

/** @returns findings, errors first. */
export function checkSchedules(schedules: readonly CheckedSchedule[], around: CheckSurroundings): ScheduleFinding[] {
  const enabled = schedules.filter(({ definition }) => definition.enabled);
  return errorsFirst([
    ...enabled.flatMap((schedule) => checkOne(schedule, around)),
    ...unattendedQueues(enabled, around.attendedQueues),
    ...collisions(enabled, around.now),
  ]);
}

function checkOne(
  { definition, nextRunAt, queue, paramsProblem }: CheckedSchedule,
  { now }: CheckSurroundings,
): ScheduleFinding[] {
  const { name, task, timing } = definition;
  const findings: ScheduleFinding[] = [];
  if (queue === undefined) {
    findings.push({
      severity: "error",
      code: "TASK_MISSING",
      subject: name,
      message: `no task "${task}" is defined, so none of its slots can run`,
      suggestion: "correct the task's name, or disable the schedule until the service that has the task is there",
    });
  } else if (paramsProblem !== undefined) {
    findings.push({
      severity: "error",
      code: "PARAMS_UNFIT",
      subject: name,
      message: `its params are not those of ${task}: ${paramsProblem}`,
      suggestion: "change the params",
    });
  }
  const isUsedUp = nextRunAt === null && (timing.kind === "clocked" || definition.oneOff);
  if (nextRunAt === null && !isUsedUp) {
    findings.push({
      severity: "error",
      code: "NEVER_FIRES",
      subject: name,
      message: "it has no slot within its validity",
      suggestion: "look at startAt and endAt, or delete it",
    });
  }
  if (nextRunAt !== null && nextRunAt < now - OVERDUE_MS) {
    findings.push({
      severity: "error",
      code: "OVERDUE",
      subject: name,
      message: `its slot of ${new Date(nextRunAt).toISOString()} has not fired`,
      suggestion: "start a process with the scheduler service, or read its log",
    });
  }
  if (timing.kind === "cron" && parseCron(timing.expression).isEveryMinute) {
    findings.push({
      severity: "warning",
      code: "EVERY_MINUTE",
      subject: name,
      message: `"${timing.expression}" fires in every minute`,
      suggestion: 'an expression that begins with * is often a slip: write the minute, for example "0 * * * *"',
    });
  }
  return findings;
}

function unattendedQueues(schedules: readonly CheckedSchedule[], attended: ReadonlySet<string>): ScheduleFinding[] {
  const queues = new Set(schedules.flatMap(({ queue }) => (queue === undefined || attended.has(queue) ? [] : [queue])));
  return [...queues].map((queue) => ({
    severity: "error",
    code: "QUEUE_UNATTENDED",
    subject: queue,
    message: `no live worker takes from the queue ${queue}, where ${schedules
      .filter((schedule) => schedule.queue === queue)
      .map(({ definition }) => definition.name)
      .join(", ")} put their tasks`,
    suggestion: "start a worker with this queue in QUEUES",
  }));
}

interface Crowd {
  readonly names: readonly string[];
  first: number;
  times: number;
}

/** Minutes of the next day at which many schedules fire, one finding for each set of schedules. */
function collisions(schedules: readonly CheckedSchedule[], now: number): ScheduleFinding[] {
  const byMinute = new Map<number, string[]>();
  for (const { definition } of schedules) {
    if (definition.jitterMs >= MINUTE_MS) continue;
    const validity = { start: definition.startAt ?? undefined, end: definition.endAt ?? undefined };
    const slots = upcoming(occurrencesOf(definition.timing, definition.timezone, validity), now, MOST_SLOTS);
    for (const minute of new Set(
      slots.filter((slot) => slot < now + DAY_MS).map((slot) => Math.floor(slot / MINUTE_MS)),
    )) {
      byMinute.set(minute, [...(byMinute.get(minute) ?? []), definition.name]);
    }
  }
  const crowds: Crowd[] = [];
  const bySize = [...byMinute].filter(([, names]) => names.length >= CROWD).sort(([, a], [, b]) => a.length - b.length);
  for (const [minute, names] of bySize) {
    // A larger crowd around one that is told of already would say the same again.
    const known = crowds.find((crowd) => crowd.names.every((name) => names.includes(name)));
    if (known === undefined) crowds.push({ names, first: minute * MINUTE_MS, times: 1 });
    else {
      known.first = Math.min(known.first, minute * MINUTE_MS);
      known.times += 1;
    }
  }
  return crowds.map(({ names, first, times }) => ({
    severity: "warning",
    code: "COLLISION",
    subject: names.join(", "),
    message: `${names.length} schedules fire together at ${new Date(first).toISOString()}${times > 1 ? ` and ${times - 1} more times within a day` : ""}`,
    suggestion: `move some of them to another minute (minute ${quietestMinute(byMinute)} of an hour is the quietest), or give them a jitter`,
  }));
}

/** The minute of an hour with the fewest firings within the day. */
function quietestMinute(byMinute: ReadonlyMap<number, readonly string[]>): number {
  const load = Array.from({ length: 60 }, () => 0);
  for (const [minute, names] of byMinute) load[minute % 60] = (load[minute % 60] ?? 0) + names.length;
  // The furthest from a full hour among the least loaded, so that a suggestion does not stick to a crowd's edge.
  const least = Math.min(...load);
  const candidates = load.flatMap((count, minute) => (count === least ? [minute] : []));
  const distance = (minute: number) =>
    Math.min(...load.flatMap((count, other) => (count > 0 ? [Math.abs(minute - other)] : [])), 60);
  return candidates.reduce((best, minute) => (distance(minute) > distance(best) ? minute : best), candidates[0] ?? 0);
}
