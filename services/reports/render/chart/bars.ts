// Bars: side by side, or on top of one another. A bar carries its value where there is room for it.
import { scaleBand } from "d3-scale";
import type { Axes } from "./axes.ts";
import type { Mark, Measure } from "./marks.ts";
import type { Plot } from "./plot.ts";

const SIZE = 7;
const WIDEST = 48;

export function barMarks(plot: Plot, axes: Axes, measure: Measure): Mark[] {
  return plot.kind === "stacked-bar" ? stacked(plot, axes) : grouped(plot, axes, measure);
}

function grouped({ series, categories }: Plot, { x, y }: Axes, measure: Measure): Mark[] {
  const band = Math.min(x.bandwidth(), WIDEST * series.length);
  const inner = scaleBand<number>().domain(series.keys()).range([0, band]).paddingInner(0.12);
  return categories.flatMap((_, index) => {
    const start = (x(index) ?? 0) + (x.bandwidth() - band) / 2;
    return series.flatMap(({ values, ink }, place): Mark[] => {
      const value = values[index] ?? 0;
      if (value === 0) return [];
      const left = start + (inner(place) ?? 0);
      const width = inner.bandwidth();
      const marks: Mark[] = [bar(left, width, y(Math.max(value, 0)), y(Math.min(value, 0)), ink)];
      const text = String(Math.round(value * 100) / 100);
      if (measure(text, SIZE) <= width + 4) {
        const above = value > 0 ? y(value) - 3 : y(value) + SIZE + 2;
        marks.push({ kind: "text", x: left + width / 2, y: above, text, size: SIZE, anchor: "middle", ink: "text" });
      }
      return marks;
    });
  });
}

function stacked({ series, categories }: Plot, { x, y }: Axes): Mark[] {
  const width = Math.min(x.bandwidth(), WIDEST);
  return categories.flatMap((_, index) => {
    const left = (x(index) ?? 0) + (x.bandwidth() - width) / 2;
    const reached = { above: 0, below: 0 };
    return series.flatMap(({ values, ink }): Mark[] => {
      const value = values[index] ?? 0;
      if (value === 0) return [];
      const side = value > 0 ? "above" : "below";
      const from = reached[side];
      reached[side] += value;
      return [bar(left, width, y(Math.max(from, from + value)), y(Math.min(from, from + value)), ink)];
    });
  });
}

function bar(x: number, width: number, top: number, bottom: number, fill: Plot["series"][number]["ink"]): Mark {
  return { kind: "rect", x, y: top, width, height: Math.max(bottom - top, 0.5), fill };
}
