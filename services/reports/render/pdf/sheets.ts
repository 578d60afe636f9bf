/**
 * The pages of a report and the place where the next thing goes. Pages are handed to the file as soon as the next one
 * begins, none is kept; only how many there are is known at the end. So each page refers to a small stream of its own
 * for "Page n of m", and those are written last.
 */
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { deflateSync } from "node:zlib";
import PDFDocument from "pdfkit";
import type { DocumentHead } from "../../document.ts";
import { generatedText } from "../cell-text.ts";
import { HAIRLINE, MUTED } from "../palette.ts";
import type { PartFile } from "../part-file.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { Canvas } from "./canvas.ts";
import { Face, fontOpener } from "./fonts.ts";
import { settable, TypeSetter } from "./type-setter.ts";

const MARGIN = 36;
const TOP = 58;
const FIRST_TOP = 36;
const BOTTOM = 50;
const SMALL = 7.5;
const NUMBER_WIDTH = 110;
const MAX_AHEAD_BYTES = 1_048_576;
const PACKING = { level: 6, windowBits: 14, memLevel: 7, chunkSize: 8_192 } as const;
const MAX_BOOKMARKS = 2_000;

interface Reference {
  compress: boolean;
  write(text: string): void;
  end(): void;
}

interface Content extends Reference {
  buffer: Uint8Array[];
  readonly data: Record<string, unknown>;
}

interface PageInside {
  readonly content: Content;
  readonly dictionary: { readonly data: Record<string, unknown> };
  readonly fonts: Record<string, object>;
}

export class Sheets {
  readonly #document: PDFKit.PDFDocument;
  readonly #head: DocumentHead;
  readonly #footer: string;
  readonly #faces: { readonly regular: Face; readonly bold: Face };
  readonly #file: PartFile;
  /** A page's stream for its number. */
  readonly #numbers: Reference[] = [];
  #bookmarks = 0;
  #scratch = Buffer.allocUnsafeSlow(262_144);
  readonly type: TypeSetter;
  readonly canvas: Canvas;
  /** Where the next thing goes. */
  y = FIRST_TOP;

  constructor(head: DocumentHead, clock: ZoneClock, file: PartFile) {
    const { title, clientName, generatedAt, orientation } = head;
    const created = new Date(generatedAt);
    this.#head = head;
    this.#file = file;
    this.#footer = settable(`${clientName} · ${title} · generated ${generatedText(generatedAt, clock)}`);
    this.#document = new PDFDocument({
      size: "A4",
      layout: orientation ?? "portrait",
      margin: 0,
      autoFirstPage: false,
      pdfVersion: "1.7",
      font: "", // None but ours.
      lang: "en",
      displayTitle: true,
      info: {
        Title: title.toWellFormed(),
        Author: clientName.toWellFormed(),
        Creator: "Apium",
        Producer: "Apium",
        CreationDate: Number.isNaN(created.getTime()) ? new Date(0) : created,
      },
    });
    this.#document.pipe(file);
    const open = fontOpener(this.#document);
    this.#faces = { regular: new Face("regular", open), bold: new Face("bold", open) };
    this.type = new TypeSetter(this.#faces);
    this.canvas = new Canvas(this.type);
    this.turn();
  }

  get left(): number {
    return MARGIN;
  }

  get right(): number {
    return this.#document.page.width - MARGIN;
  }

  get width(): number {
    return this.right - MARGIN;
  }

  get bottom(): number {
    return this.#document.page.height - BOTTOM;
  }

  /** What is left of the page. */
  get room(): number {
    return this.bottom - this.y;
  }

  /** Height of an empty page. */
  get height(): number {
    return this.bottom - TOP;
  }

  get pages(): number {
    return this.#numbers.length;
  }

  /** Begins a new page where fewer than `height` points are left. Tells whether it did. */
  need(height: number): boolean {
    if (this.room >= height || this.y <= TOP) return false;
    this.turn();
    return true;
  }

  /** Begins a new page. */
  turn(): void {
    this.#seal();
    this.#document.addPage();
    const page = this.#document.page as unknown as PageInside;
    const number = this.#document.ref({}) as unknown as Reference;
    number.compress = false; // A line each.
    page.dictionary.data.Contents = [page.content, number];
    const { main } = this.#faces.regular;
    page.fonts[main.id] = main.ref();
    this.#numbers.push(number);
    this.canvas.turnTo(this.#document.page);
    this.#drawFrame();
    this.y = this.pages === 1 ? FIRST_TOP : TOP;
  }

  /** PDFKit's own drawing, for what is rare: pictures and paths. It finds its state as it leaves it. */
  paint(draw: (document: PDFKit.PDFDocument) => void): void {
    this.canvas.flush();
    this.#document.save();
    draw(this.#document);
    this.#document.restore();
  }

  /** An entry of the reader's table of contents, at the present place. */
  bookmark(title: string): void {
    if (this.#bookmarks++ >= MAX_BOOKMARKS) return;
    const { width } = this.#document.page;
    this.#document.outline.addItem(title.toWellFormed(), { top: this.y, left: width } as object);
  }

  /** Waits for the disk, so that pages do not heap up before it. */
  async settled(): Promise<void> {
    await this.#file.settled();
    while (this.#document.readableLength > MAX_AHEAD_BYTES) {
      if (this.#file.writableNeedDrain) await once(this.#file, "drain");
      else await setImmediate();
      await this.#file.settled();
    }
  }

  /** Returns how many pages there are. */
  async finish(): Promise<number> {
    this.#seal();
    for (const [index, stream] of this.#numbers.entries()) {
      const text = `Page ${index + 1} of ${this.pages}`;
      const x = this.right - this.type.measure(text, SMALL);
      const [piece] = this.type.pieces(text, "regular");
      stream.write(
        `BT 0.373 0.42 0.478 rg /${piece?.font.id} ${SMALL} Tf 1 0 0 -1 ${x.toFixed(2)} ${this.#baseline().toFixed(2)} Tm <${piece?.hex}> Tj ET`,
      );
      stream.end();
    }
    this.#document.end();
    await finished(this.#file); // PDFKit's end is the file's.
    return this.pages;
  }

  /** Packs the page in PDFKit's stead, which makes several copies of each and leaves them to the garbage collector. */
  #seal(): void {
    if (this.pages === 0) return;
    const { content } = this.#document.page as unknown as PageInside;
    const text = this.canvas.take();
    const length = content.buffer.reduce((sum, chunk) => sum + chunk.length, text.length);
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafeSlow(2 * length);
    let reached = 0;
    for (const chunk of content.buffer) {
      this.#scratch.set(chunk, reached);
      reached += chunk.length;
    }
    this.#scratch.write(text, reached, "latin1");
    content.buffer = [deflateSync(this.#scratch.subarray(0, length), PACKING)];
    content.compress = false;
    content.data.Filter = "FlateDecode";
  }

  #baseline(): number {
    return this.#document.page.height - 24;
  }

  #drawFrame(): void {
    const { canvas, type } = this;
    const style = { size: SMALL, colour: MUTED } as const;
    canvas.line(this.left, this.#baseline() - 12, this.right, this.#baseline() - 12, HAIRLINE);
    canvas.text(type.fit(this.#footer, SMALL, this.width - NUMBER_WIDTH), this.left, this.#baseline(), style);
    if (this.pages === 1) return;
    const half = this.width / 2 - 8;
    canvas.text(type.fit(settable(this.#head.title), SMALL, half, "bold"), this.left, 38, { ...style, weight: "bold" });
    canvas.text(type.fit(settable(this.#head.clientName), SMALL, half), this.right, 38, { ...style, align: "right" });
    canvas.line(this.left, 45, this.right, 45, HAIRLINE);
  }
}
