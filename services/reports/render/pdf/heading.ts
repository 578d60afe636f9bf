// The heading of a section, kept together with what follows.
import { ACCENT } from "../palette.ts";
import type { Sheets } from "./sheets.ts";
import { settable } from "./type-setter.ts";

const SIZE = 12;
const LINE = 16;

/** `below` points after the heading belong to it. */
export function drawHeading(sheets: Sheets, heading: string | undefined, below: number): void {
  if (heading === undefined || heading === "") return;
  const { canvas, type, left, width } = sheets;
  const lines = type.wrap(settable(heading), SIZE, width, "bold").slice(0, 4);
  sheets.need(10 + lines.length * LINE + below);
  sheets.y += 6;
  sheets.bookmark(lines.join(" "));
  for (const line of lines) {
    sheets.y += LINE;
    canvas.text(line, left, sheets.y - 4, { size: SIZE, colour: ACCENT, weight: "bold" });
  }
  sheets.y += 4;
}

export function drawNothing(sheets: Sheets): void {
  const height = 46;
  sheets.need(height + 8);
  const { canvas, left, width } = sheets;
  canvas.rounded(left, sheets.y, width, height, 4, "#f5f8fb");
  canvas.text("No data for this period", left + width / 2, sheets.y + height / 2 + 3, {
    size: 10,
    colour: "#5f6b7a",
    align: "centre",
  });
  sheets.y += height + 10;
}
