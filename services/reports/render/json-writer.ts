// JSON, written as it comes: valid at any size, one row to a line, cells as the document has them.
import type { Column, DocumentHead, Row } from "../document.ts";
import type { SectionHead } from "./messages.ts";
import type { PartFile } from "./part-file.ts";
import { columnsOf } from "./section-columns.ts";
import type { FormatWriter } from "./writer.ts";

export function openJsonWriter(file: PartFile): FormatWriter {
  return new JsonWriter(file);
}

class JsonWriter implements FormatWriter {
  readonly #file: PartFile;
  #sections = 0;
  #rows = 0;

  constructor(file: PartFile) {
    this.#file = file;
  }

  async begin({ title, subtitle, clientName, facts, timezone, generatedAt }: DocumentHead): Promise<void> {
    const head = JSON.stringify({ title, subtitle, client: clientName, facts, timezone, generatedAt });
    await this.#file.print(`${head.slice(0, -1)},"sections":[`);
  }

  async section(head: SectionHead): Promise<void> {
    const { kind, heading } = head;
    const columns = columnsOf(head).map(({ key, title, kind }: Column) => ({ key, title, kind }));
    const own = head.kind === "table" ? { facts: head.facts, chart: head.chart } : {};
    const text = JSON.stringify({ kind, heading: heading ?? null, ...own, columns });
    await this.#file.print(`${this.#sections++ > 0 ? "," : ""}\n${text.slice(0, -1)},"rows":[`);
    this.#rows = 0;
  }

  async rows(rows: readonly Row[]): Promise<void> {
    const lines = rows.map((row) => JSON.stringify(row)).join(",\n");
    await this.#file.print(`${this.#rows > 0 ? "," : ""}\n${lines}`);
    this.#rows += rows.length;
  }

  async sectionEnd(totals: Row | undefined): Promise<void> {
    await this.#file.print(`],"totals":${JSON.stringify(totals ?? null)}}`);
  }

  async end(): Promise<null> {
    await this.#file.print("]}\n");
    return null;
  }
}
