// Durations as people write them: 250ms, 30s, 5m, 2h, 1d, or a number of milliseconds.
import { ApiumError } from "./errors.ts";

export type Duration = number | string;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A century: longer ones are mistakes, and dates have an end. */
const LONGEST_MS = 100 * 366 * 86_400_000;
const NOTATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/**
 * Milliseconds of a duration.
 * @throws ApiumError `DURATION_NOTATION` for anything else than a finite number ≥ 0 or `<number><ms|s|m|h|d>`.
 */
export function durationMs(duration: Duration): number {
  if (typeof duration === "number" && duration >= 0 && duration <= LONGEST_MS) return duration;
  const parts = typeof duration === "string" ? NOTATION.exec(duration.trim()) : null;
  const unit = UNITS_MS[parts?.[2] ?? ""];
  if (!parts || unit === undefined) {
    throw new ApiumError(
      "DURATION_NOTATION",
      `"${duration}" is not a duration; write it like 250ms, 30s, 5m, 2h or 1d`,
    );
  }
  return durationMs(Number(parts[1]) * unit);
}

/** Whether `durationMs` takes it. */
export function isDuration(value: Duration): boolean {
  try {
    durationMs(value);
    return true;
  } catch {
    return false;
  }
}

/** A duration in its largest unit that gives a whole number: 90 000 is `90s`, 7 200 000 is `2h`. */
export function durationText(ms: number): string {
  const [unit, size] =
    Object.entries(UNITS_MS)
      .reverse()
      .find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? (["ms", 1] as const);
  return `${ms / size}${unit}`;
}
