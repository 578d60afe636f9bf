/**
 * Which day a punch counts to, and how long a person was there: first in to last out. Pure; instants are milliseconds
 * since the epoch. A day is the one its work began on by the clocks of the site: a night shift that ends the next morning
 * counts to the evening before. The length is time that passed, whatever the clocks did meanwhile.
 */
import { localDate } from "../schedule-rules.ts";

const MINUTE_MS = 60_000;
/** An out without an in of its own ends the work begun at most so long before it. */
export const LONGEST_SHIFT_MS = 16 * 60 * MINUTE_MS;

/** One event: in and out together, or one of them. */
export interface Punch {
  readonly in: number | null;
  readonly out: number | null;
  /** Of the site. */
  readonly timezone: string;
}

export interface AttendanceDay {
  readonly in: number | null;
  readonly out: number | null;
  /** Undefined while one of the two is missing. */
  readonly minutes: number | undefined;
  readonly timezone: string;
}

/** Days by date, of work that began at `from` ≤ t < `upto`. Punches around the period are needed to tell whose an out is. */
export function attendanceDays(
  punches: readonly Punch[],
  { from, upto }: { readonly from: number; readonly upto: number },
): Map<string, AttendanceDay> {
  const days = new Map<string, AttendanceDay>();
  const begins = punches.flatMap((punch) => (punch.in === null ? [] : [punch.in])).sort((a, b) => a - b);
  for (const punch of punches) {
    const out = punch.out !== null && punch.in !== null && punch.out < punch.in ? null : punch.out;
    const begin = punch.in ?? beginOf(out, begins) ?? out;
    if (begin === null || begin < from || begin >= upto) continue;
    const date = localDate(punch.timezone, begin);
    days.set(date, joined(days.get(date), { in: punch.in, out, timezone: punch.timezone }));
  }
  return days;
}

function beginOf(out: number | null, begins: readonly number[]): number | undefined {
  return out === null ? undefined : begins.findLast((begin) => begin <= out && out - begin <= LONGEST_SHIFT_MS);
}

function joined(day: AttendanceDay | undefined, punch: Punch): AttendanceDay {
  const first = least(day?.in ?? null, punch.in);
  const last = most(day?.out ?? null, punch.out);
  const minutes = first === null || last === null || last < first ? undefined : Math.floor((last - first) / MINUTE_MS);
  return { in: first, out: last, minutes, timezone: punch.timezone };
}

function least(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function most(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
