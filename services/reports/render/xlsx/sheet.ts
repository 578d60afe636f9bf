// One sheet while it is written, row after row from the top.
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { Style, stream } from "exceljs";
import type { Column, Row } from "../../document.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { cellStyle, cellValue, headerStyle, sheetText } from "./sheet-cells.ts";

export type SheetStream = ReturnType<stream.xlsx.WorkbookWriter["addWorksheet"]>;

const LINE_HEIGHT = 15;

type Packer = Writable & { readonly _writableState: { readonly needDrain: boolean } };

export class Sheet {
  readonly #stream: SheetStream;
  readonly #columns: number;
  /** Rows written so far. */
  #height = 0;

  constructor(sheet: SheetStream, widths: readonly number[]) {
    this.#stream = sheet;
    this.#columns = widths.length;
    sheet.columns = widths.map((width) => ({ width }));
  }

  get height(): number {
    return this.#height;
  }

  /** Resolves when the packer has caught up: exceljs itself heaps up what it has not taken. */
  async settled(signal: AbortSignal): Promise<void> {
    const [packer] = (this.#stream as unknown as { readonly stream: { readonly pipes: readonly Packer[] } }).stream
      .pipes;
    // An old kind of stream, without `writableNeedDrain`.
    if (packer?._writableState.needDrain) await once(packer, "drain", { signal });
  }

  /** A text over the whole width. */
  banner(text: string, style: Partial<Style>, lines = 1): void {
    const row = this.#stream.getRow(++this.#height);
    const cell = row.getCell(1);
    cell.value = sheetText(text);
    cell.style = style;
    row.height = Math.max(1, lines) * LINE_HEIGHT * ((style.font?.size ?? 11) / 11);
    if (this.#columns > 1) this.#stream.mergeCells(this.#height, 1, this.#height, this.#columns);
    row.commit();
  }

  gap(): void {
    this.#height++;
  }

  header(columns: readonly Column[]): void {
    const row = this.#stream.getRow(++this.#height);
    for (const [index, column] of columns.entries()) {
      const cell = row.getCell(index + 1);
      cell.value = sheetText(column.title);
      cell.style = headerStyle(column);
    }
    row.commit();
  }

  put(record: Row, columns: readonly Column[], clock: ZoneClock, isTotal = false): void {
    const row = this.#stream.getRow(++this.#height);
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index] as Column;
      const cell = row.getCell(index + 1);
      const value = cellValue(record, column, clock);
      if (value !== null) cell.value = value;
      cell.style = cellStyle(record, column, value, isTotal);
    }
    row.commit();
  }

  /** Lets the rows from the header down to the last be filtered. */
  filter(headerRow: number): void {
    this.#stream.autoFilter = {
      from: { row: headerRow, column: 1 },
      to: { row: this.#height, column: this.#columns },
    };
  }

  close(): void {
    this.#stream.commit();
  }
}
