// Which colour is which series. One series needs none: the title says what it is.

import { fitted, type Mark, type Measure } from "./marks.ts";
import type { Plot } from "./plot.ts";

const SIZE = 8;
const LINE = 14;
const SWATCH = 7;
const GAP = 14;

export function legendMarks(
  { series }: Plot,
  place: { readonly x: number; readonly y: number; readonly width: number },
  measure: Measure,
): { marks: Mark[]; height: number } {
  if (series.length < 2) return { marks: [], height: 0 };
  const marks: Mark[] = [];
  let x = place.x;
  let y = place.y;
  for (const { name, ink } of series) {
    const text = fitted(name, SIZE, place.width - SWATCH - 4, measure);
    const width = SWATCH + 4 + measure(text, SIZE);
    if (x > place.x && x + width > place.x + place.width) {
      x = place.x;
      y += LINE;
    }
    marks.push(
      { kind: "rect", x, y: y + 1, width: SWATCH, height: SWATCH, fill: ink },
      { kind: "text", x: x + SWATCH + 4, y: y + SIZE - 0.5, text, size: SIZE, anchor: "start", ink: "text" },
    );
    x += width + GAP;
  }
  return { marks, height: y - place.y + LINE + 2 };
}
