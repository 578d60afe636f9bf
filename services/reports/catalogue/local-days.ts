// The days of a period as columns of a grid. Pure. Where sites are in several zones, every date that is a date of the
// period at one of them has its column.
import { zoneNamed } from "../../../runtime/index.ts";
import { localDate } from "../schedule-rules.ts";

const DAY_MS = 86_400_000;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export interface Span {
  readonly from: Date;
  readonly upto: Date;
}

/** "2026-03-29", ascending; of the instants `from` ≤ t < `upto`. */
export function localDays(timezones: readonly string[], { from, upto }: Span): string[] {
  const first = timezones.map((zone) => localDate(zone, from.getTime())).sort()[0];
  const last = timezones
    .map((zone) => localDate(zone, upto.getTime() - 1))
    .sort()
    .at(-1);
  if (first === undefined || last === undefined) return [];
  const days: string[] = [];
  for (let day = Date.parse(first); day <= Date.parse(last); day += DAY_MS) {
    days.push(new Date(day).toISOString().slice(0, 10));
  }
  return days;
}

/** "29 Mar Sun". */
export function dayTitle(date: string): string {
  const day = new Date(date);
  return `${date.slice(8)} ${MONTHS[day.getUTCMonth()]} ${WEEKDAYS[day.getUTCDay()]}`;
}

export function isSunday(date: string): boolean {
  return new Date(date).getUTCDay() === 0;
}

/** "09:05": what a zone's clocks show at an instant (milliseconds since the epoch). */
export function clockTime(timezone: string, instant: number): string {
  return new Date(instant + zoneNamed(timezone).at(instant).offset).toISOString().slice(11, 16);
}
