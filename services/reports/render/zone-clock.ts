// What the clocks of a zone show at an instant. Reports show millions of instants: a zone is asked once for each quarter
// of an hour, the finest step in which the offsets of zones change.
const STEP_MS = 900_000;
const MAX_KEPT = 50_000;

export class ZoneClock {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /** @throws RangeError where there is no such zone. */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat("en-GB", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      era: "short",
    });
  }

  /** Milliseconds to add to UTC. */
  offset(instant: number): number {
    const step = Math.floor(instant / STEP_MS);
    const known = this.#offsets.get(step);
    if (known !== undefined) return known;
    if (this.#offsets.size >= MAX_KEPT) this.#offsets.clear();
    const offset = this.#ask(step * STEP_MS);
    this.#offsets.set(step, offset);
    return offset;
  }

  /** Milliseconds since the epoch that UTC's clocks would show the same at. */
  local(instant: number): number {
    return instant + this.offset(instant);
  }

  #ask(instant: number): number {
    const found: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) found[type] = value;
    const year = found.era?.startsWith("B") ? 1 - Number(found.year) : Number(found.year);
    const date = new Date(0);
    date.setUTCFullYear(year, Number(found.month) - 1, Number(found.day));
    date.setUTCHours(Number(found.hour), Number(found.minute), Number(found.second));
    return date.getTime() - instant;
  }
}

const clocks = new Map<string, ZoneClock | undefined>();

/** The clock of a zone; undefined where there is no such zone. */
export function clockOf(zone: string): ZoneClock | undefined {
  if (!clocks.has(zone)) clocks.set(zone, tryClock(zone));
  return clocks.get(zone);
}

function tryClock(zone: string): ZoneClock | undefined {
  try {
    return new ZoneClock(zone);
  } catch {
    return undefined;
  }
}
