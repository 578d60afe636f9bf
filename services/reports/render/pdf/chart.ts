// Paints a chart's marks on a page.
import type { Chart } from "../../document.ts";
import { drawChart } from "../chart/chart.ts";
import type { Ink } from "../chart/marks.ts";
import { HAIRLINE, INK, MUTED } from "../palette.ts";
import type { Sheets } from "./sheets.ts";
import { settable } from "./type-setter.ts";

const PADDING = 12;
const INKS: Readonly<Record<string, string>> = { text: INK, muted: MUTED, grid: HAIRLINE, page: "#ffffff" };

/** What a chart needs of a page, roughly: for what must stay with it. */
export const CHART_HEIGHT = 220;

export function drawChartOn(sheets: Sheets, chart: Chart): void {
  const { canvas, type } = sheets;
  const inner = sheets.width - 2 * PADDING;
  const { height, marks } = drawChart(chart, inner, (text, size) => type.measure(settable(text), size));
  sheets.need(height + 2 * PADDING + 10);
  const top = sheets.y;
  const x = sheets.left + PADDING;
  const y = top + PADDING;
  canvas.frame(sheets.left, top, sheets.width, height + 2 * PADDING, HAIRLINE);
  for (const mark of marks) {
    if (mark.kind === "rect") {
      canvas.rect(x + mark.x, y + mark.y, mark.width, mark.height, colour(mark.fill));
    } else if (mark.kind === "text") {
      canvas.text(settable(mark.text).replaceAll("\n", " "), x + mark.x, y + mark.y, {
        size: mark.size,
        colour: colour(mark.ink),
        weight: mark.isBold ? "bold" : "regular",
        align: mark.anchor === "middle" ? "centre" : mark.anchor === "end" ? "right" : "left",
      });
    } else {
      const { d, fill, stroke, strokeWidth = 1 } = mark;
      if (d === "") continue;
      sheets.paint((document) => {
        document
          .translate(x + mark.x, y + mark.y)
          .path(d)
          .lineWidth(strokeWidth)
          .lineJoin("round");
        if (fill !== undefined && stroke !== undefined) document.fillAndStroke(colour(fill), colour(stroke));
        else if (fill !== undefined) document.fill(colour(fill));
        else document.stroke(colour(stroke ?? "text"));
      });
    }
  }
  sheets.y = top + height + 2 * PADDING + 12;
}

function colour(ink: Ink): string {
  return INKS[ink] ?? ink;
}
