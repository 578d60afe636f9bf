// The minutes at which schedules fire, and which of them fire together.
import type { Firings } from "./use-firings.ts";

/** So many in one minute are a crowd; the doctor says the same. */
export const CROWD = 3;

export interface Minute {
  /** Milliseconds since the epoch. */
  readonly minute: number;
  readonly names: readonly string[];
}

/**
 * In order of time. A schedule that fires several times in a minute counts once there; one that goes on and on is left out:
 * it fires together with everything.
 */
export function minutesOf(firings: ReadonlyMap<string, Firings>, from: number, to: number): readonly Minute[] {
  const byMinute = new Map<number, string[]>();
  for (const [name, { times, isCut }] of firings) {
    if (isCut) continue;
    const minutes = new Set(times.filter((time) => time >= from && time < to).map((time) => Math.floor(time / 60_000)));
    for (const minute of minutes) byMinute.set(minute, [...(byMinute.get(minute) ?? []), name]);
  }
  return [...byMinute]
    .map(([minute, names]) => ({ minute: minute * 60_000, names }))
    .sort((a, b) => a.minute - b.minute);
}
