// The figures somebody reads first; each leads to where more is said, and is red only when a person is wanted.
import { percent, short, span, whole } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { DeadLetter, Items, Queue, Schedule, Series, Worker } from "../../core/shapes.ts";
import { Stat } from "../../parts/card.tsx";
import { Sparkline } from "../../parts/chart.tsx";

const LATE_MS = 60_000;
const OVERDUE_MS = 30_000;

export interface HeadlineProps {
  readonly queues: readonly Queue[] | undefined;
  readonly workers: readonly Worker[] | undefined;
  readonly schedules: readonly Schedule[] | undefined;
  readonly letters: Items<DeadLetter> | undefined;
  readonly series: Series | undefined;
}

export function Headline({ queues = [], workers = [], schedules = [], letters, series }: HeadlineProps) {
  const waiting = sum(queues.map(({ queued }) => queued));
  const oldest = Math.max(0, ...queues.map(({ oldestMs }) => oldestMs ?? 0));
  const alive = workers.filter(({ state }) => state !== "lost");
  const slots = sum(alive.map(({ concurrency }) => concurrency));
  const busy = sum(alive.map(({ stats }) => stats?.running ?? 0));
  const done = sum(series?.points.map((point) => point.done) ?? []);
  const failed = sum(series?.points.map((point) => point.failed) ?? []);
  const open = letters?.items.length ?? 0;
  const overdue = schedules.filter(
    ({ enabled, nextRunAt }) => enabled && nextRunAt !== null && now.value - Date.parse(nextRunAt) > OVERDUE_MS,
  );
  const next = schedules
    .filter(({ enabled, nextRunAt }) => enabled && nextRunAt !== null)
    .map(({ nextRunAt }) => Date.parse(nextRunAt ?? ""))
    .sort((a, b) => a - b)[0];

  return (
    <div class="stats">
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
      <Stat
        label="Waiting"
        value={whole(waiting)}
        hint={waiting === 0 ? "nothing waits" : `oldest for ${span(oldest)}`}
        {...(oldest > LATE_MS ? { tone: "warn" as const } : {})}
        href="/queues"
      />
      <Stat label="Succeeded" value={short(done)} hint={rateHint(series)} href="/tasks?state=SUCCESS">
        <Sparkline values={series?.points.map((point) => point.done) ?? []} tone="good" label="Succeeded over time" />
      </Stat>
      <Stat
        label="Failed"
        value={short(failed)}
        hint={failed === 0 ? "none" : `${percent(failed / Math.max(1, done + failed))} of what ended`}
        {...(failed > 0 ? { tone: "bad" as const } : {})}
        href="/tasks?state=FAILURE"
      >
        <Sparkline values={series?.points.map((point) => point.failed) ?? []} tone="bad" label="Failed over time" />
      </Stat>
      <Stat
        label="Dead letters"
        value={`${whole(open)}${letters?.nextCursor ? "+" : ""}`}
        hint={open === 0 ? "nothing waits for a person" : "wait for a person"}
        {...(open > 0 ? { tone: "bad" as const } : {})}
        href="/dead-letters"
      />
      <Stat
        label="Schedules"
        value={overdue.length > 0 ? `${overdue.length} late` : whole(schedules.filter(({ enabled }) => enabled).length)}
        hint={next === undefined ? "none fires" : `next ${next <= now.value ? "now" : `in ${span(next - now.value)}`}`}
        {...(overdue.length > 0 ? { tone: "bad" as const } : {})}
        href="/schedules"
      />
    </div>
  );
}

function rateHint(series: Series | undefined): string {
  const recent = series?.points.slice(-5, -1) ?? [];
  if (series === undefined || recent.length === 0) return "";
  return `${short(sum(recent.map(({ done }) => done)) / ((recent.length * series.stepMs) / 1_000))} a second lately`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
