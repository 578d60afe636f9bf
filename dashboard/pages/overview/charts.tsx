// The overview's charts, from the series: what ended, what waits, how long runs take.
import { short, span } from "../../core/format.ts";
import type { Series, SeriesPoint } from "../../core/shapes.ts";
import { Chart, type ChartSeries, type ChartTone } from "../../parts/chart.tsx";

/** Queues in colours of their own, as many as there are tones; the others together. */
const QUEUE_TONES: readonly ChartTone[] = ["accent", "busy", "wait", "warn", "good"];

/** A bucket that has hardly begun says little of a second. */
const LEAST_BUCKET_MS = 5_000;

function timesOf({ points }: Series): number[] {
  return points.map(({ at }) => Date.parse(at));
}

/** @param at - when the system answered: the last bucket is as long as it has lasted until then. */
export function ThroughputChart({ series, at }: { series: Series; at: number | undefined }) {
  const { points, stepMs } = series;
  const lasted = (begin: string) =>
    Math.min(stepMs, Math.max(LEAST_BUCKET_MS, (at ?? Number.POSITIVE_INFINITY) - Date.parse(begin)));
  const perSecond = (count: (point: SeriesPoint) => number | null) =>
    points.map((point) => {
      const ended = count(point);
      return ended === null ? null : (ended * 1_000) / lasted(point.at);
    });
  return (
    <Chart
      label="Tasks that ended, a second"
      nothing="Nothing has ended"
      times={timesOf(series)}
      kind="stacked"
      format={(value) => `${short(value)}/s`}
      series={[
        { label: "Succeeded", tone: "good", values: perSecond(({ done }) => done) },
        { label: "Retried", tone: "warn", values: perSecond(({ retried }) => retried) },
        { label: "Failed", tone: "bad", values: perSecond(({ failed }) => failed) },
        { label: "Revoked", tone: "calm", values: perSecond(({ revoked }) => revoked) },
      ]}
    />
  );
}

export function DepthChart({ series }: { series: Series }) {
  const total = (name: string) => series.queues[name]?.reduce((sum, { queued }) => sum + (queued ?? 0), 0) ?? 0;
  const names = Object.keys(series.queues).sort((a, b) => total(b) - total(a));
  const own = names.filter((name) => total(name) > 0).slice(0, QUEUE_TONES.length);
  const others = names.filter((name) => !own.includes(name));
  const lines: ChartSeries[] = own.map((name, index) => ({
    label: name,
    tone: QUEUE_TONES[index] ?? "calm",
    values: series.queues[name]?.map(({ queued }) => queued) ?? [],
  }));
  // Queues that held nothing are not told: where somebody looked, that is none.
  const rest = series.points.map(({ done }, index) =>
    others.reduce<number | null>(
      (sum, name) => {
        const queued = series.queues[name]?.[index]?.queued ?? null;
        return queued === null ? sum : (sum ?? 0) + queued;
      },
      done === null ? null : 0,
    ),
  );
  const label = own.length === 0 ? "All queues" : "Others";
  return (
    <Chart
      label="Tasks that wait, by queue"
      nothing="Nothing has waited"
      times={timesOf(series)}
      kind="stacked"
      series={[...lines, { label, tone: own.length === 0 ? "accent" : "calm", values: rest }]}
    />
  );
}

export function DurationChart({ series }: { series: Series }) {
  const { points } = series;
  return (
    <Chart
      label="How long runs take"
      nothing="Nothing has run"
      times={timesOf(series)}
      format={span}
      height={160}
      series={[
        { label: "95th percentile", tone: "busy", values: points.map(({ p95Ms }) => p95Ms) },
        { label: "Mean", tone: "accent", values: points.map(({ meanMs }) => meanMs) },
        { label: "Longest", tone: "calm", values: points.map(({ maxMs }) => maxMs) },
      ]}
    />
  );
}
