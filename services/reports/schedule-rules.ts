/**
 * When a report is made, over which period, and when it is sent. Pure: instants are milliseconds since the epoch. The
 * slots of a schedule's expression end one period and begin the next: a report made at a slot is about the last complete
 * interval, [slot before, slot). Clock changes are the scheduler's rule (docs/adr): a local time that is skipped counts at the
 * first instant after the gap.
 */
import { nextCron, parseCron, previousCron, zoneNamed } from "../../runtime/index.ts";

const DAY_MS = 86_400_000;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
const WEEK_MS = 7 * DAY_MS;
/** Two ticks of the sweeps: whoever waits longer is told so. */
export const LATE_AFTER_MS = 30 * 60_000;

export interface ReportTiming {
  /** Classic cron, as the original's library reads it. */
  readonly cron: string;
  /** Monday to Friday, or to Saturday: the period is that week instead of the interval. */
  readonly workingDays: 5 | 6 | null;
  readonly timezone: string;
}

export interface Period {
  readonly from: number;
  readonly upto: number;
}

/** The first slot after an instant, before `end` where there is one. */
export function nextSlot({ cron, timezone }: ReportTiming, after: number, end?: number | null): number | null {
  const slot = nextCron(parseCron(cron, { days: "or" }), zoneNamed(timezone), after);
  return slot === undefined || (end !== undefined && end !== null && slot >= end) ? null : slot;
}

/** Slots from `first` on that have come, at most so many. */
export function slotsDue(
  timing: ReportTiming,
  first: number,
  { now, end, most }: { readonly now: number; readonly end: number | null; readonly most: number },
): number[] {
  const slots: number[] = [];
  for (let slot: number | null = first; slot !== null && slot <= now && slots.length < most; ) {
    if (end !== null && slot >= end) break;
    slots.push(slot);
    slot = nextSlot(timing, slot, end);
  }
  return slots;
}

/** The slot that came last, itself included; null before the first of all. */
export function lastSlot({ cron, timezone }: ReportTiming, now: number): number | null {
  return previousCron(parseCron(cron, { days: "or" }), zoneNamed(timezone), now + 1) ?? null;
}

/** What a report made at a slot is about. Null where the expression has no slot before. */
export function periodOf(timing: ReportTiming, slot: number): Period | null {
  if (timing.workingDays !== null) return workingWeek(timing.timezone, slot, timing.workingDays);
  const from = previousCron(parseCron(timing.cron, { days: "or" }), zoneNamed(timing.timezone), slot);
  return from === undefined ? null : { from, upto: slot };
}

/** The last working week that is over at `slot`: from Monday 00:00 up to the midnight that ends its last day. */
function workingWeek(timezone: string, slot: number, days: 5 | 6): Period {
  const zone = zoneNamed(timezone);
  const local = slot + zone.at(slot).offset;
  let monday = Math.floor((local - FIRST_MONDAY_MS) / WEEK_MS) * WEEK_MS + FIRST_MONDAY_MS;
  if (zone.firstInstantOf(monday + days * DAY_MS) > slot) monday -= WEEK_MS;
  return { from: zone.firstInstantOf(monday), upto: zone.firstInstantOf(monday + days * DAY_MS) };
}

/** The first time at or after a slot that the clocks show `sendAt` ("09:30" or "09:30:00"). */
export function dueAt(timezone: string, slot: number, sendAt: string): number {
  const zone = zoneNamed(timezone);
  const [hours = 0, minutes = 0, seconds = 0] = sendAt.split(":").map(Number);
  const ofDay = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  const midnight = Math.floor((slot + zone.at(slot).offset) / DAY_MS) * DAY_MS;
  const due = zone.firstInstantOf(midnight + ofDay);
  return due >= slot ? due : zone.firstInstantOf(midnight + DAY_MS + ofDay);
}

export function isLate(due: number, now: number): boolean {
  return now > due + LATE_AFTER_MS;
}

/** The calendar month as the clocks of a zone have it. `month` is 1 to 12. */
export function monthOf(timezone: string, year: number, month: number): Period {
  const zone = zoneNamed(timezone);
  return {
    from: zone.firstInstantOf(Date.UTC(year, month - 1, 1)),
    upto: zone.firstInstantOf(Date.UTC(year, month, 1)),
  };
}

/** "2026-01-05": the date a zone's clocks show at an instant. */
export function localDate(timezone: string, instant: number): string {
  return new Date(instant + zoneNamed(timezone).at(instant).offset).toISOString().slice(0, 10);
}
