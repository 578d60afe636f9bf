// What to do about the slots that have passed since a schedule was last looked at: which run, which do not. Pure.
import type { Occurrences } from "./timing.ts";

/** For slots that were not met in time: run none of them, run once for all, or run each (up to a cap, the latest first). */
export type MisfirePolicy = "skip" | "one" | "all";

export interface MisfireRule {
  readonly policy: MisfirePolicy;
  /** Milliseconds after its slot within which a run still counts as in time. */
  readonly graceMs: number;
  /** The most slots that `all` runs. */
  readonly cap: number;
}

/** Slots in a row that were not met in time. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly slots: number;
  /** True where there were more than were counted. */
  readonly isAtLeast: boolean;
}

export interface SlotPlan {
  /** Ascending. */
  readonly fire: readonly { readonly slot: number; readonly isLate: boolean }[];
  /** What will not run. */
  readonly missed: SlotRange | undefined;
  /** The slot to look at next; in the past where more is due than one look takes. */
  readonly next: number | undefined;
}

const MOST_AT_ONCE = 1_000;
const MOST_COUNTED = 10_000;

/** Decides about every slot from `from` (inclusive) to `now`. */
export function planSlots(occurrences: Occurrences, from: number, now: number, rule: MisfireRule): SlotPlan {
  const inTimeFrom = Math.max(from, now - rule.graceMs);
  const inTime = slotsBetween(occurrences, inTimeFrom, now, MOST_AT_ONCE);
  const late = countBetween(occurrences, from, inTimeFrom);
  const { fire, missed } =
    late === undefined ? { fire: [], missed: undefined } : lateSlots(occurrences, late, inTime.length > 0, rule);
  return {
    fire: [...fire.map((slot) => ({ slot, isLate: true })), ...inTime.map((slot) => ({ slot, isLate: false }))],
    missed,
    next: occurrences.next(inTime.length === MOST_AT_ONCE ? (inTime.at(-1) ?? now) : now),
  };
}

function lateSlots(occurrences: Occurrences, late: SlotRange, isCovered: boolean, { policy, cap }: MisfireRule) {
  // A run that is in time stands for the missed ones too.
  const wanted = policy === "all" ? cap : policy === "one" && !isCovered ? 1 : 0;
  const fire = latest(occurrences, late, wanted);
  const oldestFired = fire[0];
  const slots = late.slots - fire.length;
  if (oldestFired === undefined) return { fire, missed: late };
  const to = occurrences.previous(oldestFired);
  const missed = to === undefined || to < late.from || slots <= 0 ? undefined : { ...late, to, slots };
  return { fire, missed };
}

function latest(occurrences: Occurrences, { from, to }: SlotRange, count: number): number[] {
  const slots: number[] = [];
  for (
    let slot: number | undefined = to;
    slot !== undefined && slot >= from && slots.length < count;
    slot = occurrences.previous(slot)
  ) {
    slots.unshift(slot);
  }
  return slots;
}

function slotsBetween(occurrences: Occurrences, from: number, to: number, most: number): number[] {
  const slots: number[] = [];
  for (
    let slot = occurrences.next(from - 1);
    slot !== undefined && slot <= to && slots.length < most;
    slot = occurrences.next(slot)
  ) {
    slots.push(slot);
  }
  return slots;
}

/** The slots from `from` (inclusive) to `end` (exclusive), counted up to a bound. */
function countBetween(occurrences: Occurrences, from: number, end: number): SlotRange | undefined {
  const counted = slotsBetween(occurrences, from, end - 1, MOST_COUNTED);
  const [first] = counted;
  if (first === undefined) return undefined;
  const to = occurrences.previous(end) ?? first;
  return { from: first, to, slots: counted.length, isAtLeast: to > (counted.at(-1) ?? first) };
}
