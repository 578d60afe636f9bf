// QR codes to cut out: a grid of codes with what they stand for below, and marks where to cut.
import type { CodesSection, Row } from "../../document.ts";
import { qrRuns } from "../qr-runs.ts";
import type { Sheets } from "./sheets.ts";
import { settable } from "./type-setter.ts";

const MM = 72 / 25.4;
const EDGES = { S: 25 * MM, M: 40 * MM, L: 60 * MM } as const;
const TEXT = { S: 6.5, M: 8, L: 10 } as const;
/** White around a code, for its reader to find it: four modules of the coarsest code. */
const QUIET = 4 / 21;
const MARK = 5;
const CUT = "#a3afbc";
/** Space of the texts below, in lines. */
const LINES = 3;

export class Codes {
  readonly #sheets: Sheets;
  readonly #edge: number;
  readonly #size: number;
  readonly #padding: number;
  readonly #perRow: number;
  readonly #cell: { readonly width: number; readonly height: number };
  #place = 0;

  constructor(sheets: Sheets, size: CodesSection["size"]) {
    this.#sheets = sheets;
    this.#edge = EDGES[size];
    this.#size = TEXT[size];
    this.#padding = this.#edge * QUIET;
    this.#perRow = Math.max(1, Math.floor(sheets.width / (this.#edge + 2 * this.#padding)));
    this.#cell = {
      width: sheets.width / this.#perRow,
      height: this.#edge + 2 * this.#padding + LINES * this.#size * 1.25,
    };
  }

  row(row: Row): void {
    const column = this.#place++ % this.#perRow;
    const { height, width } = this.#cell;
    if (column === 0) {
      if (this.#place > 1) this.#sheets.y += height;
      this.#sheets.need(height);
    }
    const x = this.#sheets.left + column * width;
    this.#drawMarks(x);
    this.#drawCode(String(row.payload ?? ""), x + (width - this.#edge) / 2);
    this.#drawTexts(String(row.code ?? ""), String(row.name ?? ""), x + width / 2);
  }

  end(): void {
    if (this.#place > 0) this.#sheets.y += this.#cell.height + 10;
  }

  #drawCode(payload: string, x: number): void {
    const { canvas, y } = this.#sheets;
    const code = qrRuns(payload);
    if (code === undefined) {
      const middle = { size: this.#size, colour: "#a8201a", align: "centre" } as const;
      return canvas.text("no code", x + this.#edge / 2, y + this.#padding + this.#edge / 2, middle);
    }
    const module = this.#edge / code.size;
    const top = y + this.#padding;
    canvas.rects(
      code.runs.map((run) => [x + run.x * module, top + run.y * module, run.length * module, module * 1.01]),
      "#000000",
    );
  }

  #drawTexts(code: string, name: string, middle: number): void {
    const { canvas, type, y } = this.#sheets;
    const size = this.#size;
    const width = this.#cell.width - 16;
    const top = y + this.#padding * 1.5 + this.#edge + size;
    const style = { size, colour: "#1c2733", align: "centre" } as const;
    canvas.text(type.fit(settable(code), size, width, "bold"), middle, top, { ...style, weight: "bold" });
    const lines = type.wrap(settable(name), size, width);
    const shown = lines.length > 2 ? [lines[0] ?? "", type.fit(lines.slice(1).join(" "), size, width)] : lines;
    for (const [place, line] of shown.entries()) canvas.text(line, middle, top + (place + 1) * size * 1.25, style);
  }

  /** A small cross at each corner. */
  #drawMarks(x: number): void {
    const { canvas, y } = this.#sheets;
    for (const corner of [x, x + this.#cell.width]) {
      for (const edge of [y, y + this.#cell.height]) {
        canvas.line(corner - MARK / 2, edge, corner + MARK / 2, edge, CUT, 0.4);
        canvas.line(corner, edge - MARK / 2, corner, edge + MARK / 2, CUT, 0.4);
      }
    }
  }
}
