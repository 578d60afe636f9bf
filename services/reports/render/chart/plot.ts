// What the parts of a chart are drawn from, and where.
import type { Chart } from "../../document.ts";
import type { Ink } from "./marks.ts";

/** A chart's data, fit to be drawn. */
export interface Plot {
  readonly kind: Chart["kind"];
  readonly categories: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[]; readonly ink: Ink }[];
  readonly unit: string;
}

/** A place for a part of a chart. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
