// The slots figures are kept in. A coarse slot holds what the fine ones in it hold, so that a day is read in a hundred rows
// of a name, and a quarter of an hour is still seen as it was.

export interface Level {
  /** Length of a slot. */
  readonly stepMs: number;
  /** Older rows go. */
  readonly keepMs: number;
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** A day is asked for in whole slots, the last of which is under way. */
const A_DAY_AND_MORE_MS = 25 * HOUR_MS;

/** The finest slot; what is counted in memory is counted in these. */
export const FINEST_MS = 15 * SECOND_MS;

const MINUTE_MS = 60 * SECOND_MS;

/** Finest first. Only steps below a minute need the finest, and 500 of those, the most that are told, are six hours. */
export const LEVELS: readonly Level[] = [
  { stepMs: FINEST_MS, keepMs: 7 * HOUR_MS },
  { stepMs: MINUTE_MS, keepMs: A_DAY_AND_MORE_MS },
  { stepMs: 300 * SECOND_MS, keepMs: A_DAY_AND_MORE_MS },
  { stepMs: 900 * SECOND_MS, keepMs: A_DAY_AND_MORE_MS },
];

/** The coarsest level whose slots make whole steps; `undefined` where none that is kept long enough does. */
export function levelFor(stepMs: number): Level | undefined {
  if (stepMs > MINUTE_MS && stepMs % MINUTE_MS !== 0) return undefined;
  return LEVELS.findLast((level) => stepMs >= level.stepMs && stepMs % level.stepMs === 0);
}

/** The beginning of the slot an instant lies in, in milliseconds since the epoch. */
export function slotOf(instant: number, stepMs: number): number {
  return Math.floor(instant / stepMs) * stepMs;
}

/** For `step` in statements: seconds. */
export function stepSeconds({ stepMs }: Level): number {
  return stepMs / SECOND_MS;
}

/** `(15),(60),…`: for `values` in statements that write every level. */
export const STEPS_SQL = LEVELS.map((level) => `(${stepSeconds(level)})`).join(",");
