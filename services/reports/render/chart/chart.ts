/**
 * Where everything of a chart goes: title, legend, then bars, lines or slices. Values that are no numbers count as
 * nothing; a chart without any value says so.
 */
import type { Chart } from "../../document.ts";
import { cleanText } from "../cell-text.ts";
import { SERIES, TONES } from "../palette.ts";
import { axesOf } from "./axes.ts";
import { barMarks } from "./bars.ts";
import { donutMarks } from "./donut.ts";
import { legendMarks } from "./legend.ts";
import { lineMarks } from "./lines.ts";
import type { Drawing, Ink, Mark, Measure } from "./marks.ts";
import type { Plot } from "./plot.ts";

const TITLE_SIZE = 10.5;
const TITLE_HEIGHT = 20;
const PLOT_HEIGHT = 150;
const DONUT_HEIGHT = 140;
const LEAST = 1e-6;
const MOST = 1e15;

export function drawChart(chart: Chart, width: number, measure: Measure): Drawing {
  const plot = plotOf(chart);
  const marks: Mark[] = [
    {
      kind: "text",
      x: 0,
      y: TITLE_SIZE,
      text: cleanText(chart.title),
      size: TITLE_SIZE,
      anchor: "start",
      ink: "text",
      isBold: true,
    },
  ];
  if (!plot.series.some(({ values }) => values.some((value) => value !== 0))) {
    const text = "No data for this chart";
    marks.push({ kind: "text", x: 0, y: TITLE_HEIGHT + 12, text, size: 9, anchor: "start", ink: "muted" });
    return { width, height: TITLE_HEIGHT + 20, marks };
  }
  if (plot.kind === "donut") {
    const donut = donutMarks(plot, { x: 0, y: TITLE_HEIGHT, width, height: DONUT_HEIGHT }, measure);
    return { width, height: TITLE_HEIGHT + donut.height, marks: [...marks, ...donut.marks] };
  }
  const legend = legendMarks(plot, { x: 0, y: TITLE_HEIGHT, width }, measure);
  const box = { x: 0, y: TITLE_HEIGHT + legend.height, width, height: PLOT_HEIGHT };
  const axes = axesOf(plot, box, measure);
  const data = plot.kind === "line" ? lineMarks(plot, axes) : barMarks(plot, axes, measure);
  const all = [marks, legend.marks, axes.marks, data, axes.marksAbove].flat(); // Too many for arguments, it may be.
  return { width, height: box.y + box.height, marks: all };
}

function plotOf({ kind, categories, series, unit }: Chart): Plot {
  return {
    kind,
    categories: categories.map(cleanText),
    unit: unit === undefined ? "" : cleanText(unit),
    series: series.map(({ name, values, tone }, index) => ({
      name: cleanText(name),
      values: categories.map((_, place) => finite(values[place])),
      ink: (tone === undefined ? SERIES[index % SERIES.length] : TONES[tone].strong) as Ink,
    })),
  };
}

/** Beyond these no axis has steps that a person could read. */
function finite(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) return 0;
  const size = Math.abs(value);
  return size < LEAST || size > MOST ? 0 : value;
}
