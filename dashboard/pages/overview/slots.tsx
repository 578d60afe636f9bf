// The workers in short: how full each is.
import { whole } from "../../core/format.ts";
import type { Worker } from "../../core/shapes.ts";
import { Meter } from "../../parts/meter.tsx";
import { Table } from "../../parts/table.tsx";
import { WorkerState } from "../workers/worker-state.tsx";

const MOST_SHOWN = 8;

export function Slots({ workers, at }: { workers: readonly Worker[]; at: number | undefined }) {
  return (
    <Table
      label="Workers"
      rows={workers.slice(0, MOST_SHOWN)}
      keyOf={({ id }) => id}
      hrefOf={({ id }) => `/workers/${encodeURIComponent(id)}`}
      empty="No worker is running"
      emptyHint="Nothing will be started until a process works these queues."
      columns={[
        { title: "Worker", cell: ({ id }) => <span class="mono nowrap">{id}</span> },
        { title: "State", cell: (worker) => <WorkerState worker={worker} at={at} /> },
        {
          title: "Slots",
          kind: "grow",
          wide: true,
          cell: ({ concurrency, stats }) => (
            <Meter
              fraction={(stats?.running ?? 0) / concurrency}
              warnAt={1}
              label={`${stats?.running ?? 0} of ${concurrency} slots are busy`}
            />
          ),
        },
        { title: "Busy", kind: "number", cell: ({ concurrency, stats }) => `${stats?.running ?? 0} / ${concurrency}` },
        { title: "Done", kind: "number", wide: true, cell: ({ stats }) => whole(stats?.done ?? 0) },
      ]}
    />
  );
}
