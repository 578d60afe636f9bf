// Why a schedule fires or does not: from what the books and the checks say to reasons, as `explain` gives them for a task.
// First what stands in the way now, the most telling first; where nothing does, when it fires next; then what did not run
// lately, and why. Whether a task runs that a slot has made is that task's own `explain`. Pure.
import type { ScheduleFinding } from "./checks.ts";
import type { ScheduleDefinition } from "./definition.ts";
import type { MissReason } from "./store.ts";
import type { HistoryView, ScheduleView } from "./view.ts";

export type ScheduleReasonCode =
  | Exclude<ScheduleFinding["code"], "EVERY_MINUTE" | "COLLISION">
  | "DISABLED"
  | "DONE"
  | "NOT_BEGUN"
  | "SLOTS_WAIT"
  | "DUE"
  | "MISSED";

export interface ScheduleReason {
  readonly code: ScheduleReasonCode;
  /** One sentence for people. */
  readonly message: string;
  /** What to do about it. */
  readonly suggestion: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface ScheduleExplanation {
  readonly name: string;
  readonly task: string;
  readonly enabled: boolean;
  readonly nextRunAt: string | null;
  readonly lastRunAt: string | null;
  /** Of its latest slot that has made one. */
  readonly lastTaskId: string | null;
  /** Never empty. */
  readonly reasons: readonly ScheduleReason[];
}

export interface ScheduleFacts {
  readonly view: ScheduleView;
  /** `undefined`: it cannot be read any more, and the view has the problem. */
  readonly definition: Pick<ScheduleDefinition, "timing" | "oneOff" | "startAt" | "endAt"> | undefined;
  /** Of the books, which keep it while the schedule is switched off. Milliseconds since the epoch. */
  readonly nextSlot: number | null;
  /** Of this schedule, and of its queue. */
  readonly findings: readonly ScheduleFinding[];
  /** The latest first. */
  readonly misses: HistoryView["misses"];
}

const MISS_WORDS: Readonly<Record<MissReason, string>> = {
  late: "nobody was there in time",
  overlap: "its last run had not ended",
  expired: "the time for it was over",
  refused: "the task was refused",
  withdrawn: "it was taken back",
};

/** @param now - milliseconds since the epoch. */
export function explainSchedule(facts: ScheduleFacts, now: number): ScheduleExplanation {
  const { name, task, enabled, nextRunAt, lastRunAt, lastTaskId } = facts.view;
  const obstacles = obstaclesOf(facts, now);
  const reasons = [...(obstacles.length > 0 ? obstacles : [due(facts.view)]), ...facts.misses.map(missed)];
  return { name, task, enabled, nextRunAt, lastRunAt, lastTaskId, reasons };
}

function obstaclesOf(facts: ScheduleFacts, now: number): ScheduleReason[] {
  const { view, definition, findings } = facts;
  if (definition === undefined) {
    const message = `its definition can no longer be read: ${view.problem ?? "nobody knows why"}`;
    return [reason("SCHEDULE_INVALID", message, {}, "change the field that is named, or delete the schedule")];
  }
  const { startAt } = definition;
  const end = ended(facts, definition, now);
  const begins = startAt !== null && startAt > now ? [notBegun(startAt)] : [];
  return [...(end === undefined ? begins : [end]), ...findings.flatMap(found), ...waiting(view)];
}

/** No slot will fire any more, or none while it is switched off. */
function ended(
  { view, findings, nextSlot }: ScheduleFacts,
  { timing, oneOff, endAt }: NonNullable<ScheduleFacts["definition"]>,
  now: number,
): ScheduleReason | undefined {
  const { enabled, nextRunAt, totalRunCount, updatedAt, updatedBy } = view;
  const isOnce = oneOff || (timing.kind === "clocked" && timing.at <= now);
  if (isOnce && totalRunCount > 0 && nextSlot === null) {
    return reason("DONE", "it was to fire once, and has", {}, "give it another time to use it again");
  }
  if (!enabled) {
    const by = updatedBy === null ? "" : ` by ${updatedBy}`;
    const message = `it is switched off, so nothing fires; it was changed last at ${updatedAt}${by}`;
    return reason("DISABLED", message, { updatedAt, updatedBy }, "enable it");
  }
  if (nextRunAt !== null) return undefined;
  if (endAt !== null && endAt <= now) {
    const at = iso(endAt);
    return reason("DONE", `nothing fires after ${at}: that was its end`, { endAt: at }, "set another endAt, or none");
  }
  // The check says it of all that could have had a slot.
  if (findings.some(({ code }) => code === "NEVER_FIRES")) return undefined;
  return reason("DONE", "its only slot has passed", {}, "give it another time to use it again");
}

function notBegun(startAt: number): ScheduleReason {
  const at = iso(startAt);
  return reason("NOT_BEGUN", `nothing fires before ${at}: that is its start`, { startAt: at });
}

function found({ code, severity, message, suggestion, subject }: ScheduleFinding): ScheduleReason[] {
  if (severity !== "error" || code === "COLLISION" || code === "EVERY_MINUTE") return [];
  return [reason(code, message, { subject }, suggestion)];
}

function waiting({ waitingSlots, lastTaskId }: ScheduleView): ScheduleReason[] {
  if (waitingSlots === 0) return [];
  const slots = waitingSlots === 1 ? "1 slot waits" : `${waitingSlots} slots wait`;
  const message = `${slots} for the end of its last run${lastTaskId === null ? "" : `, the task ${lastTaskId}`}`;
  const todo = lastTaskId === null ? null : `ask why that one goes on: apium explain ${lastTaskId}`;
  return [reason("SLOTS_WAIT", message, { slots: waitingSlots, taskId: lastTaskId }, todo)];
}

function due({ nextRunAt, lastRunAt }: ScheduleView): ScheduleReason {
  const last = lastRunAt === null ? "it has not fired yet" : `it last fired at ${lastRunAt}`;
  return reason("DUE", `nothing stands in its way: its next slot is at ${nextRunAt}; ${last}`, {
    nextRunAt,
    lastRunAt,
  });
}

function missed(miss: HistoryView["misses"][number]): ScheduleReason {
  const { from, to, slots, isAtLeast } = miss;
  const which =
    slots === 1 && !isAtLeast ? `the slot of ${from}` : `${isAtLeast ? "at least " : ""}${slots} slots up to ${to}`;
  return reason("MISSED", `${which} did not run: ${missWords(miss)}`, { ...miss });
}

function missWords({ reason: why, detail }: HistoryView["misses"][number]): string {
  const words = MISS_WORDS[why];
  if (detail === null || why === "expired") return words;
  // For an overlap the detail says the same again, or what stands for the slot.
  return why === "overlap" ? detail : `${words}: ${detail}`;
}

function reason(
  code: ScheduleReasonCode,
  message: string,
  detail: ScheduleReason["detail"],
  suggestion: string | null = null,
): ScheduleReason {
  return { code, message, suggestion, detail };
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
