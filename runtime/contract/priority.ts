// Priorities 0–9, 9 first, and the three lanes they travel in. Lanes share a worker by weight, so a flood in one
// never starves another.

export const LANES = ["low", "normal", "high"] as const;
export type Lane = (typeof LANES)[number];

export const DEFAULT_PRIORITY = 5;

/** Of every twelve tasks a busy worker takes, this many come from each lane (when all three hold work). */
export const LANE_WEIGHTS: Readonly<Record<Lane, number>> = { high: 8, normal: 3, low: 1 };

/** The lane of a priority: 7–9 high, 4–6 normal, 0–3 low. */
export function laneOf(priority: number): Lane {
  if (priority >= 7) return "high";
  return priority >= 4 ? "normal" : "low";
}
