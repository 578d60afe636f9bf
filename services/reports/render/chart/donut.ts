// A ring of slices with the sum in its middle, and a list of the slices beside it: name, value, share. What is less than
// nothing has no slice. The smallest of very many share one.
import { arc, pie } from "d3-shape";
import { SERIES } from "../palette.ts";
import { fitted, type Ink, type Mark, type Measure } from "./marks.ts";
import type { Box, Plot } from "./plot.ts";

const MOST_SLICES = 9;
const LINE = 15;
const SIZE = 8.5;
const SWATCH = 8;
const LIST_WIDTH = 260;

interface Slice {
  readonly name: string;
  readonly value: number;
  readonly ink: Ink;
}

const numbers = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const shares = new Intl.NumberFormat("en-GB", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function donutMarks(plot: Plot, box: Box, measure: Measure): { marks: Mark[]; height: number } {
  const slices = slicesOf(plot);
  const total = slices.reduce((sum, { value }) => sum + value, 0);
  const outer = box.height / 2 - 8;
  const centre = { x: box.x + outer + 4, y: box.y + box.height / 2 };
  const ring = arc<{ startAngle: number; endAngle: number }>()
    .innerRadius(outer * 0.62)
    .outerRadius(outer);
  const layout = pie<Slice>()
    .value(({ value }) => value)
    .sort(null);
  const marks: Mark[] = layout([...slices]).map((angles): Mark => {
    return { kind: "path", ...centre, d: ring(angles) ?? "", fill: angles.data.ink, stroke: "page", strokeWidth: 1 };
  });
  const middle = { kind: "text", x: centre.x, anchor: "middle" } as const;
  marks.push({ ...middle, y: centre.y + 3, text: numbers.format(total), size: 15, ink: "text", isBold: true });
  marks.push({ ...middle, y: centre.y + 15, text: plot.unit || "total", size: 7.5, ink: "muted" });
  const left = centre.x + outer + 28;
  const width = Math.min(LIST_WIDTH, box.x + box.width - left);
  const top = box.y + Math.max(0, (box.height - slices.length * LINE) / 2);
  for (const [index, slice] of slices.entries()) {
    marks.push(...entry(slice, total, { x: left, y: top + index * LINE, width }, measure));
  }
  return { marks, height: Math.max(box.height, slices.length * LINE) };
}

function entry(
  { name, value, ink }: Slice,
  total: number,
  { x, y, width }: { x: number; y: number; width: number },
  measure: Measure,
): Mark[] {
  const baseline = y + SIZE + 1.5;
  const share = total === 0 ? "" : shares.format(value / total);
  const text = fitted(name, SIZE, width - SWATCH - 110, measure);
  return [
    { kind: "rect", x, y: y + 2.5, width: SWATCH, height: SWATCH, fill: ink },
    { kind: "text", x: x + SWATCH + 6, y: baseline, text, size: SIZE, anchor: "start", ink: "text" },
    {
      kind: "text",
      x: x + width - 44,
      y: baseline,
      text: numbers.format(value),
      size: SIZE,
      anchor: "end",
      ink: "text",
    },
    { kind: "text", x: x + width, y: baseline, text: share, size: SIZE, anchor: "end", ink: "muted" },
  ];
}

/** A donut's series has one tone at most; its slices are told apart by the palette. */
function slicesOf({ categories, series }: Plot): Slice[] {
  const values = series[0]?.values ?? [];
  const found = categories
    .map((name, index) => ({ name, value: values[index] ?? 0, ink: SERIES[index % SERIES.length] as Ink }))
    .filter(({ value }) => value > 0);
  if (found.length <= MOST_SLICES) return found;
  const bySize = found.toSorted((one, other) => other.value - one.value);
  const rest = bySize.slice(MOST_SLICES - 1).reduce((sum, { value }) => sum + value, 0);
  const kept = bySize.slice(0, MOST_SLICES - 1);
  const named = kept.map((slice, index) => ({ ...slice, ink: SERIES[index % SERIES.length] as Ink }));
  return [...named, { name: "Others", value: rest, ink: "#a3afbc" }];
}
