// A stacked bar for each day, week or month of a period: what was done, what waits, what was closed undone. Pure.
import type { Chart } from "../../document.ts";

export interface DayCounts {
  /** "2026-01-05" */
  readonly day: string;
  readonly completed: number;
  readonly pending: number;
  readonly closed: number;
}

const MOST_BARS = 31;
const DAY_MS = 86_400_000;

/** Days of all sites together; weeks where there are more than a month of days. Nothing to see in a single bar. */
export function dailyChart(title: string, rows: readonly DayCounts[]): Chart | undefined {
  const days = new Set(rows.map(({ day }) => day));
  const labelOf = days.size > MOST_BARS ? weekOf : (day: string) => day;
  const bars = new Map<string, { completed: number; pending: number; closed: number }>();
  for (const { day, completed, pending, closed } of [...rows].sort((a, b) => a.day.localeCompare(b.day))) {
    const label = labelOf(day);
    const bar = bars.get(label) ?? { completed: 0, pending: 0, closed: 0 };
    bars.set(label, {
      completed: bar.completed + completed,
      pending: bar.pending + pending,
      closed: bar.closed + closed,
    });
  }
  if (bars.size < 2) return undefined;
  const values = [...bars.values()];
  return {
    kind: "stacked-bar",
    title,
    categories: [...bars.keys()].map(shortLabel),
    series: [
      { name: "Completed", values: values.map(({ completed }) => completed), tone: "good" },
      { name: "Pending", values: values.map(({ pending }) => pending), tone: "muted" },
      { name: "Auto-closed", values: values.map(({ closed }) => closed), tone: "bad" },
    ],
  };
}

/** The Monday of its week. */
function weekOf(day: string): string {
  const at = Date.parse(day);
  return new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * DAY_MS).toISOString().slice(0, 10);
}

function shortLabel(day: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "2-digit", month: "short" }).format(new Date(day));
}
