/**
 * CSV as spreadsheets open it: UTF-8 with its mark, commas, CRLF. A first line says what the report is about, where there
 * is something to say. Texts that a spreadsheet would calculate are kept from it by an apostrophe.
 */
import { stringify } from "csv-stringify/sync";
import type { Column, DocumentHead, Row } from "../document.ts";
import { bare, cleanText } from "./cell-text.ts";
import { documentClock } from "./document-clock.ts";
import type { SectionHead } from "./messages.ts";
import type { PartFile } from "./part-file.ts";
import { columnsOf } from "./section-columns.ts";
import type { FormatWriter } from "./writer.ts";
import type { ZoneClock } from "./zone-clock.ts";

const BYTE_ORDER_MARK = "\uFEFF";
/** What begins a formula in one spreadsheet or another, the wide forms of East Asian keyboards among them. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NUMERIC = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

export function openCsvWriter(file: PartFile): FormatWriter {
  return new CsvWriter(file);
}

class CsvWriter implements FormatWriter {
  readonly #file: PartFile;
  #clock!: ZoneClock;
  #columns: readonly Column[] = [];
  #sections = 0;

  constructor(file: PartFile) {
    this.#file = file;
  }

  async begin(head: DocumentHead): Promise<void> {
    this.#clock = documentClock(head);
    await this.#file.print(BYTE_ORDER_MARK);
    if (head.facts.length === 0) return;
    const facts = [{ label: "Client", value: head.clientName }, { label: "Report", value: head.title }, ...head.facts];
    await this.#lines([[facts.map(({ label, value }) => `${label}: ${value}`).join("; ")]]);
  }

  async section(head: SectionHead): Promise<void> {
    this.#columns = columnsOf(head);
    const lines: string[][] = [];
    if (this.#sections++ > 0) lines.push([]);
    if (head.heading !== undefined) lines.push([head.heading]);
    if (head.kind === "table") lines.push(...(head.facts ?? []).map(({ label, value }) => [`${label}: ${value}`]));
    lines.push(this.#columns.map(({ title }) => title));
    await this.#lines(lines);
  }

  async rows(rows: readonly Row[]): Promise<void> {
    await this.#lines(rows.map((row) => this.#columns.map((column) => bare(row, column, this.#clock))));
  }

  async sectionEnd(totals: Row | undefined): Promise<void> {
    if (totals !== undefined) await this.rows([totals]);
  }

  async end(): Promise<null> {
    return null;
  }

  async #lines(lines: readonly (readonly string[])[]): Promise<void> {
    const records = lines.map((cells) => cells.map(safe));
    await this.#file.print(stringify(records, { record_delimiter: "\r\n" }));
  }
}

function safe(text: string): string {
  const clean = cleanText(text);
  return FORMULA.test(clean) && !NUMERIC.test(clean) ? `'${clean}` : clean;
}
