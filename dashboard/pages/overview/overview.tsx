// The first look: is work being done, does anything wait too long, has anything failed, what comes next.
import { useOpenLetters } from "../../core/open-letters.ts";
import type { Items, Queue, Schedule, Series, Worker } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { seriesPath } from "../../core/window.ts";
import { Card } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { WindowChoice } from "../../parts/window-choice.tsx";
import { DepthChart, DurationChart, ThroughputChart } from "./charts.tsx";
import { Failures } from "./failures.tsx";
import { Headline } from "./headline.tsx";
import { NextSlots } from "./next-slots.tsx";
import { QueueList } from "./queue-list.tsx";
import { Slots } from "./slots.tsx";

export function Overview() {
  const queues = useQuery<Items<Queue>>("/queues", { live: ["tasks"], everyMs: 5_000 });
  const workers = useQuery<Items<Worker>>("/workers", { everyMs: 5_000 });
  const series = useQuery<Series>(seriesPath(), { everyMs: 15_000 });
  const schedules = useQuery<Items<Schedule>>("/schedules", { live: ["schedule.fired", "schedule.missed"] });
  const letters = useOpenLetters();

  return (
    <Page title="Overview" actions={<WindowChoice />}>
      <Headline
        queues={queues.data?.items}
        workers={workers.data?.items}
        schedules={schedules.data?.items}
        schedulesAt={schedules.answeredAt}
        letters={letters}
        series={series.data}
      />
      <div class="columns">
        <Card title="Tasks ended">
          <Loaded query={series}>{(data) => <ThroughputChart series={data} at={series.answeredAt} />}</Loaded>
        </Card>
        <Card title="Waiting">
          <Loaded query={series}>{(data) => <DepthChart series={data} />}</Loaded>
        </Card>
      </div>
      <div class="columns">
        <div class="column">
          <Card title="Queues" flush actions={<a href="/queues">All</a>}>
            <Loaded query={queues}>{({ items }) => <QueueList queues={items} series={series.data} />}</Loaded>
          </Card>
          <Card title="How long runs take">
            <Loaded query={series}>{(data) => <DurationChart series={data} />}</Loaded>
          </Card>
        </div>
        <div class="column">
          <Card title="What fails" flush actions={<a href="/dead-letters">Dead letters</a>}>
            <Loaded query={series}>{(data) => <Failures names={data.names} />}</Loaded>
          </Card>
          <Card title="Workers" flush actions={<a href="/workers">All</a>}>
            <Loaded query={workers}>{({ items }) => <Slots workers={items} at={workers.answeredAt} />}</Loaded>
          </Card>
          <Card title="Next firings" flush actions={<a href="/schedules">Schedules</a>}>
            <Loaded query={schedules}>{({ items }) => <NextSlots schedules={items} />}</Loaded>
          </Card>
        </div>
      </div>
    </Page>
  );
}
