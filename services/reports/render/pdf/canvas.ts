// Draws on a page, in points from its upper left corner. Operators are gathered as text and handed to PDFKit in one
// piece: its own calls cost ten times as much, and a long report makes millions.
import type { Weight } from "./fonts.ts";
import type { Piece, TypeSetter } from "./type-setter.ts";

/** Control points of a quarter of a circle. */
const ROUND = 0.5523;

interface PageInside {
  readonly fonts: Record<string, object>;
  write(chunk: Uint8Array): void;
}

export interface TextStyle {
  readonly size: number;
  readonly colour: string;
  readonly weight?: Weight;
  readonly align?: "left" | "right" | "centre";
}

export class Canvas {
  readonly #type: TypeSetter;
  #page: PageInside | undefined;
  #operators: string[] = [];
  #fill = "";
  #stroke = "";

  constructor(type: TypeSetter) {
    this.#type = type;
  }

  /** Everything from now on goes to this page. */
  turnTo(page: PDFKit.PDFPage): void {
    this.#page = page as unknown as PageInside;
    this.#operators = [];
    this.#fill = "";
    this.#stroke = "";
  }

  /** Before PDFKit draws on the page itself. */
  flush(): void {
    const text = this.take();
    if (text !== "") this.#page?.write(Buffer.from(text, "latin1"));
  }

  /** What is not on the page yet, for whoever puts it there. */
  take(): string {
    if (this.#operators.length === 0) return "";
    const text = `${this.#operators.join("\n")}\n`;
    this.#operators = [];
    this.#fill = "";
    this.#stroke = "";
    return text;
  }

  rect(x: number, y: number, width: number, height: number, colour: string): void {
    this.#fillWith(colour);
    this.#operators.push(`${n(x)} ${n(y)} ${n(width)} ${n(height)} re f`);
  }

  /** Many squares of one colour: codes. */
  rects(shapes: readonly (readonly [x: number, y: number, width: number, height: number])[], colour: string): void {
    this.#fillWith(colour);
    this.#operators.push(
      ...shapes.map(([x, y, width, height]) => `${n3(x)} ${n3(y)} ${n3(width)} ${n3(height)} re`),
      "f",
    );
  }

  frame(x: number, y: number, width: number, height: number, colour: string, lineWidth = 0.5): void {
    this.#strokeWith(colour);
    this.#operators.push(`${lineWidth} w ${n(x)} ${n(y)} ${n(width)} ${n(height)} re S`);
  }

  rounded(x: number, y: number, width: number, height: number, radius: number, colour: string): void {
    this.#fillWith(colour);
    const r = Math.min(radius, width / 2, height / 2);
    const c = r * (1 - ROUND);
    const [right, bottom] = [x + width, y + height];
    this.#operators.push(
      `${n(x + r)} ${n(y)} m ${n(right - r)} ${n(y)} l ${n(right - c)} ${n(y)} ${n(right)} ${n(y + c)} ${n(right)} ${n(y + r)} c`,
      `${n(right)} ${n(bottom - r)} l ${n(right)} ${n(bottom - c)} ${n(right - c)} ${n(bottom)} ${n(right - r)} ${n(bottom)} c`,
      `${n(x + r)} ${n(bottom)} l ${n(x + c)} ${n(bottom)} ${n(x)} ${n(bottom - c)} ${n(x)} ${n(bottom - r)} c`,
      `${n(x)} ${n(y + r)} l ${n(x)} ${n(y + c)} ${n(x + c)} ${n(y)} ${n(x + r)} ${n(y)} c f`,
    );
  }

  line(x1: number, y1: number, x2: number, y2: number, colour: string, lineWidth = 0.5): void {
    this.#strokeWith(colour);
    this.#operators.push(`${lineWidth} w ${n(x1)} ${n(y1)} m ${n(x2)} ${n(y2)} l S`);
  }

  /** `y` is the baseline; `x` the left edge, the right edge or the middle, as aligned. */
  text(text: string, x: number, y: number, { size, colour, weight = "regular", align = "left" }: TextStyle): void {
    const pieces = this.#type.pieces(text.replaceAll("\u00a0", " "), weight);
    if (pieces.length === 0) return;
    this.#fillWith(colour);
    let left = x - this.#before(pieces, size, align);
    const operators = [];
    for (const { font, hex, width, rise, shift } of pieces) {
      const page = this.#page;
      if (page !== undefined) page.fonts[font.id] ??= font.ref();
      operators.push(
        `/${font.id} ${size} Tf 1 0 0 -1 ${n(left + (shift * size) / 1_000)} ${n(y - (rise * size) / 1_000)} Tm <${hex}> Tj`,
      );
      left += (width * size) / 1_000;
    }
    this.#operators.push(`BT ${operators.join(" ")} ET`);
  }

  #before(pieces: readonly Piece[], size: number, align: NonNullable<TextStyle["align"]>): number {
    if (align === "left") return 0;
    const width = (pieces.reduce((sum, piece) => sum + piece.width, 0) * size) / 1_000;
    return align === "right" ? width : width / 2;
  }

  #fillWith(colour: string): void {
    if (this.#fill === colour) return;
    this.#fill = colour;
    this.#operators.push(`${rgb(colour)} rg`);
  }

  #strokeWith(colour: string): void {
    if (this.#stroke === colour) return;
    this.#stroke = colour;
    this.#operators.push(`${rgb(colour)} RG`);
  }
}

const colours = new Map<string, string>();

/** "#01579b" as three fractions. */
function rgb(colour: string): string {
  const known = colours.get(colour);
  if (known !== undefined) return known;
  const parts = [1, 3, 5].map((start) => n3(Number.parseInt(colour.slice(start, start + 2), 16) / 255));
  const text = parts.join(" ");
  colours.set(colour, text);
  return text;
}

function n(value: number): number {
  return Math.round(value * 100) / 100;
}

function n3(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
