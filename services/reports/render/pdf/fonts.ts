/**
 * The fonts of PDFs: Noto Sans, of which each file covers some scripts. A character is drawn with the first file that has
 * it, and files are opened when a character needs them; one that none has becomes the font's empty box. PDFKit embeds
 * of each file the glyphs that were used.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export type Weight = "regular" | "bold";

/** What is used of PDFKit's own fonts, which its types do not tell. */
export interface EmbeddedFont {
  readonly id: string;
  readonly scale: number;
  readonly font: {
    hasGlyphForCodePoint(codePoint: number): boolean;
    glyphForCodePoint(codePoint: number): { readonly id: number; readonly advanceWidth: number };
  };
  readonly subset: { includeGlyph(id: number): number };
  readonly widths: number[];
  readonly unicode: (readonly number[])[];
  ref(): object;
  encode(
    text: string,
  ): [glyphs: string[], positions: { xAdvance: number; xOffset: number; yOffset: number; advanceWidth: number }[]];
}

export interface Glyph {
  readonly font: EmbeddedFont;
  /** Four hexadecimal digits, as a PDF names it. */
  readonly hex: string;
  /** In thousandths of the font's size. */
  readonly width: number;
}

const WEIGHTS: Readonly<Record<Weight, number>> = { regular: 400, bold: 600 };
const FILES = ["latin", "latin-ext", "devanagari", "cyrillic", "greek", "vietnamese", "cyrillic-ext", "greek-ext"];
/** Below this, glyphs are kept in an array. */
const DIRECT = 0x3000;

const require = createRequire(import.meta.url);

/** A weight of the font. */
export class Face {
  readonly #open: (file: string) => EmbeddedFont;
  readonly #weight: number;
  readonly #fonts: EmbeddedFont[] = [];
  readonly #direct: (Glyph | undefined)[] = new Array(DIRECT);
  readonly #others = new Map<number, Glyph>();

  constructor(weight: Weight, open: (file: string) => EmbeddedFont) {
    this.#weight = WEIGHTS[weight];
    this.#open = open;
  }

  /** The latin file, which every page has. */
  get main(): EmbeddedFont {
    return this.#font(0);
  }

  glyph(codePoint: number): Glyph {
    const known = codePoint < DIRECT ? this.#direct[codePoint] : this.#others.get(codePoint);
    if (known !== undefined) return known;
    const glyph = this.#find(codePoint);
    if (codePoint < DIRECT) this.#direct[codePoint] = glyph;
    else this.#others.set(codePoint, glyph);
    return glyph;
  }

  #find(codePoint: number): Glyph {
    const found = this.fontFor(codePoint);
    const plain = found === undefined ? plainForm(codePoint) : undefined;
    if (plain !== undefined && this.fontFor(plain) !== undefined) return this.glyph(plain);
    const font = found ?? this.main;
    const { id, advanceWidth } = font.font.glyphForCodePoint(codePoint);
    const place = font.subset.includeGlyph(id);
    const width = advanceWidth * font.scale;
    font.widths[place] ??= width;
    font.unicode[place] ??= [codePoint];
    return { font, hex: place.toString(16).padStart(4, "0"), width };
  }

  /** Undefined where no file has the character. */
  fontFor(codePoint: number): EmbeddedFont | undefined {
    for (let index = 0; index < FILES.length; index++) {
      const font = this.#font(index);
      if (font.font.hasGlyphForCodePoint(codePoint)) return font;
    }
    return undefined;
  }

  #font(index: number): EmbeddedFont {
    this.#fonts[index] ??= this.#open(`noto-sans-${FILES[index]}-${this.#weight}-normal.woff`);
    return this.#fonts[index];
  }
}

/** The character that says the same without its form: 2 for a small ₂. */
function plainForm(codePoint: number): number | undefined {
  const plain = Array.from(String.fromCodePoint(codePoint).normalize("NFKD"));
  const only = plain.length === 1 ? plain[0]?.codePointAt(0) : undefined;
  return only === codePoint ? undefined : only;
}

/** Opens files of the font in a document of PDFKit's. */
export function fontOpener(document: PDFKit.PDFDocument): (file: string) => EmbeddedFont {
  return (file) => {
    document.registerFont(file, readFileSync(require.resolve(`@fontsource/noto-sans/files/${file}`)));
    document.font(file);
    return (document as unknown as { _font: EmbeddedFont })._font;
  };
}
