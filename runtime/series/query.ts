// What can be asked of the figures over time, and the stretch it means: whole steps, the last of which is under way.
import { z } from "zod";
import { durationMs, isDuration } from "../contract/duration.ts";
import { levelFor, slotOf } from "./levels.ts";

const LONGEST_MINUTES = 24 * 60;
const MOST_POINTS = 500;
const MINUTE_MS = 60_000;

/** Where no step is asked for: the first that gives no more points than this. */
const POINTS_BY_DEFAULT = 100;
const STEPS_BY_DEFAULT = [0.25, 0.5, 1, 5, 15].map((minutes) => minutes * MINUTE_MS);

const step = z
  .union([z.number(), z.string()])
  .refine(isDuration, "must be a duration such as 60s")
  .transform(durationMs)
  .refine((ms) => levelFor(ms) !== undefined, "must be 15s, 30s, 45s or whole minutes");

/** `{ minutes, step, queue, name }`, all optional. */
export const seriesQuery = z
  .strictObject({
    /** How far back. Default 60, at most a day's. */
    minutes: z.coerce.number().int().min(1).max(LONGEST_MINUTES).default(60),
    /** What a point stands for. Default: what makes about a hundred. */
    step: step.optional(),
    /** Of this queue alone. */
    queue: z.string().min(1).optional(),
    /** Of this kind of tasks alone; the queues' depth is not told by kind. */
    name: z.string().min(1).max(100).optional(),
  })
  .transform((given) => ({ ...given, stepMs: given.step ?? stepByDefault(given.minutes) }))
  .refine(({ minutes, stepMs }) => pointsOf(minutes, stepMs) <= MOST_POINTS, {
    path: ["step"],
    message: `is too small: at most ${MOST_POINTS} points are told`,
  });

export type SeriesQuery = z.output<typeof seriesQuery>;

export interface Stretch {
  readonly stepMs: number;
  readonly points: number;
  /** Beginning of the first step, in milliseconds since the epoch. */
  readonly from: number;
  /** End of the last, which holds `now`. */
  readonly to: number;
}

export function stretchOf({ minutes, stepMs }: Pick<SeriesQuery, "minutes" | "stepMs">, now: number): Stretch {
  const points = pointsOf(minutes, stepMs);
  const to = slotOf(now, stepMs) + stepMs;
  return { stepMs, points, from: to - points * stepMs, to };
}

function pointsOf(minutes: number, stepMs: number): number {
  return Math.ceil((minutes * MINUTE_MS) / stepMs);
}

function stepByDefault(minutes: number): number {
  return (
    STEPS_BY_DEFAULT.find((ms) => pointsOf(minutes, ms) <= POINTS_BY_DEFAULT) ?? (STEPS_BY_DEFAULT.at(-1) as number)
  );
}
