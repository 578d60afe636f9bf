// One queue: its depth by lane over time, how long the oldest waits, who works it, what waits at its head.
import { plural, span, whole } from "../../core/format.ts";
import type { Items, Queue as QueueRow, Series, Task, Worker } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { seriesPath } from "../../core/window.ts";
import { StateBadge } from "../../parts/badge.tsx";
import { Card, Empty, Stat } from "../../parts/card.tsx";
import { Chart } from "../../parts/chart.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { WindowChoice } from "../../parts/window-choice.tsx";
import { WorkerState } from "../workers/worker-state.tsx";
import { QueueActions } from "./queue-actions.tsx";
import { QueueState, worksAt } from "./queues.tsx";

export function Queue({ name = "" }: Readonly<Record<string, string>>) {
  const queues = useQuery<Items<QueueRow>>("/queues", { live: ["tasks"], everyMs: 5_000 });
  const workers = useQuery<Items<Worker>>("/workers", { everyMs: 10_000 });
  const series = useQuery<Series>(seriesPath({ queue: name }), { everyMs: 15_000 });
  const tasks = useQuery<Items<Task>>(`/tasks?queue=${encodeURIComponent(name)}&limit=10`, { live: ["tasks"] });
  const queue = queues.data?.items.find((one) => one.name === name);
  const own = workers.data?.items.filter((worker) => worksAt(worker, name));
  const back = { href: "/queues", label: "Queues" };

  if (queues.data !== undefined && queue === undefined) {
    return (
      <Page title={name} back={back}>
        <Empty title={`There is no queue ${name}`} />
      </Page>
    );
  }
  return (
    <Page
      title={name}
      back={back}
      heading={
        <>
          {name}
          {queue === undefined ? null : <QueueState queue={queue} workers={own?.length} />}
        </>
      }
      actions={
        <>
          <WindowChoice />
          {queue === undefined ? null : <QueueActions queue={queue} onDone={queues.reload} />}
        </>
      }
    >
      <div class="stats">
        <Stat
          label="Waiting"
          value={figure(queue?.queued)}
          hint={lanesOf(queue)}
          href={`/tasks?queue=${name}&state=QUEUED`}
        />
        <Stat label="Oldest waits" value={span(queue?.oldestMs)} />
        <Stat label="Running" value={figure(queue?.started)} href={`/tasks?queue=${name}&state=STARTED`} />
        <Stat
          label="Later"
          value={figure(queue?.scheduled)}
          hint="due later, or to be retried"
          href={`/tasks?queue=${name}&state=SCHEDULED`}
        />
      </div>
      <div class="columns">
        <Card title="Waiting, by lane">
          <Loaded query={series}>{(data) => <LaneChart series={data} name={name} />}</Loaded>
        </Card>
        <Card title="Age of the oldest">
          <Loaded query={series}>{(data) => <AgeChart series={data} name={name} />}</Loaded>
        </Card>
      </div>
      <div class="columns">
        <Card title="Latest tasks" flush actions={<a href={`/tasks?queue=${name}`}>All</a>}>
          <Loaded query={tasks}>
            {({ items }) => (
              <Table
                label="Latest tasks"
                rows={items}
                keyOf={({ id }) => id}
                hrefOf={({ id }) => `/tasks/${id}`}
                empty="No task yet"
                columns={[
                  { title: "Task", kind: "grow", cell: (task) => <span class="mono">{task.name}</span> },
                  { title: "State", cell: ({ state }) => <StateBadge state={state} /> },
                  { title: "Accepted", kind: "number", cell: ({ createdAt }) => <When at={createdAt} /> },
                ]}
              />
            )}
          </Loaded>
        </Card>
        <Card title={own === undefined ? "Workers" : plural(own.length, "worker")} flush>
          <Loaded query={workers}>
            {() => (
              <Table
                label="Workers"
                rows={own ?? []}
                keyOf={({ id }) => id}
                hrefOf={({ id }) => `/workers/${encodeURIComponent(id)}`}
                empty="Nobody works this queue"
                emptyHint={`What is in it stays until a process with QUEUES=${name} starts, or a worker is told to take from it.`}
                columns={[
                  { title: "Worker", kind: "grow", cell: ({ id }) => <span class="mono">{id}</span> },
                  { title: "State", cell: (worker) => <WorkerState worker={worker} at={workers.answeredAt} /> },
                  {
                    title: "Busy",
                    kind: "number",
                    cell: ({ stats, concurrency }) => `${stats?.running ?? 0} / ${concurrency}`,
                  },
                ]}
              />
            )}
          </Loaded>
        </Card>
      </div>
    </Page>
  );
}

function figure(count: number | undefined): string {
  return count === undefined ? "–" : whole(count);
}

function lanesOf(queue: QueueRow | undefined): string {
  if (queue === undefined) return "";
  if (queue.queued === 0) return "nothing waits";
  const { high, normal, low } = queue.lanes;
  return `${whole(high)} high, ${whole(normal)} normal, ${whole(low)} low`;
}

function LaneChart({ series, name }: { series: Series; name: string }) {
  const points = series.queues[name] ?? [];
  return (
    <Chart
      label={`Tasks that wait in ${name}, by lane`}
      nothing="Nothing has waited"
      times={points.map(({ at }) => Date.parse(at))}
      kind="stacked"
      series={[
        { label: "High", tone: "bad", values: points.map(({ high }) => high) },
        { label: "Normal", tone: "accent", values: points.map(({ normal }) => normal) },
        { label: "Low", tone: "calm", values: points.map(({ low }) => low) },
      ]}
    />
  );
}

function AgeChart({ series, name }: { series: Series; name: string }) {
  const points = series.queues[name] ?? [];
  return (
    <Chart
      label={`How long the oldest task of ${name} has waited`}
      times={points.map(({ at }) => Date.parse(at))}
      format={span}
      nothing="Nothing has waited"
      series={[{ label: "Oldest", tone: "busy", values: points.map(({ oldestMs }) => oldestMs) }]}
    />
  );
}
