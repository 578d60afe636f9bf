// Who signed: a box each, with the role, the name, the state and when.
import type { Row } from "../../document.ts";
import { NOTHING, shown } from "../cell-text.ts";
import { HAIRLINE, INK, MUTED, TONES } from "../palette.ts";
import { signatureTone } from "../signature-tone.ts";
import type { ZoneClock } from "../zone-clock.ts";
import type { Sheets } from "./sheets.ts";
import { settable } from "./type-setter.ts";

const WIDTH = 165;
const HEIGHT = 72;
const GAP = 10;
const PADDING = 9;
const AT = { key: "at", title: "", kind: "instant" } as const;

export class Signatures {
  readonly #sheets: Sheets;
  readonly #clock: ZoneClock;
  readonly #perRow: number;
  readonly #width: number;
  #place = 0;

  constructor(sheets: Sheets, clock: ZoneClock) {
    this.#sheets = sheets;
    this.#clock = clock;
    this.#perRow = Math.max(1, Math.floor((sheets.width + GAP) / (WIDTH + GAP)));
    this.#width = (sheets.width - (this.#perRow - 1) * GAP) / this.#perRow;
  }

  row(row: Row): void {
    const column = this.#place++ % this.#perRow;
    if (column === 0) {
      if (this.#place > 1) this.#sheets.y += HEIGHT + GAP;
      this.#sheets.need(HEIGHT);
    }
    const { canvas, type, y } = this.#sheets;
    const x = this.#sheets.left + column * (this.#width + GAP);
    const inner = this.#width - 2 * PADDING;
    const text = (key: string) => settable(String(row[key] ?? ""));
    canvas.frame(x, y, this.#width, HEIGHT, HAIRLINE, 0.7);
    canvas.text(type.fit(text("role"), 7.5, inner), x + PADDING, y + 14, { size: 7.5, colour: MUTED });
    const name = type.fit(text("name") || NOTHING, 10, inner, "bold");
    canvas.text(name, x + PADDING, y + 30, { size: 10, colour: INK, weight: "bold" });
    const state = type.fit(text("state"), 7.5, inner - 12, "bold");
    if (state !== "") {
      const { ink, fill } = TONES[signatureTone(row.state)];
      canvas.rounded(x + PADDING, y + 38, type.measure(state, 7.5, "bold") + 12, 11.5, 5.75, fill);
      canvas.text(state, x + PADDING + 6, y + 46.4, { size: 7.5, colour: ink, weight: "bold" });
    }
    const at = settable(shown(row, AT, this.#clock));
    if (at !== NOTHING) canvas.text(type.fit(at, 7.5, inner), x + PADDING, y + 62, { size: 7.5, colour: MUTED });
  }

  end(): void {
    if (this.#place > 0) this.#sheets.y += HEIGHT + 16;
  }
}
