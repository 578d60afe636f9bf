// How wide a column is, in characters, told from its title and the first rows.
import type { Column, Row } from "../../document.ts";
import { shown } from "../cell-text.ts";
import type { ZoneClock } from "../zone-clock.ts";

/** Not 9: exceljs takes that for Excel's default, and leaves it out. */
const NARROWEST = 10;
const WIDEST = 60;
const SAMPLE = 200;
/** A mark of the filter beside a title. */
const FILTER = 4;

export function columnWidths(columns: readonly Column[], rows: readonly Row[], clock: ZoneClock): number[] {
  return columns.map((column) => {
    const longest = rows
      .slice(0, SAMPLE)
      .reduce((most, row) => Math.max(most, longestLine(shown(row, column, clock))), 0);
    return Math.min(WIDEST, Math.max(NARROWEST, column.title.length + FILTER, longest + 2));
  });
}

function longestLine(text: string): number {
  return text.length <= WIDEST ? Math.max(...text.split("\n").map((line) => line.length)) : WIDEST;
}
