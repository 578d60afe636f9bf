// A chart as inline SVG. Widths of texts are estimated: a browser has its own font.
import type { Chart } from "../../document.ts";
import { drawChart } from "../chart/chart.ts";
import type { Ink, Mark } from "../chart/marks.ts";
import { escaped } from "./markup.ts";

const WIDTH = 640;
const MEAN_CHARACTER = 0.56;

export function chartSvg(chart: Chart): string {
  const { width, height, marks } = drawChart(chart, WIDTH, (text, size) => text.length * size * MEAN_CHARACTER);
  const label = escaped(chart.title);
  const drawn = marks.map(markSvg).join("");
  return `<figure><svg viewBox="0 0 ${width} ${n(height)}" width="${width * 1.4}" role="img" aria-label="${label}">${drawn}</svg></figure>`;
}

function markSvg(mark: Mark): string {
  if (mark.kind === "rect") {
    const { x, y, width, height } = mark;
    return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"${ink("f", mark.fill)}/>`;
  }
  if (mark.kind === "text") {
    const weight = mark.isBold ? ' font-weight="600"' : "";
    return `<text x="${n(mark.x)}" y="${n(mark.y)}" font-size="${mark.size}" text-anchor="${mark.anchor}"${weight}${ink("f", mark.ink)}>${escaped(mark.text)}</text>`;
  }
  const fill = mark.fill === undefined ? ' fill="none"' : ink("f", mark.fill);
  const stroke = mark.stroke === undefined ? "" : `${ink("s", mark.stroke)} stroke-width="${mark.strokeWidth ?? 1}"`;
  const place = mark.x === 0 && mark.y === 0 ? "" : ` transform="translate(${n(mark.x)} ${n(mark.y)})"`;
  return `<path d="${mark.d}"${place}${merged(fill, stroke)}/>`;
}

function ink(use: "f" | "s", colour: Ink): string {
  if (colour.startsWith("#")) return ` ${use === "f" ? "fill" : "stroke"}="${colour}"`;
  return ` class="${use}-${colour}"`;
}

/** One class attribute of two. */
function merged(fill: string, stroke: string): string {
  const classes: string[] = [];
  const rest = `${fill}${stroke}`.replaceAll(/ class="([^"]*)"/g, (_, name: string) => {
    classes.push(name);
    return "";
  });
  return classes.length === 0 ? rest : ` class="${classes.join(" ")}"${rest}`;
}

function n(value: number): number {
  return Math.round(value * 100) / 100;
}
