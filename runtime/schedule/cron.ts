// A cron expression on the plain calendar: which wall-clock minutes it means. Zones and their clock changes are
// `cron-timing.ts`; here every day has 24 hours. Local times are milliseconds as if the wall clock showed UTC.
// The five fields have Celery's meaning (celery.schedules.crontab): day of month AND day of week must both match.
import { ApiumError } from "../contract/errors.ts";
import { type CronField, type CronFieldName, parseCronField } from "./cron-field.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The calendar repeats after this many days: what has not matched by then never will. */
const CALENDAR_CYCLE_DAYS = 146_097;

const FIELDS: readonly CronFieldName[] = ["minute", "hour", "dayOfMonth", "month", "dayOfWeek"];

const MACROS: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

export interface CronOptions {
  /**
   * How day of month and day of week go together where both are restricted: `and` (default, Celery) wants both,
   * `or` (classic cron) either. A field that covers every value is not restricted.
   */
  readonly days?: "and" | "or" | undefined;
}

export class Cron {
  readonly expression: string;
  /** Whether the hour field is `*`: then every instant whose local time matches is a slot (see `cron-timing.ts`). */
  readonly isEveryHour: boolean;
  /** Whether it matches every minute of the days it matches. */
  readonly isEveryMinute: boolean;
  readonly #days: "and" | "or";
  readonly #months: ReadonlySet<number>;
  readonly #daysOfMonth: ReadonlySet<number>;
  readonly #daysOfWeek: ReadonlySet<number>;
  /** Minutes of a day, ascending. */
  readonly #times: readonly number[];

  constructor(expression: string, fields: Readonly<Record<CronFieldName, CronField>>, options: CronOptions) {
    const { minute, hour, dayOfMonth, month, dayOfWeek } = fields;
    const areBothRestricted = !dayOfMonth.isEvery && !dayOfWeek.isEvery;
    this.expression = expression;
    this.isEveryHour = hour.text === "*";
    this.isEveryMinute = minute.isEvery && hour.isEvery;
    this.#days = areBothRestricted ? (options.days ?? "and") : "and";
    this.#months = new Set(month.values);
    this.#daysOfMonth = new Set(dayOfMonth.values);
    this.#daysOfWeek = new Set(dayOfWeek.values);
    this.#times = hour.values.flatMap((h) => minute.values.map((m) => h * 60 + m));
  }

  /** The first matching local minute after `local`, or `undefined` when there is none. */
  nextLocal(local: number): number | undefined {
    const today = Math.floor(local / DAY_MS);
    const minutes = Math.floor((local - today * DAY_MS) / MINUTE_MS);
    if (this.#matchesDay(today)) {
      const time = this.#times.find((candidate) => candidate > minutes);
      if (time !== undefined) return today * DAY_MS + time * MINUTE_MS;
    }
    const day = this.#seekDay(today, 1);
    return day === undefined ? undefined : day * DAY_MS + (this.#times[0] ?? 0) * MINUTE_MS;
  }

  /** The last matching local minute at or before `local`, or `undefined` when there is none. */
  previousLocal(local: number): number | undefined {
    const today = Math.floor(local / DAY_MS);
    const minutes = Math.floor((local - today * DAY_MS) / MINUTE_MS);
    if (this.#matchesDay(today)) {
      const time = this.#times.findLast((candidate) => candidate <= minutes);
      if (time !== undefined) return today * DAY_MS + time * MINUTE_MS;
    }
    const day = this.#seekDay(today, -1);
    return day === undefined ? undefined : day * DAY_MS + (this.#times.at(-1) ?? 0) * MINUTE_MS;
  }

  #seekDay(today: number, direction: 1 | -1): number | undefined {
    const end = today + direction * CALENDAR_CYCLE_DAYS;
    for (let day = today + direction; day !== end; day += direction) {
      const date = new Date(day * DAY_MS);
      if (this.#months.has(date.getUTCMonth() + 1)) {
        if (this.#matchesDate(date)) return day;
      } else {
        // On to the last day that is not in question: the step that follows reaches the neighbouring month.
        const edge = direction === 1 ? 1 : 0;
        day = Math.floor(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + edge, 1) / DAY_MS) - edge;
        if ((day - end) * direction >= 0) return undefined;
      }
    }
    return undefined;
  }

  #matchesDay(day: number): boolean {
    const date = new Date(day * DAY_MS);
    return this.#months.has(date.getUTCMonth() + 1) && this.#matchesDate(date);
  }

  #matchesDate(date: Date): boolean {
    const dayOfMonth = this.#daysOfMonth.has(date.getUTCDate());
    const dayOfWeek = this.#daysOfWeek.has(date.getUTCDay());
    return this.#days === "and" ? dayOfMonth && dayOfWeek : dayOfMonth || dayOfWeek;
  }
}

/**
 * Reads `minute hour day-of-month month day-of-week`, or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly,
 * @annually.
 * @throws ApiumError `CRON_INVALID` that names the field, what is wrong with it, and an example; also for an expression
 * that never matches a date, such as `0 0 30 2 *`.
 */
export function parseCron(expression: string, options: CronOptions = {}): Cron {
  const trimmed = expression.trim();
  const texts = (MACROS[trimmed.toLowerCase()] ?? trimmed).replace(/\s*,\s*/g, ",").split(/\s+/);
  if (texts.length !== FIELDS.length || trimmed === "") {
    throw invalid(
      `"${expression}" has ${trimmed === "" ? 0 : texts.length} fields; five are needed: minute, hour, day of month, month, day of week, for example "30 6 * * mon-fri"`,
    );
  }
  const fields = Object.fromEntries(
    FIELDS.map((name, index) => [name, parseCronField(name, texts[index] ?? "")]),
  ) as Record<CronFieldName, CronField>;
  const cron = new Cron(trimmed, fields, options);
  if (cron.nextLocal(0) === undefined) {
    throw invalid(`"${expression}" never happens: no month it names has such a day; write for example "0 0 28 2 *"`);
  }
  return cron;
}

function invalid(message: string): ApiumError {
  return new ApiumError("CRON_INVALID", message, { fields: [{ field: "expression", message }] });
}
