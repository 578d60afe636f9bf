/**
 * A workbook as a manager uses it: a sheet for each section, so that each can be sorted and filtered by itself, with the
 * report's title and facts above a header that stays in sight. Beyond `MAX_SHEETS` sections stand one below another on
 * the last sheet; a sheet that is full goes on on the next.
 */
import { finished } from "node:stream/promises";
import excel from "exceljs";
import type { Column, DocumentHead, Fact, Row } from "../../document.ts";
import { generatedText } from "../cell-text.ts";
import { documentClock } from "../document-clock.ts";
import type { SectionHead } from "../messages.ts";
import type { PartFile } from "../part-file.ts";
import { columnsOf } from "../section-columns.ts";
import type { FormatWriter } from "../writer.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { columnWidths } from "./column-widths.ts";
import { ChartFigures } from "./figures.ts";
import { Sheet } from "./sheet.ts";
import { EMPTY, HEADING, SUBTITLE, TITLE } from "./sheet-cells.ts";
import { SheetNames } from "./sheet-names.ts";

const MAX_ROWS = 1_048_576;
const MAX_SHEETS = 40;
const LINE_CHARACTERS = 1.1;

export function openXlsxWriter(file: PartFile, maxRows = MAX_ROWS): FormatWriter {
  return new XlsxWriter(file, maxRows);
}

/** A section before its first rows have come, which tell how wide its columns are. */
interface Opening {
  readonly head: SectionHead;
  readonly columns: readonly Column[];
}

class XlsxWriter implements FormatWriter {
  readonly #file: PartFile;
  readonly #maxRows: number;
  readonly #names = new SheetNames();
  readonly #figures = new ChartFigures();
  #book!: InstanceType<typeof excel.stream.xlsx.WorkbookWriter>;
  #head!: DocumentHead;
  #clock!: ZoneClock;
  #opening!: Opening;
  #sheet: Sheet | undefined;
  #sections = 0;
  #rows = 0;
  #headerRow = 0;
  #widths: readonly number[] = [];

  constructor(file: PartFile, maxRows: number) {
    this.#file = file;
    this.#maxRows = maxRows;
  }

  async begin(head: DocumentHead): Promise<void> {
    this.#head = head;
    this.#clock = documentClock(head);
    const created = new Date(head.generatedAt);
    this.#book = new excel.stream.xlsx.WorkbookWriter({ stream: this.#file, useStyles: true, useSharedStrings: false });
    this.#book.creator = "Apium";
    this.#book.created = Number.isNaN(created.getTime()) ? new Date(0) : created;
  }

  async section(head: SectionHead): Promise<void> {
    this.#opening = { head, columns: columnsOf(head) };
    this.#sections++;
    this.#rows = 0;
    if (head.kind === "table" && head.chart !== undefined) this.#figures.add(head.chart);
  }

  async rows(rows: readonly Row[]): Promise<void> {
    if (this.#rows === 0) this.#begin(rows);
    for (const row of rows) this.#put(row, false);
    this.#rows += rows.length;
    await this.#settled();
  }

  async sectionEnd(totals: Row | undefined): Promise<void> {
    if (this.#rows === 0) {
      this.#begin([]);
      this.#sheet?.banner("No data for this period", EMPTY);
    } else if (this.#sections < MAX_SHEETS && this.#opening.head.kind === "table") this.#sheet?.filter(this.#headerRow);
    if (totals !== undefined) this.#put(totals, true);
    if (this.#sections < MAX_SHEETS) this.#close();
    await this.#file.settled();
  }

  async end(): Promise<null> {
    this.#close();
    if (this.#sections === 0) {
      this.#open(this.#head.title, [40], undefined);
      this.#sheet?.banner("No data for this period", EMPTY);
      this.#close();
    }
    this.#writeFigures();
    await this.#file.settled();
    await Promise.race([this.#book.commit(), finished(this.#file)]);
    return null;
  }

  #begin(sample: readonly Row[]): void {
    const { head, columns } = this.#opening;
    const heading = head.heading ?? (this.#sections === 1 ? this.#head.title : `Section ${this.#sections}`);
    if (this.#sheet === undefined) {
      const widths = columnWidths(columns, sample, this.#clock);
      this.#open(this.#sections < MAX_SHEETS ? heading : "More", widths, head);
    } else this.#sheet.gap();
    if (head.heading !== undefined) this.#sheet?.banner(head.heading, HEADING);
    const facts = head.kind === "table" ? (head.facts ?? []) : [];
    if (facts.length > 0) this.#bannerOf(facts);
    if (head.kind === "form" && head.note !== undefined) this.#sheet?.banner(head.note, SUBTITLE);
    this.#sheet?.header(columns);
    this.#headerRow = this.#sheet?.height ?? 0;
  }

  #open(name: string, widths: readonly number[], head: SectionHead | undefined): void {
    const { title, subtitle, clientName, generatedAt, facts, orientation } = this.#head;
    const tableFacts = head?.kind === "table" && (head.facts ?? []).length > 0;
    const above = 2 + Number(subtitle !== undefined) + Number(facts.length > 0) + Number(head?.heading !== undefined);
    const frozen = above + Number(tableFacts) + Number(head?.kind === "form" && head.note !== undefined) + 1;
    const isStacked = this.#sections >= MAX_SHEETS;
    this.#widths = widths;
    this.#sheet = new Sheet(
      this.#book.addWorksheet(this.#names.claim(name), {
        views: head === undefined || isStacked ? [] : [{ state: "frozen", ySplit: frozen }],
        pageSetup: { orientation: orientation ?? "portrait", paperSize: 9, fitToWidth: 1, fitToHeight: 0 },
      }),
      widths,
    );
    this.#sheet.banner(title, TITLE);
    if (subtitle !== undefined) this.#sheet.banner(subtitle, SUBTITLE);
    this.#sheet.banner(`${clientName} · generated ${generatedText(generatedAt, this.#clock)}`, SUBTITLE);
    if (facts.length > 0) this.#bannerOf(facts);
  }

  #bannerOf(facts: readonly Fact[]): void {
    const text = facts.map(({ label, value }) => `${label}: ${value}`).join("; ");
    const width = this.#widths.reduce((sum, one) => sum + one, 0);
    this.#sheet?.banner(text, SUBTITLE, Math.min(6, Math.ceil((text.length * LINE_CHARACTERS) / width)));
  }

  #put(row: Row, isTotal: boolean): void {
    const { columns } = this.#opening;
    if (this.#sheet !== undefined && this.#sheet.height >= this.#maxRows) this.#continue(columns);
    this.#sheet?.put(row, columns, this.#clock, isTotal);
  }

  /** The sheet is full. */
  #continue(columns: readonly Column[]): void {
    const { head } = this.#opening;
    if (head.kind === "table" && this.#sections < MAX_SHEETS) this.#sheet?.filter(this.#headerRow);
    this.#close();
    this.#sheet = new Sheet(
      this.#book.addWorksheet(this.#names.claim(head.heading ?? this.#head.title), {
        views: [{ state: "frozen", ySplit: 1 }],
      }),
      this.#widths,
    );
    this.#sheet.header(columns);
    this.#headerRow = 1;
  }

  /** @throws what the file says. */
  async #settled(): Promise<void> {
    await this.#file.settled();
    const failing = new AbortController();
    const fail = () => failing.abort();
    this.#file.once("error", fail);
    try {
      await this.#sheet?.settled(failing.signal);
    } catch (error) {
      if (!failing.signal.aborted) throw error;
      await this.#file.settled();
    } finally {
      this.#file.off("error", fail);
    }
  }

  #close(): void {
    this.#sheet?.close();
    this.#sheet = undefined;
  }

  #writeFigures(): void {
    const figures = this.#figures.all;
    if (figures.length === 0) return;
    const widest = Math.max(...figures.map(({ columns }) => columns.length));
    this.#open("Figures of charts", [30, ...Array.from({ length: widest - 1 }, () => 16)], undefined);
    for (const { title, columns, rows } of figures) {
      this.#sheet?.gap();
      this.#sheet?.banner(title, HEADING);
      this.#sheet?.header(columns);
      for (const row of rows) this.#sheet?.put(row, columns, this.#clock);
    }
    this.#close();
  }
}
