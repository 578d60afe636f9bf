// Which occurrences a job gets, and when they may be done: the arithmetic of the domain, pure. Slots are wall-clock times
// of the site; an occurrence is visible from its slot minus the grace to its slot plus plan and expiry.
import { nextCron, parseCron, zoneNamed } from "../../runtime/index.ts";

const MINUTE_MS = 60_000;
/** Fires every minute, and therefore means "not scheduled", as in the original. */
const NOT_SCHEDULED = "* * * * *";
const MOST_COUNTED = 1_000;

export interface Recurrence {
  /** Classic cron: day of month or day of week. */
  readonly cron: string;
  readonly timezone: string;
  /** Milliseconds since the epoch; a slot may be at `validFrom`, none is at `validTo`. */
  readonly validFrom: number;
  readonly validTo: number;
  /** Every slot up to here has been decided on; undefined when none has. */
  readonly generatedUntil: number | undefined;
}

export interface SlotPlan {
  /** Ascending, milliseconds since the epoch. */
  readonly slots: readonly number[];
  /** Slots that passed before anybody generated them. No work is made for them: it could not be done any more. */
  readonly missed: { readonly from: number; readonly to: number; readonly slots: number } | undefined;
  /** Every slot up to here is decided on now. */
  readonly decidedUntil: number;
}

export interface Window {
  readonly scheduledAt: number;
  readonly planAt: number;
  readonly expiryAt: number;
}

export function isScheduled(cron: string | null): cron is string {
  return cron !== null && cron.trim() !== "" && cron.trim() !== NOT_SCHEDULED;
}

/**
 * The slots after `now` within the horizon (milliseconds; undefined: the whole validity) that are not decided on yet.
 * @throws ApiumError `CRON_INVALID`, `ZONE_UNKNOWN`.
 */
export function planSlots(job: Recurrence, now: number, horizonMs: number | undefined): SlotPlan {
  const { validFrom, validTo, generatedUntil = Number.NEGATIVE_INFINITY } = job;
  const end = Math.min(validTo, horizonMs === undefined ? validTo : now + horizonMs);
  const begin = Math.max(now, validFrom - 1, generatedUntil);
  const between = slotsOf(job);
  return {
    slots: between(begin, end),
    missed:
      job.generatedUntil === undefined
        ? undefined
        : rangeOf(between(Math.max(generatedUntil, validFrom - 1), Math.min(now + 1, end), MOST_COUNTED)),
    decidedUntil: Math.max(end - 1, generatedUntil),
  };
}

/** When the occurrence of a slot is visible, and until when it can be done. Durations are minutes. */
export function windowOf(
  slot: number,
  { graceTime, planDuration, expiryTime }: { graceTime: number; planDuration: number; expiryTime: number },
): Window {
  return {
    scheduledAt: slot,
    planAt: slot - graceTime * MINUTE_MS,
    expiryAt: slot + (planDuration + expiryTime) * MINUTE_MS,
  };
}

function slotsOf({ cron, timezone }: Recurrence) {
  const expression = parseCron(cron, { days: "or" });
  const zone = zoneNamed(timezone);
  /** Slots after `begin` and before `end`. */
  return (begin: number, end: number, most = Number.POSITIVE_INFINITY): number[] => {
    const slots: number[] = [];
    for (
      let slot = nextCron(expression, zone, begin);
      slot !== undefined && slot < end && slots.length < most;
      slot = nextCron(expression, zone, slot)
    ) {
      slots.push(slot);
    }
    return slots;
  };
}

function rangeOf(slots: readonly number[]): SlotPlan["missed"] {
  const [from] = slots;
  const to = slots.at(-1);
  return from === undefined || to === undefined ? undefined : { from, to, slots: slots.length };
}
