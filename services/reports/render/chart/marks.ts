// What a chart is drawn of, whatever draws it. Lengths are points from the chart's upper left corner.

/** A colour, or what has another colour on a dark page. */
export type Ink = `#${string}` | "text" | "muted" | "grid" | "page";

export type Mark =
  | {
      readonly kind: "rect";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly fill: Ink;
    }
  | {
      readonly kind: "path";
      /** As in SVG. */
      readonly d: string;
      readonly x: number;
      readonly y: number;
      readonly fill?: Ink;
      readonly stroke?: Ink;
      readonly strokeWidth?: number;
    }
  | {
      readonly kind: "text";
      /** Of the anchor, on the baseline. */
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly size: number;
      readonly anchor: "start" | "middle" | "end";
      readonly ink: Ink;
      readonly isBold?: boolean;
    };

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly marks: readonly Mark[];
}

/** Width of a text, in points. */
export type Measure = (text: string, size: number) => number;

/** The text, cut with an ellipsis where it is wider than `width`. */
export function fitted(text: string, size: number, width: number, measure: Measure): string {
  if (measure(text, size) <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && measure(`${characters.join("").trimEnd()}…`, size) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}
