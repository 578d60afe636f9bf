// The queues in short, each with its depth over time.
import { whole } from "../../core/format.ts";
import type { Queue, Series } from "../../core/shapes.ts";
import { Badge } from "../../parts/badge.tsx";
import { Sparkline } from "../../parts/chart.tsx";
import { Table } from "../../parts/table.tsx";
import { Age } from "../queues/queues.tsx";

export function QueueList({ queues, series }: { queues: readonly Queue[]; series: Series | undefined }) {
  return (
    <Table
      label="Queues"
      rows={queues}
      keyOf={({ name }) => name}
      hrefOf={({ name }) => `/queues/${name}`}
      empty="No queues"
      columns={[
        {
          title: "Queue",
          kind: "grow",
          cell: ({ name, pausedAt }) => (
            <>
              <strong>{name}</strong> {pausedAt === null ? null : <Badge tone="warn">Paused</Badge>}
            </>
          ),
        },
        {
          title: "Depth",
          wide: true,
          cell: ({ name }) => (
            <Sparkline values={series?.queues[name]?.map(({ queued }) => queued) ?? []} label={`Depth of ${name}`} />
          ),
        },
        { title: "Waiting", kind: "number", cell: ({ queued }) => whole(queued) },
        { title: "Oldest", kind: "number", cell: ({ oldestMs }) => <Age ms={oldestMs} /> },
        { title: "Running", kind: "number", cell: ({ started }) => whole(started) },
      ]}
    />
  );
}
