/**
 * A table over any number of pages. Its header stands on each of them. A row moves to the next page as a whole where it
 * fits on one; a taller one goes on there, line after line.
 */
import type { Column, Row } from "../../document.ts";
import { isNumeric, NOTHING } from "../cell-text.ts";
import { ACCENT, HAIRLINE, type ToneColours, ZEBRA } from "../palette.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { type Fit, fitColumns, PADDING } from "./column-widths.ts";
import type { Weight } from "./fonts.ts";
import type { Sheets } from "./sheets.ts";
import { cellText, cellTone } from "./table-cells.ts";
import { settable } from "./type-setter.ts";

const ABOVE = 4;
const BELOW = 4;
const LEADING = 1.32;
/** Of a row that is cut, at least so many lines stay together. */
const LEAST_LINES = 3;

interface SetCell {
  readonly lines: readonly string[];
  readonly tone: ToneColours;
  readonly isPill: boolean;
}

export class Table {
  readonly #sheets: Sheets;
  readonly #columns: readonly Column[];
  readonly #clock: ZoneClock;
  readonly #fit: Fit;
  readonly #line: number;
  readonly #header: readonly (readonly string[])[];
  #rows = 0;

  /** Draws the header. `sample` are the first rows. */
  constructor(sheets: Sheets, columns: readonly Column[], sample: readonly Row[], clock: ZoneClock) {
    this.#sheets = sheets;
    this.#columns = columns;
    this.#clock = clock;
    this.#fit = fitColumns(columns, sample, sheets.width, sheets.type, clock);
    this.#line = this.#fit.size * LEADING;
    this.#header = columns.map(({ title }, index) =>
      sheets.type.wrap(settable(title), this.#fit.size, this.#inner(index), "bold").slice(0, 4),
    );
    sheets.need(this.#headerHeight() + 3 * (this.#line + ABOVE + BELOW));
    this.#drawHeader();
  }

  row(row: Row): void {
    this.#place(this.#set(row, "regular"), "regular", this.#rows++ % 2 === 1 ? ZEBRA : undefined);
  }

  totals(row: Row): void {
    const cells = this.#set(row, "bold").map((cell) =>
      cell.lines.length === 1 && cell.lines[0] === NOTHING ? { ...cell, lines: [] } : cell,
    );
    if (this.#sheets.need(this.#heightOf(cells))) this.#drawHeader();
    const { canvas, left, right } = this.#sheets;
    canvas.rect(left, this.#sheets.y, right - left, 1.2, ACCENT);
    this.#sheets.y += 1.2;
    this.#place(cells, "bold", undefined);
  }

  end(): void {
    this.#sheets.y += 14;
  }

  #inner(index: number): number {
    return (this.#fit.widths[index] ?? 0) - 2 * PADDING;
  }

  #set(row: Row, weight: Weight): SetCell[] {
    const { type } = this.#sheets;
    const { size } = this.#fit;
    return this.#columns.map((column, index) => {
      const text = cellText(row, column, this.#clock);
      const isPill = column.kind === "status" && text !== NOTHING;
      const width = this.#inner(index) - (isPill ? 12 : 0);
      const lines = isPill ? [type.fit(text, size - 0.5, width, "bold")] : type.wrap(text, size, width, weight);
      return { lines, isPill, tone: cellTone(row, column, text) };
    });
  }

  #place(cells: readonly SetCell[], weight: Weight, ground: string | undefined): void {
    const height = this.#heightOf(cells);
    const whole = this.#sheets.height - this.#headerHeight();
    if (height > this.#sheets.room && height <= whole) this.#nextPage();
    if (height <= this.#sheets.room) return this.#draw(cells, 0, Number.POSITIVE_INFINITY, height, weight, ground);
    const most = Math.max(1, ...cells.map(({ lines }) => lines.length));
    for (let from = 0; from < most; ) {
      const fitting = Math.floor((this.#sheets.room - ABOVE - BELOW) / this.#line);
      if (fitting < Math.min(LEAST_LINES, most - from)) {
        this.#nextPage();
        continue;
      }
      const upto = Math.min(most, from + fitting);
      this.#draw(cells, from, upto, (upto - from) * this.#line + ABOVE + BELOW, weight, ground);
      from = upto;
    }
  }

  #draw(
    cells: readonly SetCell[],
    from: number,
    upto: number,
    height: number,
    weight: Weight,
    ground: string | undefined,
  ): void {
    const sheets = this.#sheets;
    const { canvas, left, width, y } = sheets;
    const { size, widths } = this.#fit;
    if (ground !== undefined) canvas.rect(left, y, width, height, ground);
    let x = left;
    for (const [index, { lines, isPill, tone }] of cells.entries()) {
      const column = this.#columns[index] as Column;
      const cellWidth = widths[index] ?? 0;
      const atRight = isNumeric(column);
      const end = Math.min(upto, lines.length);
      for (let place = from; place < end; place++) {
        const line = lines[place] ?? "";
        const baseline = y + ABOVE + (place - from) * this.#line + size * 0.98;
        if (isPill) this.#drawPill(line, x + PADDING, baseline, tone);
        else if (line !== "") {
          const edge = atRight ? x + cellWidth - PADDING : x + PADDING;
          canvas.text(line, edge, baseline, { size, colour: tone.ink, weight, align: atRight ? "right" : "left" });
        }
      }
      x += cellWidth;
    }
    canvas.rect(left, y + height - 0.4, width, 0.4, HAIRLINE);
    sheets.y += height;
  }

  #drawPill(text: string, x: number, baseline: number, { ink, fill }: ToneColours): void {
    const { canvas, type } = this.#sheets;
    const size = this.#fit.size - 0.5;
    const height = size * 1.5;
    canvas.rounded(x, baseline - size * 1.08, type.measure(text, size, "bold") + 12, height, height / 2, fill);
    canvas.text(text, x + 6, baseline, { size, colour: ink, weight: "bold" });
  }

  #heightOf(cells: readonly SetCell[]): number {
    let most = 1;
    for (const { lines } of cells) if (lines.length > most) most = lines.length;
    return most * this.#line + ABOVE + BELOW;
  }

  #headerHeight(): number {
    return Math.max(1, ...this.#header.map((lines) => lines.length)) * this.#line + 10;
  }

  #nextPage(): void {
    this.#sheets.turn();
    this.#drawHeader();
  }

  #drawHeader(): void {
    const { canvas, left, width, y } = this.#sheets;
    const { size, widths } = this.#fit;
    const height = this.#headerHeight();
    canvas.rect(left, y, width, height, ACCENT);
    let x = left;
    for (const [index, lines] of this.#header.entries()) {
      const atRight = isNumeric(this.#columns[index] as Column);
      const edge = atRight ? x + (widths[index] ?? 0) - PADDING : x + PADDING;
      const top = y + (height - lines.length * this.#line) / 2;
      for (const [place, line] of lines.entries()) {
        canvas.text(line, edge, top + place * this.#line + size, {
          size,
          colour: "#ffffff",
          weight: "bold",
          align: atRight ? "right" : "left",
        });
      }
      x += widths[index] ?? 0;
    }
    this.#sheets.y += height;
  }
}
