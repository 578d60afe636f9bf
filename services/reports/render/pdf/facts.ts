// Labels and values in a tidy grid on a light ground.
import type { Fact } from "../../document.ts";
import { INK, MUTED, ZEBRA } from "../palette.ts";
import type { Sheets } from "./sheets.ts";
import { settable } from "./type-setter.ts";

const LEAST_WIDTH = 115;
const PADDING = 10;
const GAP = 12;
const LABEL = 7;
const VALUE = 9;
const VALUE_LINE = 12;
const MOST_LINES = 6;
const CORNER = 4;

export function drawFacts(sheets: Sheets, facts: readonly Fact[]): void {
  if (facts.length === 0) return;
  const { canvas, type, left, width } = sheets;
  const most = Math.max(1, Math.floor((width - 2 * PADDING + GAP) / (LEAST_WIDTH + GAP)));
  const perRow = Math.ceil(facts.length / Math.ceil(facts.length / most));
  const cell = (width - 2 * PADDING - (perRow - 1) * GAP) / perRow;
  for (let start = 0; start < facts.length; start += perRow) {
    const row = facts.slice(start, start + perRow).map(({ label, value }) => ({
      label: type.fit(settable(label), LABEL, cell),
      lines: type.wrap(settable(value) || "–", VALUE, cell).slice(0, MOST_LINES),
    }));
    const isLast = start + perRow >= facts.length;
    const height = 14 + Math.max(...row.map(({ lines }) => lines.length)) * VALUE_LINE + (isLast ? 3 : 0);
    const isFirst = sheets.need(height + PADDING) || start === 0;
    if (isFirst) sheets.y += 5;
    canvas.rect(left, sheets.y, width, height, ZEBRA);
    if (isFirst) canvas.rounded(left, sheets.y - 5, width, 10, CORNER, ZEBRA);
    if (isLast) canvas.rounded(left, sheets.y + height - 4, width, 8, CORNER, ZEBRA);
    for (const [index, { label, lines }] of row.entries()) {
      const x = left + PADDING + index * (cell + GAP);
      canvas.text(label, x, sheets.y + 8, { size: LABEL, colour: MUTED });
      for (const [place, line] of lines.entries()) {
        canvas.text(line, x, sheets.y + 19 + place * VALUE_LINE, { size: VALUE, colour: INK });
      }
    }
    sheets.y += height;
  }
  sheets.y += 12;
}
