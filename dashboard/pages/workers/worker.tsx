// One worker: what it runs, what it takes from, how it is, and what it can be told.
import { bytes, span, whole } from "../../core/format.ts";
import type { Items, Worker as WorkerRow } from "../../core/shapes.ts";
import type { Answers } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { Card, Empty, Facts } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import type { ActiveRun, ConsumedQueue, WorkerStats } from "./answers.ts";
import { Consumers } from "./consumers.tsx";
import { Pool } from "./pool.tsx";
import { ShutdownActions } from "./shutdown.tsx";
import { WorkerState } from "./worker-state.tsx";

export function Worker({ id = "" }: Readonly<Record<string, string>>) {
  const path = `/workers/${encodeURIComponent(id)}`;
  const workers = useQuery<Items<WorkerRow>>("/workers", { everyMs: 5_000 });
  const active = useQuery<Answers<readonly ActiveRun[]>>(`${path}/active`, { live: ["tasks"], everyMs: 3_000 });
  const reserved = useQuery<Answers<readonly ActiveRun[]>>(`${path}/reserved`, { live: ["tasks"], everyMs: 5_000 });
  const stats = useQuery<Answers<WorkerStats>>(`${path}/stats`, { everyMs: 5_000 });
  const queues = useQuery<Answers<readonly ConsumedQueue[]>>(`${path}/queues`);
  const worker = workers.data?.items.find((one) => one.id === id);
  const own = stats.data?.items[0]?.answer;
  const reload = () => Promise.all([workers.reload(), stats.reload(), queues.reload()]);

  if (workers.data !== undefined && worker === undefined) {
    return (
      <Page title={id} back={{ href: "/workers", label: "Workers" }}>
        <Empty title="This worker is gone">
          It has left, or was lost and its tasks were given to others.{" "}
          <a href={`/tasks?worker=${encodeURIComponent(id)}`}>What it ran</a>
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={id}
      back={{ href: "/workers", label: "Workers" }}
      heading={
        <>
          <span class="mono">{id}</span>
          {worker === undefined ? null : <WorkerState worker={worker} at={workers.answeredAt} />}
        </>
      }
      actions={<ShutdownActions worker={id} running={own?.pool.busy ?? 0} onDone={reload} />}
    >
      <Card>
        <Facts
          of={[
            ["Busy", own === undefined ? undefined : `${whole(own.pool.busy)} of ${whole(own.pool.size)} slots`],
            ["Done", own === undefined ? undefined : whole(own.done)],
            ["Failed", own === undefined ? undefined : whole(own.failed)],
            [
              "Memory",
              own === undefined ? undefined : `${bytes(own.memory.rssBytes)} (heap ${bytes(own.memory.heapUsedBytes)})`,
            ],
            [
              "Event loop late by",
              own === undefined ? undefined : `${span(own.loopLag.p99Ms)} (p99), ${span(own.loopLag.maxMs)} at most`,
            ],
            ["Up for", own === undefined ? undefined : span(own.uptimeS * 1_000)],
            ["Heartbeat", <When key="beat" at={worker?.heartbeatAt} />],
            ["Process", worker === undefined ? undefined : `pid ${worker.pid} on ${worker.host}`],
          ]}
        />
        <Loaded query={stats} lines={1}>
          {({ silent }) => (silent.length === 0 ? null : <p class="notice">It does not answer just now.</p>)}
        </Loaded>
      </Card>
      <div class="columns">
        <Card title="Running now" flush>
          <Loaded query={active}>
            {(answer) => <Runs of={answer} label="Running now" empty="It runs nothing just now" />}
          </Loaded>
        </Card>
        <Card title="Claimed, not begun" flush>
          <Loaded query={reserved}>
            {(answer) => <Runs of={answer} label="Claimed, not begun" empty="Nothing waits in this worker" />}
          </Loaded>
        </Card>
      </div>
      <div class="columns">
        <Pool worker={id} stats={own} onDone={reload} />
        <Consumers worker={id} queues={queues} onDone={reload} />
      </div>
      <Card title="Ended in this worker since it began" flush>
        <Table
          label="Counts by task"
          rows={Object.entries(own?.tasks ?? {}).toSorted(([, a], [, b]) => b.done + b.failed - a.done - a.failed)}
          keyOf={([name]) => name}
          hrefOf={([name]) => `/tasks?worker=${encodeURIComponent(id)}&name=${encodeURIComponent(name)}`}
          empty="Nothing has ended yet"
          columns={[
            { title: "Task", kind: "grow", cell: ([name]) => <span class="mono">{name}</span> },
            { title: "Done", kind: "number", cell: ([, { done }]) => whole(done) },
            {
              title: "Failed",
              kind: "number",
              cell: ([, { failed }]) => <span class={failed > 0 ? "bad-text" : "muted"}>{whole(failed)}</span>,
            },
          ]}
        />
      </Card>
    </Page>
  );
}

function Runs({ of, label, empty }: { of: Answers<readonly ActiveRun[]>; label: string; empty: string }) {
  return (
    <Table
      label={label}
      rows={of.items[0]?.answer ?? []}
      keyOf={({ id }) => id}
      hrefOf={({ id }) => `/tasks/${id}`}
      empty={empty}
      columns={[
        {
          title: "Task",
          kind: "grow",
          cell: ({ id, name }) => (
            <>
              <span class="mono">{name}</span>
              <span class="sub mono">{id}</span>
            </>
          ),
        },
        { title: "Queue", wide: true, cell: ({ queue }) => queue },
        { title: "Attempt", kind: "number", wide: true, cell: ({ attempt }) => attempt },
        { title: "For", kind: "number", cell: ({ runningMs }) => span(runningMs ?? null) },
      ]}
    />
  );
}
