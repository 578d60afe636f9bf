// The shape of JSON text before it is parsed: how deep it is, and of how many values. Ten megabytes of `{},` would take the
// process seconds and hundreds of megabytes to read; to walk over them once takes some milliseconds. Pure.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [OPEN_LIST, CLOSE_LIST] = [0x5b, 0x5d];
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d];

export interface JsonShape {
  /** `{}` is one deep. */
  readonly depth: number;
  /** Objects, lists, and what commas divide: never less than half of the values there are. */
  readonly values: number;
}

/** Of valid JSON; of anything else, something. Ends early where either is more than `most`. */
export function shapeOf(text: Uint8Array, most: JsonShape): JsonShape {
  let [depth, deepest, values] = [0, 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === QUOTE) {
      at = endOfString(text, at);
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      depth += 1;
      values += 1;
      deepest = Math.max(deepest, depth);
      if (deepest > most.depth) break;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      depth -= 1;
    } else if (byte === COMMA) {
      values += 1;
    }
    if (values > most.values) break;
  }
  return { depth: deepest, values };
}

/** Where the quote is that ends the string that begins at `start`; past the text where none does. */
function endOfString(text: Uint8Array, start: number): number {
  for (let at = start; ; ) {
    at = text.indexOf(QUOTE, at + 1);
    if (at === -1) return text.length;
    let escapes = 0;
    while (text[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
}
