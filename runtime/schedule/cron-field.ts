// One field of a cron expression: from its text to the numbers it stands for. Ranges may wrap (`22-2`, `fri-mon`), a step
// counts from the range's beginning, names stand for weekdays and months, as in Celery's crontab.
import { ApiumError } from "../contract/errors.ts";

export type CronFieldName = "minute" | "hour" | "dayOfMonth" | "month" | "dayOfWeek";

interface FieldKind {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly example: string;
  /** Three-letter names, the first for `namesFrom`. */
  readonly names?: readonly string[];
  readonly namesFrom?: number;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const FULL_MONTHS = "january february march april may june july august september october november december".split(" ");
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FULL_WEEKDAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");
const FULL_NAMES = new Set([...FULL_MONTHS, ...FULL_WEEKDAYS]);

const KINDS: Readonly<Record<CronFieldName, FieldKind>> = {
  minute: { label: "minute", min: 0, max: 59, example: "*/15 or 0,30" },
  hour: { label: "hour", min: 0, max: 23, example: "3,16 or 8-18" },
  dayOfMonth: { label: "day of month", min: 1, max: 31, example: "1,15 or 1-7" },
  month: { label: "month", min: 1, max: 12, example: "1-6 or jan,jul", names: MONTHS, namesFrom: 1 },
  dayOfWeek: { label: "day of week", min: 0, max: 6, example: "mon-fri or 0,6", names: WEEKDAYS, namesFrom: 0 },
};

export interface CronField {
  readonly text: string;
  /** Ascending, without repetition. */
  readonly values: readonly number[];
  /** Whether every value of the field is in it: such a field restricts nothing. */
  readonly isEvery: boolean;
}

const PART = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/([a-z0-9]*))?$/;

/** @throws ApiumError `CRON_INVALID` that names the field, what is wrong with it, and an example. */
export function parseCronField(name: CronFieldName, text: string): CronField {
  const kind = KINDS[name];
  const values = new Set<number>();
  for (const part of text.split(",")) for (const value of partValues(kind, text, part.toLowerCase())) values.add(value);
  return {
    text,
    values: [...values].sort((a, b) => a - b),
    isEvery: values.size === kind.max - kind.min + 1,
  };
}

function partValues(kind: FieldKind, text: string, part: string): number[] {
  if (part === "") throw wrong(kind, text, "has an empty entry; two commas stand side by side or one at an end");
  const [, first = "", last, step] = PART.exec(part) ?? [];
  if (first === "" || (first === "*" && last !== undefined)) throw wrong(kind, text, `"${part}" cannot be read`);
  const size = kind.max - kind.min + 1;
  const from = first === "*" ? kind.min : numberOf(kind, text, first);
  // `5/10` counts on to the field's end, as classic cron libraries read it.
  const to = last !== undefined ? numberOf(kind, text, last) : first === "*" || step !== undefined ? kind.max : from;
  const length = ((to - from + size) % size) + 1;
  const by = step === undefined ? 1 : stepOf(kind, text, step);
  const values: number[] = [];
  for (let offset = 0; offset < length; offset += by) values.push(kind.min + ((from - kind.min + offset) % size));
  return values;
}

function numberOf(kind: FieldKind, text: string, token: string): number {
  if (/^\d+$/.test(token)) {
    // Classic cron writes Sunday as 7 too.
    const value = kind.names === WEEKDAYS && token === "7" ? 0 : Number(token);
    if (value < kind.min) throw wrong(kind, text, `${value} is below ${kind.min}`);
    if (value > kind.max) throw wrong(kind, text, `${value} is above ${kind.max}`);
    return value;
  }
  const isName = token.length === 3 || FULL_NAMES.has(token);
  const index = isName ? (kind.names?.indexOf(token.slice(0, 3)) ?? -1) : -1;
  if (index === -1) throw wrong(kind, text, `"${token}" is neither a number nor a name that is known here`);
  return index + (kind.namesFrom ?? 0);
}

function stepOf(kind: FieldKind, text: string, token: string): number {
  if (!/^\d+$/.test(token) || Number(token) === 0) throw wrong(kind, text, "a step is a number from 1 on");
  const step = Number(token);
  if (step > kind.max) {
    throw wrong(kind, text, `a step of ${step} never gets beyond the first value; an interval may be what is meant`);
  }
  return step;
}

function wrong(kind: FieldKind, text: string, what: string): ApiumError {
  const message = `${kind.label} "${text}": ${what}; write for example ${kind.example}`;
  return new ApiumError("CRON_INVALID", message, { fields: [{ field: kind.label, message }] });
}
