/**
 * One page that needs nothing beside it: styles, logo, charts and codes are inside, scripts there are none, and none
 * would run. Everything that came from outside is escaped.
 */
import type { Column, DocumentHead, Fact, Row } from "../../document.ts";
import { generatedText, isNumeric, shown } from "../cell-text.ts";
import { documentClock } from "../document-clock.ts";
import { imageKind } from "../image-kind.ts";
import type { SectionHead } from "../messages.ts";
import { toneOf } from "../palette.ts";
import type { PartFile } from "../part-file.ts";
import { columnsOf } from "../section-columns.ts";
import type { FormatWriter } from "../writer.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { chartSvg } from "./chart-svg.ts";
import { codeHtml, formHtml, signatureHtml } from "./entries.ts";
import { element, escaped } from "./markup.ts";
import { STYLE } from "./style.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const OPENING = { codes: '<div class="codes">', form: '<dl class="facts">', signatures: '<div class="signatures">' };
const CLOSING = { codes: "</div>", form: "</dl>", signatures: "</div>" };

export function openHtmlWriter(file: PartFile): FormatWriter {
  return new HtmlWriter(file);
}

class HtmlWriter implements FormatWriter {
  readonly #file: PartFile;
  #head!: DocumentHead;
  #clock!: ZoneClock;
  #section!: SectionHead;
  #rows = 0;

  constructor(file: PartFile) {
    this.#file = file;
  }

  async begin(head: DocumentHead): Promise<void> {
    this.#head = head;
    this.#clock = documentClock(head);
    await this.#file.print(
      `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">` +
        `<meta name="viewport" content="width=device-width,initial-scale=1">` +
        `<meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
        `${element("title", `${head.title} · ${head.clientName}`)}<style>${STYLE}${paper(head)}</style></head><body>\n` +
        `<header><div class="top">${logo(head)}${element("div", this.#generated(), "generated")}</div>` +
        `${element("h1", head.title)}${element("p", head.subtitle, "subtitle")}${facts(head.facts)}</header>\n`,
    );
  }

  async section(head: SectionHead): Promise<void> {
    this.#section = head;
    this.#rows = 0;
    const above =
      head.kind === "table"
        ? facts(head.facts ?? []) + (head.chart === undefined ? "" : chartSvg(head.chart))
        : head.kind === "form"
          ? element("p", head.note, "note")
          : "";
    await this.#file.print(`<section>${element("h2", head.heading)}${above}\n`);
  }

  async rows(rows: readonly Row[]): Promise<void> {
    const opening = this.#rows === 0 ? this.#opening() : "";
    this.#rows += rows.length;
    await this.#file.print(opening + rows.map((row) => this.#row(row)).join(""));
  }

  async sectionEnd(totals: Row | undefined): Promise<void> {
    const { kind } = this.#section;
    const text: string[] = [];
    if (this.#rows === 0) text.push('<div class="empty">No data for this period</div>');
    if (kind !== "table") text.push(this.#rows === 0 ? "" : CLOSING[kind]);
    else if (totals !== undefined) {
      text.push(this.#rows === 0 ? this.#opening() : "", "</tbody><tfoot>", this.#tableRow(totals, ' class="totals"'));
      text.push("</tfoot></table></div>");
    } else if (this.#rows > 0) text.push("</tbody></table></div>");
    await this.#file.print(`${text.join("")}</section>\n`);
  }

  async end(): Promise<null> {
    const { clientName, title } = this.#head;
    await this.#file.print(`${element("footer", `${clientName} · ${title} · ${this.#generated()}`)}\n</body></html>\n`);
    return null;
  }

  #generated(): string {
    return `generated ${generatedText(this.#head.generatedAt, this.#clock)}`;
  }

  #opening(): string {
    if (this.#section.kind !== "table") return OPENING[this.#section.kind];
    const titles = this.#section.columns.map(
      (column) => `<th scope="col"${isNumeric(column) ? ' class="number"' : ""}>${escaped(column.title)}</th>`,
    );
    return `<div class="scroll"><table><thead><tr>${titles.join("")}</tr></thead><tbody>\n`;
  }

  #row(row: Row): string {
    const section = this.#section;
    if (section.kind === "table") return this.#tableRow(row, "");
    if (section.kind === "codes") return codeHtml(row, section.size);
    const texts = columnsOf(section).map((column) => shown(row, column, this.#clock));
    return section.kind === "form" ? formHtml(texts) : signatureHtml(texts, row);
  }

  #tableRow(row: Row, attribute: string): string {
    const cells = columnsOf(this.#section).map((column) => cellHtml(row, column, this.#clock));
    return `<tr${attribute}>${cells.join("")}</tr>\n`;
  }
}

function cellHtml(row: Row, column: Column, clock: ZoneClock): string {
  const tone = column.toneKey === undefined ? undefined : toneOf(row[column.toneKey]);
  const empty = (row[column.key] ?? "") === "";
  if (empty) return `<td${isNumeric(column) ? ' class="number muted"' : ' class="muted"'}>–</td>`;
  const text = escaped(shown(row, column, clock));
  if (column.kind === "status")
    return `<td><span class="pill${tone === undefined ? "" : ` ${tone}`}">${text}</span></td>`;
  const classes: string[] = isNumeric(column)
    ? ["number"]
    : column.kind === "instant" || column.kind === "date"
      ? ["time"]
      : [];
  if (tone !== undefined) classes.push(tone);
  return `<td${classes.length === 0 ? "" : ` class="${classes.join(" ")}"`}>${text}</td>`;
}

function facts(list: readonly Fact[]): string {
  if (list.length === 0) return "";
  const entries = list.map(({ label, value }) => `<div>${element("dt", label)}${element("dd", value)}</div>`);
  return `<dl class="facts">${entries.join("")}</dl>`;
}

function logo({ logo, clientName }: DocumentHead): string {
  const kind = imageKind(logo);
  if (logo === undefined || kind === undefined) return element("div", clientName, "client") || "<div></div>";
  const data = Buffer.from(logo).toString("base64");
  return `<img alt="${escaped(clientName)}" src="data:image/${kind};base64,${data}">`;
}

function paper({ orientation }: DocumentHead): string {
  return `@page{size:A4 ${orientation ?? "portrait"};margin:14mm}`;
}
