/**
 * Texts as glyphs: how wide they are, where they break, what a PDF writes of them. Most texts are simple, a glyph for a
 * character; scripts whose letters join (Devanagari) are shaped by the font's own rules. Sizes and widths are points.
 */
import { cleanText } from "../cell-text.ts";
import type { EmbeddedFont, Face, Weight } from "./fonts.ts";

/** Glyphs of one font that follow one another. */
export interface Piece {
  readonly font: EmbeddedFont;
  readonly hex: string;
  readonly width: number;
  /** Thousandths of the size that a mark is moved by. */
  readonly rise: number;
  readonly shift: number;
}

// Devanagari and its extensions, and the joiners within them.
const SHAPED = /[\u0900-\u097f\u1cd0-\u1cff\ua8e0-\ua8ff]/;
const SHAPED_RUNS = /([\u0900-\u097f\u1cd0-\u1cff\ua8e0-\ua8ff][\u0900-\u097f\u1cd0-\u1cff\ua8e0-\ua8ff\u200c\u200d]*)/;
const MAX_KEPT = 5_000;

export class TypeSetter {
  readonly #faces: Readonly<Record<Weight, Face>>;
  readonly #shaped = new Map<string, readonly Piece[]>();

  constructor(faces: Readonly<Record<Weight, Face>>) {
    this.#faces = faces;
  }

  measure(text: string, size: number, weight: Weight = "regular"): number {
    return (this.#width(text, weight) * size) / 1_000;
  }

  /** Lines of at most `width`; breaks at spaces, and within a word that is wider than a line. */
  wrap(text: string, size: number, width: number, weight: Weight = "regular"): string[] {
    const most = (Math.max(width, size) * 1_000) / size;
    return text.split("\n").flatMap((paragraph) => this.#wrapParagraph(paragraph, most, weight));
  }

  /** One line; what does not fit is an ellipsis. */
  fit(text: string, size: number, width: number, weight: Weight = "regular"): string {
    const line = text.replaceAll("\n", " ");
    const most = (width * 1_000) / size;
    if (this.#width(line, weight) <= most) return line;
    const room = most - this.#width("…", weight);
    return `${line.slice(0, this.#reach(line, 0, room, weight)).trimEnd()}…`;
  }

  pieces(text: string, weight: Weight): readonly Piece[] {
    if (!SHAPED.test(text)) return this.#simple(text, weight);
    return text.split(SHAPED_RUNS).flatMap((run) => {
      if (run === "") return [];
      return SHAPED.test(run) ? this.#shape(run, weight) : this.#simple(run, weight);
    });
  }

  #width(text: string, weight: Weight): number {
    if (SHAPED.test(text)) return this.pieces(text, weight).reduce((sum, { width }) => sum + width, 0);
    const face = this.#faces[weight];
    let sum = 0;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0xd800 || code > 0xdfff) sum += face.glyph(code).width;
      else sum += face.glyph(text.codePointAt(index++) ?? 0).width;
    }
    return sum;
  }

  #wrapParagraph(text: string, most: number, weight: Weight): string[] {
    if (this.#width(text, weight) <= most) return [text];
    const space = this.#width(" ", weight);
    const lines: string[] = [];
    let line = "";
    let reached = 0;
    for (const word of text.split(" ")) {
      const width = this.#width(word, weight);
      if (line !== "" && reached + space + width <= most) {
        line += ` ${word}`;
        reached += space + width;
        continue;
      }
      if (line !== "") lines.push(line);
      const parts = width <= most ? [word] : this.#cut(word, most, weight);
      line = parts.pop() ?? "";
      lines.push(...parts);
      reached = this.#width(line, weight);
    }
    if (line !== "") lines.push(line);
    return lines.length === 0 ? [""] : lines;
  }

  #cut(word: string, most: number, weight: Weight): string[] {
    const parts: string[] = [];
    for (let start = 0; start < word.length; ) {
      const end = Math.max(this.#reach(word, start, most, weight), next(word, start));
      parts.push(word.slice(start, end));
      start = end;
    }
    return parts;
  }

  /** Where a text that begins at `start` is as wide as may be. */
  #reach(text: string, start: number, most: number, weight: Weight): number {
    const face = this.#faces[weight];
    let sum = 0;
    for (let index = start; index < text.length; index = next(text, index)) {
      sum += face.glyph(text.codePointAt(index) ?? 0).width;
      if (sum > most) return index;
    }
    return text.length;
  }

  #simple(text: string, weight: Weight): Piece[] {
    const face = this.#faces[weight];
    const pieces: Piece[] = [];
    let font: EmbeddedFont | undefined;
    let hex = "";
    let width = 0;
    for (let index = 0; index < text.length; index = next(text, index)) {
      const glyph = face.glyph(text.codePointAt(index) ?? 0);
      if (glyph.font !== font) {
        if (font !== undefined) pieces.push({ font, hex, width, rise: 0, shift: 0 });
        font = glyph.font;
        hex = "";
        width = 0;
      }
      hex += glyph.hex;
      width += glyph.width;
    }
    if (font !== undefined) pieces.push({ font, hex, width, rise: 0, shift: 0 });
    return pieces;
  }

  #shape(run: string, weight: Weight): readonly Piece[] {
    const key = `${weight} ${run}`;
    const known = this.#shaped.get(key);
    if (known !== undefined) return known;
    const face = this.#faces[weight];
    const font = face.fontFor(run.codePointAt(0) ?? 0) ?? face.main;
    const [glyphs, positions] = font.encode(run);
    const pieces = glyphs.map((hex, index): Piece => {
      const { xAdvance = 0, xOffset = 0, yOffset = 0 } = positions[index] ?? {};
      return { font, hex, width: xAdvance, rise: yOffset, shift: xOffset };
    });
    if (this.#shaped.size >= MAX_KEPT) this.#shaped.clear();
    this.#shaped.set(key, pieces);
    return pieces;
  }
}

/** A text as it is set: no control characters, no tabs, letters and their marks in one where there is such a letter. */
export function settable(text: string): string {
  const clean = cleanText(text);
  return clean.replaceAll("\t", "    ").normalize("NFC");
}

function next(text: string, index: number): number {
  return index + ((text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);
}
