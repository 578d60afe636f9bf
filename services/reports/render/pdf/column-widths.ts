/**
 * How a table's width is shared: as its columns ask for, or by what is in the first rows, and never so that a number, a
 * time or a title's word breaks, while there is a way; the type gets smaller before it does.
 */
import type { Column, Row } from "../../document.ts";
import { isNumeric } from "../cell-text.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { cellText } from "./table-cells.ts";
import { settable, type TypeSetter } from "./type-setter.ts";

const SIZES = [8.5, 8, 7.5, 7, 6.5, 6];
const SAMPLE = 100;
const WIDEST = 240;
/** Words longer than this may break. */
const WIDEST_WORD = 90;
/** Times stay on one line where that leaves texts some of the width. */
const ROOMY = 0.85;
export const PADDING = 5;

export interface Fit {
  /** Of the type. */
  readonly size: number;
  readonly widths: readonly number[];
}

export function fitColumns(
  columns: readonly Column[],
  rows: readonly Row[],
  total: number,
  type: TypeSetter,
  clock: ZoneClock,
): Fit {
  const sample = rows.slice(0, SAMPLE);
  const texts = columns.map((column) => [...new Set(sample.map((row) => cellText(row, column, clock)))]);
  const hasShares = columns.some(({ width }) => width !== undefined);
  const shares = columns.reduce((sum, { width = 1 }) => sum + width, 0);
  let fit: Fit | undefined;
  for (const size of SIZES) {
    const needsOf = (areTimesWhole: boolean) =>
      columns.map((column, index) => {
        const { least, full } = needOf(column, texts[index] ?? [], size, type, areTimesWhole);
        return { least, wanted: hasShares ? Math.max(least, ((column.width ?? 1) / shares) * total) : full };
      });
    const roomy = needsOf(true);
    const needs = leastOf(roomy) <= total * ROOMY ? roomy : needsOf(false);
    fit = { size, widths: share(needs, total) };
    if (leastOf(needs) <= total) break;
  }
  return fit ?? { size: 8, widths: columns.map(() => total / columns.length) };
}

interface Need {
  readonly least: number;
  readonly wanted: number;
}

function needOf(
  column: Column,
  texts: readonly string[],
  size: number,
  type: TypeSetter,
  areTimesWhole: boolean,
): { least: number; full: number } {
  const around = 2 * PADDING + (column.kind === "status" ? 12 : 0);
  const title = settable(column.title);
  const isWhole = isNumeric(column) || column.kind === "status" || (areTimesWhole && column.kind === "instant");
  let least = longestWord(title, size, type, "bold");
  let full = type.measure(title, size, "bold");
  for (const text of texts) {
    const width = Math.min(WIDEST, type.measure(text.slice(0, 200), size));
    full = Math.max(full, width);
    least = Math.max(least, isWhole ? Math.min(width, 2 * WIDEST_WORD) : longestWord(text.slice(0, 400), size, type));
  }
  return { least: least + around + 0.5, full: full + around + 0.5 };
}

function longestWord(text: string, size: number, type: TypeSetter, weight: "regular" | "bold" = "regular"): number {
  return text
    .split(/[ \n]/)
    .reduce((most, word) => Math.max(most, Math.min(WIDEST_WORD, type.measure(word, size, weight))), 0);
}

/** Widths that add up to the total. */
function share(needs: readonly Need[], total: number): number[] {
  const wanted = needs.reduce((sum, need) => sum + need.wanted, 0);
  if (wanted <= total) return needs.map((need) => (need.wanted * total) / wanted);
  const least = leastOf(needs);
  if (least >= total) return needs.map((need) => (need.least * total) / least);
  const spare = (total - least) / (wanted - least);
  return needs.map((need) => need.least + (need.wanted - need.least) * spare);
}

function leastOf(needs: readonly Need[]): number {
  return needs.reduce((sum, { least }) => sum + least, 0);
}
