/** Medians and ratios, as a table for people and as JSON for machines. */
import Table from "cli-table3";
import type { Numbers } from "./measures.ts";

export interface Sample {
  readonly system: string;
  readonly measure: string;
  readonly round: number;
  readonly numbers: Numbers;
}

export interface Figure {
  readonly figure: string;
  readonly system: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Ours over theirs; for latencies theirs over ours, so that more is always better for Apium. */
  readonly apiumRatio: number | undefined;
}

export function figures(samples: readonly Sample[]): Figure[] {
  const values = new Map<string, Map<string, number[]>>();
  for (const { system, numbers } of samples) {
    for (const [figure, value] of Object.entries(numbers)) {
      const systems = values.get(figure) ?? new Map<string, number[]>();
      systems.set(system, [...(systems.get(system) ?? []), value]);
      values.set(figure, systems);
    }
  }
  return [...values].flatMap(([figure, systems]) => {
    const ours = median(systems.get("apium") ?? []);
    return [...systems].map(([system, numbers]): Figure => {
      const theirs = median(numbers);
      const ratio = figure.endsWith("ms") ? theirs / ours : ours / theirs;
      return {
        figure,
        system,
        median: theirs,
        min: Math.min(...numbers),
        max: Math.max(...numbers),
        apiumRatio: system === "apium" || !Number.isFinite(ratio) ? undefined : Number(ratio.toFixed(2)),
      };
    });
  });
}

export function table(all: readonly Figure[]): string {
  const printed = new Table({
    head: ["figure", "system", "median", "min – max", "apium is"],
    style: { head: [], border: [] },
  });
  for (const { figure, system, median: middle, min, max, apiumRatio } of all) {
    printed.push([
      figure,
      system,
      format(middle),
      `${format(min)} – ${format(max)}`,
      apiumRatio === undefined ? "" : `${apiumRatio}×`,
    ]);
  }
  return printed.toString();
}

export function markdown(all: readonly Figure[]): string {
  const rows = all.map(
    ({ figure, system, median: middle, min, max, apiumRatio }) =>
      `| ${figure} | ${system} | ${format(middle)} | ${format(min)} – ${format(max)} | ${apiumRatio === undefined ? "" : `${apiumRatio}×`} |`,
  );
  return ["| figure | system | median | min – max | apium is |", "|---|---|---|---|---|", ...rows].join("\n");
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((x, y) => x - y);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-GB").replaceAll(",", " ") : String(value);
}
