// What the caches did while the page is open: their counters every two seconds, for a few minutes. Rates are between two
// looks at the same node; each node counts for itself, and after its start it counts anew.
import { useEffect, useRef, useState } from "preact/hooks";
import type { CacheStats, NamedCache } from "../../core/shapes-system.ts";
import { type Query, useQuery } from "../../core/use-query.ts";

const EVERY_MS = 2_000;
const MOST_SAMPLES = 150;
/** The hit ratio drawn is that of so many looks: of one alone it jumps. */
const RATIO_OVER = 15;

export interface Sample {
  readonly at: number;
  readonly node: string;
  readonly caches: ReadonlyMap<string, NamedCache>;
}

export interface CacheSamples {
  readonly query: Query<CacheStats>;
  /** Oldest first. */
  readonly samples: readonly Sample[];
}

export function useCacheSamples(): CacheSamples {
  const query = useQuery<CacheStats>("/cache", { everyMs: EVERY_MS });
  const samples = useRef<readonly Sample[]>([]);
  const [, draw] = useState(0);
  const { data } = query;
  useEffect(() => {
    if (data === undefined) return;
    const sample = {
      at: Date.now(),
      node: data.node ?? "",
      caches: new Map(data.items.map((item) => [item.cache, item])),
    };
    samples.current = [...samples.current, sample].slice(-MOST_SAMPLES);
    draw((count) => count + 1);
  }, [data]);
  return { query, samples: samples.current };
}

export interface Rates {
  /** Milliseconds since the epoch, one for each value. */
  readonly times: readonly number[];
  /** A second; null where two looks cannot be compared. */
  readonly hits: readonly (number | null)[];
  readonly misses: readonly (number | null)[];
  readonly writes: readonly (number | null)[];
}

export function ratesOf(samples: readonly Sample[], cache: string): Rates {
  const later = samples.slice(1);
  const rate = (of: (stats: NamedCache) => number) =>
    later.map((sample, index) => {
      const before = samples[index];
      const grown = growth(before, sample, cache, of);
      return before === undefined || grown === null ? null : grown / ((sample.at - before.at) / 1_000);
    });
  return {
    times: later.map(({ at }) => at),
    hits: rate(({ hits }) => hits),
    misses: rate(({ misses }) => misses),
    writes: rate(({ sets, deletes }) => sets + deletes),
  };
}

/** 0–1 over the last half minute at each look; null where nothing was read then. */
export function ratiosOf(samples: readonly Sample[], cache: string): readonly (number | null)[] {
  return samples.map((sample, index) => {
    const before = samples[Math.max(0, index - RATIO_OVER)];
    const hits = growth(before, sample, cache, (stats) => stats.hits);
    const misses = growth(before, sample, cache, (stats) => stats.misses);
    return hits === null || misses === null || hits + misses === 0 ? null : hits / (hits + misses);
  });
}

/** Of all that was read since the node's start; undefined when nothing was. */
export function ratioOf({ hits, misses }: NamedCache): number | undefined {
  return hits + misses === 0 ? undefined : hits / (hits + misses);
}

function growth(
  before: Sample | undefined,
  after: Sample,
  cache: string,
  of: (stats: NamedCache) => number,
): number | null {
  const [old, young] = [before?.caches.get(cache), after.caches.get(cache)];
  if (before?.node !== after.node || old === undefined || young === undefined || of(young) < of(old)) return null;
  return of(young) - of(old);
}
