// The three rows of a person in the attendance grid: IN, OUT and Total Hr's, a cell for each day. Pure.
import type { Cell, Column, Row, Tone } from "../document.ts";
import { localDate } from "../schedule-rules.ts";
import type { AttendanceDay } from "./attendance-days.ts";
import { clockTime, dayTitle, isSunday } from "./local-days.ts";

const FULL_DAY_MINUTES = 8 * 60;
const HALF_DAY_MINUTES = 4 * 60;

export interface Attendant {
  readonly department: string | null;
  readonly designation: string | null;
  readonly code: string | null;
  readonly name: string;
}

export function gridColumns(days: readonly string[]): Column[] {
  return [
    { key: "department", title: "Department", kind: "text", width: 1.5 },
    { key: "designation", title: "Designation", kind: "text", width: 1.5 },
    { key: "code", title: "People Code", kind: "text", width: 1.2 },
    { key: "name", title: "People Name", kind: "text", width: 2 },
    { key: "value", title: "Values", kind: "text", width: 1.2 },
    ...days.map((day): Column => ({ key: day, title: dayTitle(day), kind: "text", toneKey: toneKey(day) })),
    { key: "total", title: "Total Hr's", kind: "text" },
  ];
}

export function gridRows(person: Attendant, found: ReadonlyMap<string, AttendanceDay>, days: readonly string[]): Row[] {
  const { department, designation, code, name } = person;
  const row = (
    value: string,
    total: Cell,
    cellOf: (day: AttendanceDay) => string,
    toneOf: (day: string) => Tone | null,
  ) =>
    ({
      ...{ department, designation, code, name, value, total },
      ...Object.fromEntries(
        days.flatMap((day): [string, Cell][] => {
          const attended = found.get(day);
          return [
            [day, attended === undefined ? null : cellOf(attended)],
            [toneKey(day), toneOf(day)],
          ];
        }),
      ),
    }) satisfies Row;
  const sundays = (day: string): Tone | null => (isSunday(day) ? "bad" : null);
  const total = days.reduce((sum, day) => sum + (found.get(day)?.minutes ?? 0), 0);
  return [
    row("IN", null, ({ in: at, timezone }) => (at === null ? "--" : clockTime(timezone, at)), sundays),
    row("OUT", null, outCell, sundays),
    row(
      "Total Hr's",
      hours(total),
      ({ minutes }) => (minutes === undefined ? "--" : hours(minutes)),
      (day) => sundays(day) ?? shortness(found.get(day)?.minutes),
    ),
  ];
}

/** "06:00 +1" the next morning. */
function outCell({ in: begin, out, timezone }: AttendanceDay): string {
  if (out === null) return "--";
  const isLater = begin !== null && localDate(timezone, begin) !== localDate(timezone, out);
  return `${clockTime(timezone, out)}${isLater ? " +1" : ""}`;
}

function shortness(minutes: number | undefined): Tone | null {
  if (minutes === undefined || minutes >= FULL_DAY_MINUTES) return null;
  return minutes < HALF_DAY_MINUTES ? "bad" : "warning";
}

/** "08:30". */
function hours(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function toneKey(day: string): string {
  return `${day}:tone`;
}
