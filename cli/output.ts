// What a command prints: tables for people, JSON for machines (`--json`), and nothing else on standard output.
import { styleText } from "node:util";
import Table from "cli-table3";

export interface Output {
  /** With `--json` the data itself; else what `human` makes of it. */
  show<Data>(data: Data, human: (data: Data) => string): void;
  /** The same for one of many that come one after the other: its JSON stands on one line. */
  line<Data>(data: Data, human: (data: Data) => string): void;
}

export function outputTo(write: (text: string) => void, isJson: () => boolean): Output {
  return {
    show: (data, human) => write(`${isJson() ? JSON.stringify(data, null, 2) : human(data)}\n`),
    line: (data, human) => write(`${isJson() ? JSON.stringify(data) : human(data)}\n`),
  };
}

export type Cell = string | number | null | undefined;

const PLAIN = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "", top: "", "top-mid": "", "top-left": "" };
const NO_LINES = {
  ...PLAIN,
  ...{ "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", left: "", right: "" },
  middle: "  ",
};

/** A table without lines, its head in bold. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return dim("none");
  const made = new Table({
    head: head.map((title) => styleText("bold", title)),
    chars: NO_LINES,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const row of rows) made.push(row.map((cell) => (cell === null || cell === undefined ? dim("–") : String(cell))));
  return made
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Names and values, one pair a line. */
export function facts(pairs: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${styleText("bold", name.padEnd(width))}  ${value ?? dim("–")}`)
    .join("\n");
}

export const dim = (text: string): string => styleText("dim", text);
export const good = (text: string): string => styleText("green", text);
export const bad = (text: string): string => styleText("red", text);
export const odd = (text: string): string => styleText("yellow", text);

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** `in 12 min`, `3 h ago`; null stays null. */
export function when(instant: string | null | undefined, now = Date.now()): string | null {
  if (instant === null || instant === undefined) return null;
  const distance = Date.parse(instant) - now;
  const [unit, size] = UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? ["s", 1_000];
  const count = `${Math.round(Math.abs(distance) / size)} ${unit}`;
  return distance >= 0 ? `in ${count}` : `${count} ago`;
}

/** `2026-11-24 02:00:00 UTC` */
export function moment(instant: string | null | undefined): string | null {
  return instant ? `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC` : null;
}
