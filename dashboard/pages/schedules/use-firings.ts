// When the schedules fire within the next day. Each is asked once for its next slots, and again only when it was changed or
// half an hour has passed; a bound on their number keeps a schedule of every second from being drawn second by second.
import { useEffect, useState } from "preact/hooks";
import { get } from "../../core/api.ts";
import type { Schedule } from "../../core/shapes.ts";

export const DAY_MS = 86_400_000;
/** Every five minutes of a day, and one to tell that there are more. */
const MOST_SLOTS = 289;
const AT_ONCE = 4;
const ASK_AGAIN_MS = 1_800_000;

export interface Firings {
  /** Milliseconds since the epoch, ascending. */
  readonly times: readonly number[];
  /** It goes on like this: not all slots of the day were asked for. */
  readonly isCut: boolean;
}

/** By the schedules' names, as they become known. */
export function useFirings(schedules: readonly Schedule[]): ReadonlyMap<string, Firings> {
  const [known, setKnown] = useState<ReadonlyMap<string, { readonly key: string; readonly firings: Firings }>>(
    new Map(),
  );
  const half = Math.floor(Date.now() / ASK_AGAIN_MS);
  const keys = schedules.map(({ name, version }) => `${name}@${version}@${half}`);
  const wanted = keys.join(" ");

  useEffect(() => {
    const stopped = new AbortController();
    const missing = schedules.flatMap(({ name }, index) => {
      const key = keys[index] ?? "";
      return known.get(name)?.key === key ? [] : [{ name, key }];
    });
    const askNext = async (): Promise<void> => {
      const next = missing.shift();
      if (next === undefined || stopped.signal.aborted) return;
      const firings = await firingsOf(next.name, stopped.signal).catch(() => undefined);
      if (firings !== undefined) setKnown((before) => new Map(before).set(next.name, { key: next.key, firings }));
      return askNext();
    };
    for (let line = 0; line < AT_ONCE; line += 1) void askNext();
    return () => stopped.abort();
  }, [wanted]);

  return new Map([...known].map(([name, { firings }]) => [name, firings]));
}

async function firingsOf(name: string, signal: AbortSignal): Promise<Firings> {
  const path = `/schedules/${encodeURIComponent(name)}/next?n=${MOST_SLOTS}`;
  const { fires } = await get<{ fires: readonly string[] }>(path, signal);
  const times = fires.map((fire) => Date.parse(fire));
  const isCut = times.length === MOST_SLOTS && (times.at(-1) ?? 0) < Date.now() + DAY_MS;
  return { times, isCut };
}
