// The queues: what waits in them, how long it has waited, who works them; pausing and emptying.
import { plural, span, whole } from "../../core/format.ts";
import type { Items, Queue, Worker } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { Badge } from "../../parts/badge.tsx";
import { Card } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { QueueActions } from "./queue-actions.tsx";

export function Queues() {
  const queues = useQuery<Items<Queue>>("/queues", { live: ["tasks"], everyMs: 5_000 });
  const workers = useQuery<Items<Worker>>("/workers", { everyMs: 10_000 });
  const workersOf = (name: string) => workers.data?.items.filter((worker) => worksAt(worker, name)).length;

  const columns: readonly Column<Queue>[] = [
    { title: "Queue", cell: ({ name }) => <strong>{name}</strong> },
    { title: "State", kind: "grow", cell: (queue) => <QueueState queue={queue} workers={workersOf(queue.name)} /> },
    { title: "Waiting", kind: "number", cell: (queue) => <Waiting queue={queue} /> },
    { title: "Oldest", kind: "number", wide: true, cell: ({ oldestMs }) => <Age ms={oldestMs} /> },
    { title: "Later", kind: "number", wide: true, cell: ({ scheduled }) => whole(scheduled) },
    { title: "Running", kind: "number", wide: true, cell: ({ started }) => whole(started) },
    { title: "", kind: "shrink", cell: (queue) => <QueueActions queue={queue} onDone={queues.reload} /> },
  ];
  return (
    <Page
      title="Queues"
      hint="What waits for a worker, and how long it has. A paused queue keeps what it has and hands out nothing."
    >
      <Card flush>
        <Loaded query={queues}>
          {({ items }) => (
            <Table
              label="Queues"
              columns={columns}
              rows={items}
              keyOf={({ name }) => name}
              hrefOf={({ name }) => `/queues/${name}`}
              empty="No queues"
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function Waiting({ queue: { queued, oldestMs } }: { queue: Queue }) {
  return (
    <>
      {whole(queued)}
      {oldestMs === null ? null : (
        <span class="sub narrow-only nowrap">
          <Age ms={oldestMs} />
        </span>
      )}
    </>
  );
}

export function worksAt({ state, queues }: Worker, name: string): boolean {
  return state !== "lost" && queues.includes(name);
}

/** Open, paused by whom, or worked by nobody: what an operator should see first. */
export function QueueState({ queue, workers }: { queue: Queue; workers: number | undefined }) {
  if (queue.pausedAt !== null)
    return (
      <>
        <Badge tone="warn">Paused</Badge>{" "}
        {queue.pausedBy === null ? null : <span class="beside-badge wide-only">by {queue.pausedBy}</span>}
      </>
    );
  if (workers === 0) return <Badge tone={queue.queued > 0 ? "bad" : "calm"}>Nobody works it</Badge>;
  return (
    <>
      <Badge tone="good">Open</Badge>{" "}
      {workers === undefined ? null : <span class="beside-badge wide-only">{plural(workers, "worker")}</span>}
    </>
  );
}

const LATE_MS = 60_000;
const TOO_LATE_MS = 600_000;

export function Age({ ms }: { ms: number | null }) {
  if (ms === null) return <span class="muted">–</span>;
  return <span class={ms > TOO_LATE_MS ? "bad-text" : ms > LATE_MS ? "warn-text" : ""}>{span(ms)}</span>;
}
