// A card for each named cache: how many reads it answered, whether its store is there. One is chosen for the rest of the page.
import { percent, plural } from "../../core/format.ts";
import { hrefWith } from "../../core/place.ts";
import type { NamedCache } from "../../core/shapes-system.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Sparkline } from "../../parts/chart.tsx";
import { took } from "./took.ts";
import { ratioOf, ratiosOf, type Sample } from "./use-cache-samples.ts";

export interface CacheCardsProps {
  readonly caches: readonly NamedCache[];
  readonly chosen: string;
  readonly samples: readonly Sample[];
}

export function CacheCards({ caches, chosen, samples }: CacheCardsProps) {
  return (
    <nav class="stats cache-cards" aria-label="Caches">
      {caches.map((stats) => (
        <CacheCard key={stats.cache} stats={stats} isChosen={stats.cache === chosen} samples={samples} />
      ))}
    </nav>
  );
}

const POOR = 0.5;
/** Of fewer reads a ratio says nothing. */
const FEW_READS = 20;

function CacheCard({ stats, isChosen, samples }: { stats: NamedCache; isChosen: boolean; samples: readonly Sample[] }) {
  const { cache, hits, misses, latency, entries } = stats;
  const ratio = ratioOf(stats);
  const isPoor = ratio !== undefined && ratio < POOR && hits + misses >= FEW_READS;
  const ratios = ratiosOf(samples, cache);
  return (
    <a
      class="stat"
      href={hrefWith({ cache, prefix: undefined, find: undefined, key: undefined })}
      aria-current={isChosen ? "true" : undefined}
    >
      <span class="cache-name">
        <b>{cache}</b>
        <Connection stats={stats} />
      </span>
      <strong class={`stat-value${isPoor ? " warn" : ""}`}>{ratio === undefined ? "–" : percent(ratio)}</strong>
      <span class="stat-hint">
        {ratio === undefined ? "nothing read so far" : `of ${plural(hits + misses, "read")} answered`}
      </span>
      <span class="stat-hint">
        {entries === null || entries === undefined ? "" : `${plural(entries, "entry", "entries")} · `}
        {latency === null ? "no commands yet" : `p50 ${took(latency.p50)} · p99 ${took(latency.p99)}`}
      </span>
      {ratios.some((value) => value !== null) ? (
        <Sparkline values={ratios} label={`Hit ratio of ${cache} while this page is open`} />
      ) : null}
    </a>
  );
}

export function Connection({ stats: { connected, store } }: { stats: NamedCache }) {
  const [tone, word, title]: [Tone, string, string] = !connected
    ? ["bad", "Not connected", "Its server does not answer: every read is a miss, and nobody waits for it"]
    : store === "memory"
      ? ["calm", "In memory", "In this process: it is lost with it, and other processes keep their own"]
      : ["good", "Redis", "Its Redis server answers"];
  return (
    <Badge tone={tone} title={title}>
      {word}
    </Badge>
  );
}
