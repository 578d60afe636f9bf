// One cache in figures: what is read and written a second while the page is open, and its counters.
import { bytes, percent, short, whole } from "../../core/format.ts";
import type { NamedCache } from "../../core/shapes-system.ts";
import { Card, Empty, Facts } from "../../parts/card.tsx";
import { Chart } from "../../parts/chart.tsx";
import { took } from "./took.ts";
import { ratesOf, ratioOf, type Sample } from "./use-cache-samples.ts";

export function CacheFigures({ stats, samples }: { stats: NamedCache; samples: readonly Sample[] }) {
  const { times, hits, misses, writes } = ratesOf(samples, stats.cache);
  const ratio = ratioOf(stats);
  return (
    <div class="cache-figures">
      <Card title={`${stats.cache}: reads and writes a second`}>
        {times.length < 2 ? (
          <Empty title="Looking…">The chart begins when the page is opened.</Empty>
        ) : (
          <Chart
            label={`Reads and writes of ${stats.cache} a second`}
            nothing="Nothing was read or written"
            times={times}
            series={[
              { label: "Hits", tone: "good", values: hits },
              { label: "Misses", tone: "warn", values: misses },
              { label: "Writes", tone: "busy", values: writes },
            ]}
            format={(value) => short(value)}
            height={150}
          />
        )}
      </Card>
      <Card title="Since its process started">
        <Facts
          of={[
            ["Hit ratio", ratio === undefined ? undefined : percent(ratio)],
            ["Hits", whole(stats.hits)],
            ["Misses", whole(stats.misses)],
            ["Sets", whole(stats.sets)],
            ["Deletes", whole(stats.deletes)],
            ["Errors", <Bad key="errors" count={stats.errors} />],
            ["Given up", stats.dropped === 0 ? undefined : <Bad key="dropped" count={stats.dropped} />],
            ["Half take up to", stats.latency === null ? undefined : took(stats.latency.p50)],
            ["99 % take up to", stats.latency === null ? undefined : took(stats.latency.p99)],
            ["Entries", stats.entries === null || stats.entries === undefined ? undefined : whole(stats.entries)],
            [
              "Memory",
              stats.memoryBytes === null || stats.memoryBytes === undefined ? undefined : bytes(stats.memoryBytes),
            ],
          ]}
        />
      </Card>
    </div>
  );
}

function Bad({ count }: { count: number }) {
  return <span class={count > 0 ? "bad-text" : ""}>{whole(count)}</span>;
}
