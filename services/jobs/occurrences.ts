// Which occurrences a job gets, and when they may be done: the arithmetic of the domain, pure. Slots are wall-clock times
// of the site; an occurrence is visible from its slot minus the grace to its slot plus plan and expiry.
import { nextCron, parseCron, previousCron, zoneNamed } from "../../runtime/index.ts";

const MINUTE_MS = 60_000;
/** Fires every minute, and therefore means "not scheduled", as in the original. */
const NOT_SCHEDULED = "* * * * *";
/** Of one job at once; the rest is the next run's. */
export const MOST_SLOTS = 5_000;
/** More missed slots than this are told as this many. */
const MOST_COUNTED = 50_000;

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
 * The slots after `now` within the horizon (milliseconds; undefined: the whole validity) that are not decided on yet, at
 * most `MOST_SLOTS` of them.
 * @throws ApiumError `CRON_INVALID`, `ZONE_UNKNOWN`.
 */
export function planSlots(job: Recurrence, now: number, horizonMs: number | undefined): SlotPlan {
  const { validFrom, validTo, generatedUntil } = job;
  const calendar = calendarOf(job);
  const decided = generatedUntil ?? Number.NEGATIVE_INFINITY;
  const end = Math.min(validTo, horizonMs === undefined ? validTo : now + horizonMs);
  const slots = calendar.between(Math.max(now, validFrom - 1, decided), end, MOST_SLOTS);
  const last = slots.at(-1);
  return {
    slots,
    missed:
      generatedUntil === undefined
        ? undefined
        : calendar.summary(Math.max(generatedUntil, validFrom - 1), Math.min(now + 1, end)),
    decidedUntil: last !== undefined && slots.length === MOST_SLOTS ? last : Math.max(end - 1, decided),
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

/** The slots of a recurrence, whatever its validity; each range is after `begin` and before `end`. */
function calendarOf({ cron, timezone }: Recurrence) {
  const expression = parseCron(cron, { days: "or" });
  const zone = zoneNamed(timezone);
  const between = (begin: number, end: number, most: number): number[] => {
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
  const summary = (begin: number, end: number): SlotPlan["missed"] => {
    const slots = between(begin, end, MOST_COUNTED);
    const [from] = slots;
    const to = slots.length < MOST_COUNTED ? slots.at(-1) : previousCron(expression, zone, end);
    return from === undefined || to === undefined ? undefined : { from, to, slots: slots.length };
  };
  return { between, summary };
}
