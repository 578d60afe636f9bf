// `apium series`: how the last minutes or hours went, a line of bars for each figure.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { bad, dim, moment, type Output, table } from "../output.ts";
import { wholeNumber } from "./tasks.ts";

const BARS = "▁▂▃▄▅▆▇█";
const EMPTY = " ";
/** More points are put together, so that a line fits into a terminal. */
const WIDEST = 60;

export function seriesCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("series")
    .description("ends, failures, lengths of runs and depth of queues over time")
    .option("-m, --minutes <n>", "how far back; default 60, at most 1440", wholeNumber)
    .option("--step <duration>", "a point each: 15s, 30s or whole minutes")
    .option("-q, --queue <queue>", "of this queue")
    .option("-n, --name <name>", "of this kind of tasks")
    .action(async (query) => output.show(await client().get("/series", query), seriesText));
}

function seriesText({ from, step, points, queues, names }: Answer): string {
  const of = (rows: readonly Answer[], field: string): (number | null)[] => rows.map((row) => row[field]);
  const line = (what: string, values: readonly (number | null)[], sum: boolean, unit = ""): string[] => {
    const known = values.filter((value) => value !== null);
    const total = sum ? known.reduce((all, value) => all + value, 0) : Math.max(0, ...known);
    return [what, bars(values), known.length === 0 ? "–" : `${Math.round(total)}${unit}`];
  };
  const depths = Object.entries<readonly Answer[]>(queues).flatMap(([queue, rows]) => [
    line(`${queue}: waiting`, of(rows, "queued"), false),
    line(`${queue}: oldest`, of(rows, "oldestMs"), false, " ms"),
  ]);
  return [
    dim(`since ${moment(from)}, a point each ${step}; blank where nobody looked`),
    table(
      ["", "", "ALL/MOST"],
      [
        line("done", of(points, "done"), true),
        line("failed", of(points, "failed"), true),
        line("retried", of(points, "retried"), true),
        line("revoked", of(points, "revoked"), true),
        line("run, p95", of(points, "p95Ms"), false, " ms"),
        ...depths,
      ],
    ),
    table(
      ["NAME", "DONE", "FAILED", "RETRIED", "MEAN", "P95", "LONGEST"],
      names.map((one: Answer) => [
        one.name,
        one.done,
        one.failed > 0 ? bad(String(one.failed)) : 0,
        one.retried,
        ...[one.meanMs, one.p95Ms, one.maxMs].map((ms) => (ms === null ? null : `${Math.round(ms)} ms`)),
      ]),
    ),
  ].join("\n\n");
}

/** The greatest of those that share a bar; an unknown point is a blank, and anything above zero is seen. */
function bars(values: readonly (number | null)[]): string {
  const share = Math.ceil(values.length / WIDEST);
  const wide = Array.from({ length: Math.ceil(values.length / share) }, (_, index) =>
    values.slice(index * share, (index + 1) * share).filter((value) => value !== null),
  ).map((known) => (known.length === 0 ? null : Math.max(...known)));
  const most = Math.max(0, ...wide.filter((value) => value !== null));
  return wide
    .map((value) => {
      if (value === null) return EMPTY;
      return BARS[value === 0 || most === 0 ? 0 : Math.max(1, Math.round((value / most) * (BARS.length - 1)))];
    })
    .join("");
}
