/**
 * What a cron expression means in a zone, found the slow way: every minute of a window is walked, its local time taken from
 * Intl, and the rule applied to the letter. Shares nothing with runtime/schedule, not even the parser.
 */

export interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

export interface Expression {
  readonly minute: Field;
  readonly hour: Field;
  readonly dayOfMonth: Field;
  readonly month: Field;
  readonly dayOfWeek: Field;
  readonly days: "and" | "or";
}

interface Minute {
  readonly at: number;
  /** The wall clock, as if it showed UTC. */
  readonly local: number;
  readonly date: number;
  readonly hour: number;
  readonly minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const walks = new Map<string, readonly Minute[]>();

/** The wall clock of a zone at an instant. */
export function localAt(zone: string, at: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric", era: "short" },
    });
    formats.set(zone, format);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Slots with `from` ≤ slot < `to`, ascending. */
export function slotsByWalking(expression: Expression, zone: string, from: number, to: number): number[] {
  // Two days more on either side: clocks have been set by up to a day.
  const walk = walkOf(zone, from - 2 * DAY_MS, to + 2 * DAY_MS);
  const found = expression.hour.text === "*" ? everyMatch(expression, walk) : wallClockTimes(expression, walk);
  return [...new Set(found)].filter((at) => at >= from && at < to).sort((a, b) => a - b);
}

/** Every instant whose local time matches. */
function everyMatch(expression: Expression, walk: readonly Minute[]): number[] {
  const dates = new Set([...new Set(walk.map(({ date }) => date))].filter((date) => matchesDate(expression, date)));
  const { minute: minutes, hour: hours } = expression;
  return walk
    .filter(({ date, hour, minute }) => minutes.values.has(minute) && hours.values.has(hour) && dates.has(date))
    .map(({ at }) => at);
}

/** Each wall-clock time of each date: at its first occurrence, else at the first instant after the gap it falls into. */
function wallClockTimes(expression: Expression, walk: readonly Minute[]): number[] {
  const first = new Map<number, number>();
  for (const { at, local } of walk) if (!first.has(local)) first.set(local, at);
  const gaps = walk.flatMap((minute, index) => {
    const before = walk[index - 1];
    return before !== undefined && minute.local > before.local + MINUTE_MS
      ? [{ after: before.local, until: minute.local, at: minute.at }]
      : [];
  });
  const slots: number[] = [];
  const [begin, end] = [walk[0]?.local ?? 0, walk.at(-1)?.local ?? 0];
  for (let date = Math.floor(begin / DAY_MS) * DAY_MS; date <= end; date += DAY_MS) {
    if (!matchesDate(expression, date)) continue;
    for (const hour of expression.hour.values) {
      for (const minute of expression.minute.values) {
        const local = date + hour * 60 * MINUTE_MS + minute * MINUTE_MS;
        const at = first.get(local) ?? gaps.find((gap) => gap.after < local && local < gap.until)?.at;
        if (at !== undefined) slots.push(at);
      }
    }
  }
  return slots;
}

function matchesDate({ dayOfMonth, month, dayOfWeek, days }: Expression, local: number): boolean {
  const date = new Date(local);
  if (!month.values.has(date.getUTCMonth() + 1)) return false;
  const [byMonth, byWeek] = [dayOfMonth.values.has(date.getUTCDate()), dayOfWeek.values.has(date.getUTCDay())];
  const areBothRestricted = dayOfMonth.values.size < 31 && dayOfWeek.values.size < 7;
  return days === "or" && areBothRestricted ? byMonth || byWeek : byMonth && byWeek;
}

function walkOf(zone: string, from: number, to: number): readonly Minute[] {
  const key = `${zone} ${from} ${to}`;
  let walk = walks.get(key);
  if (walk === undefined) {
    const minutes: Minute[] = [];
    for (let at = from; at < to; at += MINUTE_MS) {
      const local = localAt(zone, at);
      const date = Math.floor(local / DAY_MS) * DAY_MS;
      const minute = Math.floor((local - date) / MINUTE_MS);
      minutes.push({ at, local, date, hour: Math.floor(minute / 60), minute: minute % 60 });
    }
    walk = minutes;
    walks.set(key, walk);
  }
  return walk;
}

/** Instants of a year, to the half day, around which the zone's clocks change. */
export function changesOf(zone: string, year: number): number[] {
  const changes: number[] = [];
  const offset = (at: number) => localAt(zone, at) - at;
  for (let at = Date.UTC(year, 0, 1), before = offset(at); at < Date.UTC(year + 1, 0, 1); at += DAY_MS / 2) {
    const now = offset(at);
    if (now !== before) changes.push(at);
    before = now;
  }
  return changes;
}
