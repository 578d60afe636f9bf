// Cron in a time zone: what a wall-clock time means on days when the clocks change.
//
// With the hour field `*` a slot is every instant whose local time matches: a repeated hour runs twice, a skipped hour
// not at all. With any other hour field, what counts is the wall-clock times of a date, each once: at its first
// occurrence, or, when the clocks jump over it, at the first instant after the gap; several that meet at one instant
// are one slot. Both halves of that second rule are one function: a local time's slot is the first instant at which the
// clocks show it or later. It never falls as local time grows, so the next slot is that of the next local time beyond
// the latest one the clocks have shown so far.
import type { Cron } from "./cron.ts";
import type { Zone } from "./zone.ts";

/** The first slot after an instant (milliseconds since the epoch). */
export function nextCron(cron: Cron, zone: Zone, after: number): number | undefined {
  const instant = Math.floor(after);
  if (cron.isEveryHour) return nextMatch(cron, zone, instant);
  const local = cron.nextLocal(zone.latestLocalUntil(instant));
  return local === undefined ? undefined : zone.firstInstantOf(local);
}

/** The last slot before an instant (milliseconds since the epoch). */
export function previousCron(cron: Cron, zone: Zone, before: number): number | undefined {
  const instant = Math.ceil(before) - 1;
  if (cron.isEveryHour) return previousMatch(cron, zone, instant);
  const local = cron.previousLocal(zone.latestLocalUntil(instant));
  return local === undefined ? undefined : zone.firstInstantOf(local);
}

function nextMatch(cron: Cron, zone: Zone, after: number): number | undefined {
  let asked = Number.POSITIVE_INFINITY;
  let local: number | undefined;
  for (let from = after + 1; ; ) {
    const { end, offset } = zone.at(from);
    // What was found from an earlier local time on holds until the clocks are set back behind it.
    const seenFrom = from - 1 + offset;
    if (local === undefined || seenFrom < asked || seenFrom >= local) {
      local = cron.nextLocal(seenFrom);
      asked = seenFrom;
    }
    if (local === undefined) return undefined;
    if (local - offset < end) return local - offset;
    from = end;
  }
}

function previousMatch(cron: Cron, zone: Zone, upTo: number): number | undefined {
  let asked = Number.NEGATIVE_INFINITY;
  let local: number | undefined;
  for (let until = upTo; ; ) {
    const { start, offset } = zone.at(until);
    const seenUntil = until + offset;
    if (local === undefined || seenUntil > asked || seenUntil < local) {
      local = cron.previousLocal(seenUntil);
      asked = seenUntil;
    }
    if (local === undefined) return undefined;
    if (local - offset >= start) return local - offset;
    until = start - 1;
  }
}
