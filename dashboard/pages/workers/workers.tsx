// The workers: how full, how large, how late each is, and what can be done about all of them.
import { bytes, span, whole } from "../../core/format.ts";
import type { Items, Worker } from "../../core/shapes.ts";
import type { Answers } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { Card } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Meter } from "../../parts/meter.tsx";
import { Page } from "../../parts/page.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import type { WorkerStats } from "./answers.ts";
import { WorkerState } from "./worker-state.tsx";

const LATE_LOOP_MS = 200;

export function Workers() {
  const workers = useQuery<Items<Worker>>("/workers", { live: ["tasks"], everyMs: 5_000 });
  const stats = useQuery<Answers<WorkerStats>>("/inspect/stats", { everyMs: 10_000 });
  const statsOf = (id: string) => stats.data?.items.find(({ worker }) => worker === id)?.answer;

  return (
    <Page
      title="Workers"
      hint="Processes that run tasks. What one ran that has fallen silent runs elsewhere within 10 seconds."
    >
      <Card flush>
        <Loaded query={workers}>
          {({ items }) => (
            <Table
              label="Workers"
              rows={items}
              keyOf={({ id }) => id}
              hrefOf={({ id }) => `/workers/${encodeURIComponent(id)}`}
              empty="No worker is running"
              emptyHint="Nothing will be started. Start a process with QUEUES set, or without it to work all of them."
              columns={[
                {
                  title: "Worker",
                  cell: ({ id, host, pid }) => (
                    <>
                      <span class="mono nowrap">{id}</span>
                      <span class="sub">
                        {host}, pid {pid}
                      </span>
                    </>
                  ),
                },
                { title: "State", cell: (worker) => <WorkerState worker={worker} at={workers.answeredAt} /> },
                { title: "Heartbeat", cell: ({ heartbeatAt }) => <When at={heartbeatAt} /> },
                {
                  title: "Busy",
                  kind: "grow",
                  cell: ({ concurrency, stats: own }) => (
                    <>
                      {whole(own?.running ?? 0)} / {whole(concurrency)}
                      <Meter
                        fraction={(own?.running ?? 0) / concurrency}
                        warnAt={1}
                        label={`${own?.running ?? 0} of ${concurrency} slots are busy`}
                      />
                    </>
                  ),
                },
                {
                  title: "Queues",
                  wide: true,
                  cell: ({ queues }) => <span class="clip narrow">{queues.join(", ")}</span>,
                },
                { title: "Done", kind: "number", wide: true, cell: ({ stats: own }) => whole(own?.done ?? 0) },
                {
                  title: "Failed",
                  kind: "number",
                  wide: true,
                  cell: ({ stats: own }) => (
                    <span class={own?.failed ? "bad-text" : ""}>{whole(own?.failed ?? 0)}</span>
                  ),
                },
                {
                  title: "Memory",
                  kind: "number",
                  wide: true,
                  cell: ({ id }) => {
                    const own = statsOf(id);
                    return own === undefined ? "–" : bytes(own.memory.rssBytes);
                  },
                },
                { title: "Event loop", kind: "number", wide: true, cell: ({ id }) => <LoopLag stats={statsOf(id)} /> },
              ]}
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

export function LoopLag({ stats }: { stats: WorkerStats | undefined }) {
  if (stats === undefined) return <span class="muted">–</span>;
  return (
    <span
      class={stats.loopLag.p99Ms > LATE_LOOP_MS ? "warn-text" : ""}
      title="How late its event loop is, 99th percentile"
    >
      {span(stats.loopLag.p99Ms)}
    </span>
  );
}
