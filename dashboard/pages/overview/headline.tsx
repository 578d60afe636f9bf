// The figures somebody reads first; each leads to where more is said, and is red only when a person is wanted. What has not
// been answered yet is a dash: nothing is known, which is not nothing.
import { percent, relative, short, span, whole } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { OpenLetters } from "../../core/open-letters.ts";
import type { Queue, Schedule, Series, SeriesPoint, Worker } from "../../core/shapes.ts";
import { Stat } from "../../parts/card.tsx";
import { Sparkline } from "../../parts/chart.tsx";

const LATE_MS = 60_000;
const OVERDUE_MS = 30_000;

export interface HeadlineProps {
  readonly queues: readonly Queue[] | undefined;
  readonly workers: readonly Worker[] | undefined;
  readonly schedules: readonly Schedule[] | undefined;
  /** When the schedules were so. */
  readonly schedulesAt: number | undefined;
  readonly letters: OpenLetters | undefined;
  readonly series: Series | undefined;
}

export function Headline({ queues, workers, schedules, schedulesAt, letters, series }: HeadlineProps) {
  return (
    <div class="stats">
      {workers === undefined ? <Unknown label="Running" href="/workers" /> : <Running workers={workers} />}
      {queues === undefined ? <Unknown label="Waiting" href="/queues" /> : <Waiting queues={queues} />}
      {series === undefined ? (
        <>
          <Unknown label="Succeeded" href="/tasks?state=SUCCESS" />
          <Unknown label="Failed" href="/tasks?state=FAILURE" />
        </>
      ) : (
        <Ended series={series} />
      )}
      {letters === undefined ? (
        <Unknown label="Dead letters" href="/dead-letters" />
      ) : (
        <Stat
          label="Dead letters"
          value={letters.words}
          hint={letters.count === 0 ? "nothing waits for a person" : "wait for a person"}
          {...(letters.count > 0 ? { tone: "bad" as const } : {})}
          href="/dead-letters"
        />
      )}
      {schedules === undefined ? (
        <Unknown label="Schedules" href="/schedules" />
      ) : (
        <Firing schedules={schedules} at={schedulesAt ?? now.value} />
      )}
    </div>
  );
}

function Unknown({ label, href }: { label: string; href: string }) {
  return <Stat label={label} value="–" href={href} />;
}

function Running({ workers }: { workers: readonly Worker[] }) {
  const alive = workers.filter(({ state }) => state !== "lost");
  const slots = sum(alive.map(({ concurrency }) => concurrency));
  const busy = sum(alive.map(({ stats }) => stats?.running ?? 0));
  return (
    <Stat
      label="Running"
      value={`${whole(busy)} / ${whole(slots)}`}
      hint={
        alive.length === 0
          ? "no worker is there"
          : `slots of ${alive.length} ${alive.length === 1 ? "worker" : "workers"}`
      }
      {...(alive.length === 0 ? { tone: "bad" as const } : {})}
      href="/workers"
    />
  );
}

function Waiting({ queues }: { queues: readonly Queue[] }) {
  const waiting = sum(queues.map(({ queued }) => queued));
  const oldest = Math.max(0, ...queues.map(({ oldestMs }) => oldestMs ?? 0));
  return (
    <Stat
      label="Waiting"
      value={whole(waiting)}
      hint={waiting === 0 ? "nothing waits" : `oldest for ${span(oldest)}`}
      {...(oldest > LATE_MS ? { tone: "warn" as const } : {})}
      href="/queues"
    />
  );
}

function Ended({ series }: { series: Series }) {
  const over = (figure: (point: SeriesPoint) => number | null) => series.points.map(figure);
  const done = sum(over((point) => point.done));
  const failed = sum(over((point) => point.failed));
  return (
    <>
      <Stat label="Succeeded" value={short(done)} hint={rateHint(series)} href="/tasks?state=SUCCESS">
        <Sparkline values={over((point) => point.done)} tone="good" label="Succeeded over time" />
      </Stat>
      <Stat
        label="Failed"
        value={short(failed)}
        hint={failed === 0 ? "none" : `${percent(failed / Math.max(1, done + failed))} of what ended`}
        {...(failed > 0 ? { tone: "bad" as const } : {})}
        href="/tasks?state=FAILURE"
      >
        <Sparkline values={over((point) => point.failed)} tone="bad" label="Failed over time" />
      </Stat>
    </>
  );
}

function Firing({ schedules, at }: { schedules: readonly Schedule[]; at: number }) {
  const due = schedules
    .filter(({ enabled, nextRunAt }) => enabled && nextRunAt !== null)
    .map(({ nextRunAt }) => Date.parse(nextRunAt ?? ""));
  const late = due.filter((one) => at - one > OVERDUE_MS).length;
  const next = due.length === 0 ? undefined : Math.min(...due);
  return (
    <Stat
      label="Schedules"
      value={late > 0 ? `${late} late` : whole(schedules.filter(({ enabled }) => enabled).length)}
      hint={next === undefined ? "none fires" : `next ${relative(Math.max(next, now.value), now.value)}`}
      {...(late > 0 ? { tone: "bad" as const } : {})}
      href="/schedules"
    />
  );
}

function rateHint(series: Series): string {
  const recent = series.points.slice(-5, -1);
  if (recent.length === 0) return "";
  const perSecond = sum(recent.map(({ done }) => done)) / ((recent.length * series.stepMs) / 1_000);
  return perSecond < 1 ? `${short(perSecond * 60)} a minute lately` : `${short(perSecond)} a second lately`;
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
