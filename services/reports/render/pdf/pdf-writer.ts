/**
 * Reports on paper. Drawn from top to bottom, page after page, in bounded memory: what is known of a table's content
 * when its columns are laid out are its first rows.
 */
import type { DocumentHead, Row } from "../../document.ts";
import { documentClock } from "../document-clock.ts";
import type { SectionHead } from "../messages.ts";
import type { PartFile } from "../part-file.ts";
import type { FormatWriter } from "../writer.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { CHART_HEIGHT, drawChartOn } from "./chart.ts";
import { Codes } from "./codes.ts";
import { drawFacts } from "./facts.ts";
import { Form } from "./form.ts";
import { drawHead } from "./head.ts";
import { drawHeading, drawNothing } from "./heading.ts";
import { Sheets } from "./sheets.ts";
import { Signatures } from "./signatures.ts";
import { Table } from "./table.ts";

/** What must stand below a heading on the same page. */
const BELOW_HEADING = 80;

export function openPdfWriter(file: PartFile): FormatWriter {
  return new PdfWriter(file);
}

class PdfWriter implements FormatWriter {
  readonly #file: PartFile;
  #sheets!: Sheets;
  #clock!: ZoneClock;
  #section!: SectionHead;
  #body: Table | Codes | Form | Signatures | undefined;
  #sections = 0;

  constructor(file: PartFile) {
    this.#file = file;
  }

  async begin(head: DocumentHead): Promise<void> {
    this.#clock = documentClock(head);
    this.#sheets = new Sheets(head, this.#clock, this.#file);
    drawHead(this.#sheets, head, this.#clock);
  }

  async section(head: SectionHead): Promise<void> {
    this.#section = head;
    this.#body = undefined;
    this.#sections++;
    const chart = head.kind === "table" ? head.chart : undefined;
    drawHeading(this.#sheets, head.heading, chart === undefined ? BELOW_HEADING : CHART_HEIGHT);
    if (head.kind === "table") drawFacts(this.#sheets, head.facts ?? []);
    if (chart !== undefined) drawChartOn(this.#sheets, chart);
  }

  async rows(rows: readonly Row[]): Promise<void> {
    this.#body ??= this.#begin(rows);
    for (const row of rows) this.#body.row(row);
    await this.#sheets.settled();
  }

  async sectionEnd(totals: Row | undefined): Promise<void> {
    if (this.#body === undefined) drawNothing(this.#sheets);
    else {
      if (totals !== undefined && this.#body instanceof Table) this.#body.totals(totals);
      this.#body.end();
    }
    await this.#sheets.settled();
  }

  async end(): Promise<number> {
    if (this.#sections === 0) drawNothing(this.#sheets);
    return this.#sheets.finish();
  }

  #begin(sample: readonly Row[]): Table | Codes | Form | Signatures {
    const section = this.#section;
    if (section.kind === "table") return new Table(this.#sheets, section.columns, sample, this.#clock);
    if (section.kind === "codes") return new Codes(this.#sheets, section.size);
    if (section.kind === "form") return new Form(this.#sheets, section.note, this.#clock);
    return new Signatures(this.#sheets, this.#clock);
  }
}
