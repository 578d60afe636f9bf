// When a schedule fires: one of four kinds, behind one pair of questions.
import { type CronOptions, parseCron } from "./cron.ts";
import { nextCron, previousCron } from "./cron-timing.ts";
import { nextSolar, previousSolar, type SolarTiming } from "./solar.ts";
import { zoneNamed } from "./zone.ts";

export type Timing =
  | { readonly kind: "cron"; readonly expression: string; readonly days: NonNullable<CronOptions["days"]> }
  /** Every so often, counted from the schedule's start, or from the epoch where it has none. */
  | { readonly kind: "interval"; readonly everyMs: number }
  /** Once, at an instant. */
  | { readonly kind: "clocked"; readonly at: number }
  | ({ readonly kind: "solar" } & SolarTiming);

/** A schedule's validity: nothing fires before `start` or after `end` (milliseconds since the epoch). */
export interface Validity {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** Slots in both directions, milliseconds since the epoch; `undefined` where there is none. */
export interface Occurrences {
  /** The first slot after an instant. */
  next(after: number): number | undefined;
  /** The last slot before an instant. */
  previous(before: number): number | undefined;
}

/** The slots of a timing in a zone, within its validity. @throws ApiumError `CRON_INVALID`, `ZONE_UNKNOWN`. */
export function occurrencesOf(timing: Timing, timezone: string, validity: Validity = {}): Occurrences {
  const { start = Number.NEGATIVE_INFINITY, end = Number.POSITIVE_INFINITY } = validity;
  const unbounded = unboundedOf(timing, timezone, validity.start ?? 0);
  return {
    next(after) {
      const slot = unbounded.next(Math.max(after, start - 1));
      return slot !== undefined && slot <= end ? slot : undefined;
    },
    previous(before) {
      const slot = unbounded.previous(Math.min(before, end + 1));
      return slot !== undefined && slot >= start ? slot : undefined;
    },
  };
}

function unboundedOf(timing: Timing, timezone: string, anchor: number): Occurrences {
  switch (timing.kind) {
    case "cron": {
      const cron = parseCron(timing.expression, { days: timing.days });
      const zone = zoneNamed(timezone);
      return { next: (after) => nextCron(cron, zone, after), previous: (before) => previousCron(cron, zone, before) };
    }
    case "interval": {
      const { everyMs } = timing;
      return {
        next: (after) => anchor + (Math.floor((after - anchor) / everyMs) + 1) * everyMs,
        previous: (before) => anchor + (Math.ceil((before - anchor) / everyMs) - 1) * everyMs,
      };
    }
    case "clocked": {
      const { at } = timing;
      return {
        next: (after) => (at > after ? at : undefined),
        previous: (before) => (at < before ? at : undefined),
      };
    }
    case "solar":
      return { next: (after) => nextSolar(timing, after), previous: (before) => previousSolar(timing, before) };
  }
}

/** The next `count` slots after an instant. */
export function upcoming(occurrences: Occurrences, after: number, count: number): number[] {
  const slots: number[] = [];
  for (let slot = occurrences.next(after); slot !== undefined && slots.length < count; slot = occurrences.next(slot)) {
    slots.push(slot);
  }
  return slots;
}
