// The frame of bars and lines: a scale of values at the left with a line for each step, the categories below. Where the
// categories are too many to be named, every second, third … is.
import { type ScaleBand, type ScaleLinear, scaleBand, scaleLinear } from "d3-scale";
import { fitted, type Mark, type Measure } from "./marks.ts";
import type { Box, Plot } from "./plot.ts";

const SIZE = 7.5;
const STEPS = 5;
const LABEL_HEIGHT = 18;
const TOP = 12;
const GAP = 6;
const LEAST_LABEL = 26;

export interface Axes {
  readonly x: ScaleBand<number>;
  readonly y: ScaleLinear<number, number>;
  readonly left: number;
  readonly right: number;
  /** Below the data. */
  readonly marks: readonly Mark[];
  /** Above the data: the line of zero. */
  readonly marksAbove: readonly Mark[];
}

export function axesOf(plot: Plot, box: Box, measure: Measure): Axes {
  const top = box.y + TOP;
  const bottom = box.y + box.height - LABEL_HEIGHT;
  const y = scaleLinear().domain(extent(plot)).nice(STEPS).range([bottom, top]);
  const ticks = y.ticks(STEPS);
  const format = y.tickFormat(STEPS, "~s");
  const labels = ticks.map(
    (value) =>
      `${value < 1_000 && value > -1_000 ? String(Number(value.toPrecision(6))) : format(value)}${suffix(plot)}`,
  );
  const left = box.x + Math.max(...labels.map((label) => measure(label, SIZE))) + GAP;
  const right = box.x + box.width;
  const x = scaleBand<number>().domain(plot.categories.keys()).range([left, right]).paddingInner(0.3).paddingOuter(0.2);
  const steps = ticks.flatMap((value, index): Mark[] => [
    line(left, right, y(value), 0.5, "grid"),
    {
      kind: "text",
      x: left - GAP,
      y: y(value) + SIZE * 0.35,
      text: labels[index] ?? "",
      size: SIZE,
      anchor: "end",
      ink: "muted",
    },
  ]);
  const marksAbove = [line(left, right, y(0), 0.8, "muted")];
  return {
    x,
    y,
    left,
    right,
    marks: [...steps, ...names(plot, x, bottom, measure), ...unitMark(plot, box)],
    marksAbove,
  };
}

function names(plot: Plot, x: ScaleBand<number>, bottom: number, measure: Measure): Mark[] {
  const step = x.step();
  const every = Math.max(1, Math.ceil(LEAST_LABEL / step));
  return plot.categories.flatMap((category, index): Mark[] => {
    if (index % every !== 0) return [];
    const text = fitted(category, SIZE, step * every - 3, measure);
    const centre = (x(index) ?? 0) + x.bandwidth() / 2;
    return [{ kind: "text", x: centre, y: bottom + SIZE + 5, text, size: SIZE, anchor: "middle", ink: "muted" }];
  });
}

function unitMark({ unit }: Plot, box: Box): Mark[] {
  if (unit === "" || unit === "%") return [];
  return [{ kind: "text", x: box.x, y: box.y + SIZE - 2, text: unit, size: SIZE, anchor: "start", ink: "muted" }];
}

function suffix({ unit }: Plot): string {
  return unit === "%" ? "%" : "";
}

/** From the least to the greatest value, with nothing between them and zero left out. */
function extent({ kind, series, categories }: Plot): [number, number] {
  const values =
    kind === "stacked-bar"
      ? categories.flatMap((_, index) => {
          const parts = series.map(({ values }) => values[index] ?? 0);
          const sum = (sign: number) => parts.filter((part) => part * sign > 0).reduce((one, other) => one + other, 0);
          return [sum(1), sum(-1)];
        })
      : series.flatMap(({ values }) => values);
  return [
    values.reduce((one, other) => Math.min(one, other), 0),
    values.reduce((one, other) => Math.max(one, other), 0),
  ];
}

function line(left: number, right: number, y: number, strokeWidth: number, stroke: "grid" | "muted"): Mark {
  return { kind: "path", x: 0, y: 0, d: `M${left},${y}H${right}`, stroke, strokeWidth };
}
