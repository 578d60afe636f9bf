// A time zone as what a schedule needs of it: stretches of constant offset, and the two questions about them. Read from
// the IANA data that comes with Node, through Temporal (the polyfill, until Node has it by itself), and kept.
import { Temporal } from "temporal-polyfill";
import { ApiumError } from "../contract/errors.ts";

const HOUR_MS = 3_600_000;
/** No zone has ever been further from UTC. */
const LARGEST_OFFSET_MS = 16 * HOUR_MS;
/** A clock that was set back is past its old reading after this long at the latest. */
const LONGEST_OVERLAP_MS = 2 * LARGEST_OFFSET_MS;

/** From `start` (inclusive) to `end` (exclusive) local time = instant + offset. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

export class Zone {
  readonly name: string;
  /** Neighbouring stretches, in order; grown on demand at either end. */
  readonly #stretches: Stretch[];

  constructor(name: string, around: number) {
    this.name = name;
    this.#stretches = [this.#stretchFrom(around)];
  }

  /** The stretch an instant lies in. */
  at(instant: number): Stretch {
    return this.#stretches[this.#indexOf(instant)] as Stretch;
  }

  /** The first instant at which the zone's clocks show `local` or later. */
  firstInstantOf(local: number): number {
    for (let index = this.#indexOf(local - LARGEST_OFFSET_MS); ; index += 1) {
      const { start, end, offset } = this.#stretch(index);
      const instant = Math.max(start, local - offset);
      if (instant < end) return instant;
    }
  }

  /** The latest local time that the zone's clocks have shown up to an instant: where they were set back, more than now. */
  latestLocalUntil(instant: number): number {
    let latest = instant + this.at(instant).offset;
    for (let index = this.#indexOf(instant - LONGEST_OVERLAP_MS); ; index += 1) {
      const { end, offset } = this.#stretch(index);
      if (end > instant) return latest;
      latest = Math.max(latest, end - 1 + offset);
    }
  }

  #stretch(index: number): Stretch {
    const last = this.#stretches.length - 1;
    if (index > last) this.#stretches.push(this.#stretchFrom((this.#stretches[last] as Stretch).end));
    return this.#stretches[index] as Stretch;
  }

  #indexOf(instant: number): number {
    while (instant < (this.#stretches[0] as Stretch).start) {
      this.#stretches.unshift(this.#stretchFrom((this.#stretches[0] as Stretch).start - 1));
    }
    let low = 0;
    let high = this.#stretches.length - 1;
    while (instant >= this.#stretch(high).end) high += 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#stretches[middle] as Stretch).start <= instant) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #stretchFrom(instant: number): Stretch {
    const there = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(this.name);
    const next = there.getTimeZoneTransition("next");
    // The transition just before the next instant is the one at or before this instant.
    const start = there.add({ nanoseconds: 1 }).getTimeZoneTransition("previous");
    return {
      start: start?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
      end: next?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
      offset: there.offsetNanoseconds / 1e6,
    };
  }
}

const zones = new Map<string, Zone>();

/**
 * The zone of an IANA name, such as `Asia/Kolkata`.
 * @throws ApiumError `ZONE_UNKNOWN`.
 */
export function zoneNamed(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  // Fixed offsets such as +05:30 are refused: a place has a zone, and its rules may change.
  if (!/^[A-Za-z]/.test(name) || !isKnown(name)) {
    throw new ApiumError(
      "ZONE_UNKNOWN",
      `"${name}" is not a time zone; write its IANA name, for example Asia/Kolkata, Europe/Berlin or UTC`,
    );
  }
  const zone = new Zone(name, Date.UTC(2026, 0, 1));
  zones.set(name, zone);
  return zone;
}

function isKnown(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
