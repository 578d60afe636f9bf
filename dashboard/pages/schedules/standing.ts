// How a schedule stands: whether it will fire, and if not, why. What stands out in the list, and in which order it comes.
import type { Schedule } from "../../core/shapes.ts";
import type { Finding } from "../../core/shapes-system.ts";
import type { Tone } from "../../parts/badge.tsx";
import { isAbout } from "./is-about.ts";

export interface Standing {
  readonly kind: "broken" | "due" | "done" | "off";
  /** Where it is not simply due: one word or two, and what they mean. */
  readonly word?: string;
  readonly tone: Tone;
  readonly why?: string;
}

/** A schedule that is this far behind has nobody to fire it. */
const OVERDUE_MS = 30_000;
/** A miss this recent is news. */
const NEWS_MS = 24 * 3_600_000;

export function standingOf(schedule: Schedule, findings: readonly Finding[], now: number): Standing {
  const { enabled, nextRunAt, oneOff, at, totalRunCount } = schedule;
  const isOver = (oneOff && totalRunCount > 0) || (at !== undefined && Date.parse(at) <= now);
  if (!enabled && !isOver)
    return { kind: "off", word: "Off", tone: "calm", why: "Nothing fires until it is switched on" };
  if (schedule.problem) return { kind: "broken", word: "Invalid", tone: "bad", why: schedule.problem };
  const error = findings.find((finding) => isAbout(schedule, finding) && finding.severity === "error");
  if (nextRunAt === null) {
    if (isOver) return { kind: "done", word: "Done", tone: "calm", why: "It was to fire once, and that is over" };
    return { kind: "broken", word: "Never fires", tone: "bad", why: error?.message ?? "It has no slot left" };
  }
  if (Date.parse(nextRunAt) < now - OVERDUE_MS)
    return { kind: "broken", word: "Overdue", tone: "bad", why: "Its slot has passed and nobody has fired it" };
  if (error !== undefined) return { kind: "broken", word: "Cannot run", tone: "bad", why: error.message };
  return { kind: "due", tone: "good" };
}

export function hasMissedLately({ lastMissedAt }: Schedule, now: number): boolean {
  return lastMissedAt !== null && now - Date.parse(lastMissedAt) < NEWS_MS;
}

const RANK = { broken: 0, due: 1, done: 2, off: 3 } as const;

/** What is broken first, then what fires soonest, then what is over or off. */
export function inOrder(
  schedules: readonly Schedule[],
  standing: (schedule: Schedule) => Standing,
): readonly Schedule[] {
  const key = (schedule: Schedule) => [RANK[standing(schedule).kind], dueAt(schedule), schedule.name] as const;
  return schedules
    .map((schedule) => ({ schedule, key: key(schedule) }))
    .sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1] || a.key[2].localeCompare(b.key[2]))
    .map(({ schedule }) => schedule);
}

/** As they fire. */
export function bySlot(schedules: readonly Schedule[]): readonly Schedule[] {
  return schedules.filter(({ enabled }) => enabled).sort((a, b) => dueAt(a) - dueAt(b));
}

function dueAt({ nextRunAt }: Schedule): number {
  return nextRunAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(nextRunAt);
}
