// Lines through the middle of each category, with a dot for each value while they are few.
import { line } from "d3-shape";
import type { Axes } from "./axes.ts";
import type { Mark } from "./marks.ts";
import type { Plot } from "./plot.ts";

const MOST_DOTS = 40;
const RADIUS = 2.2;

export function lineMarks({ series, categories }: Plot, { x, y }: Axes): Mark[] {
  const centre = (index: number) => (x(index) ?? 0) + x.bandwidth() / 2;
  const curve = line<number>()
    .x((_, index) => centre(index))
    .y((value) => y(value));
  return series.flatMap(({ values, ink }): Mark[] => {
    const path: Mark = { kind: "path", x: 0, y: 0, d: curve(values) ?? "", stroke: ink, strokeWidth: 1.6 };
    if (categories.length > MOST_DOTS) return [path];
    const dots = values.map(
      (value, index): Mark => ({
        kind: "path",
        x: centre(index),
        y: y(value),
        d: `M${-RADIUS},0A${RADIUS},${RADIUS},0,1,1,${RADIUS},0A${RADIUS},${RADIUS},0,1,1,${-RADIUS},0Z`,
        fill: ink,
        stroke: "page",
        strokeWidth: 0.8,
      }),
    );
    return [path, ...dots];
  });
}
