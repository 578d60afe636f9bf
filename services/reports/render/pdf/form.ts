// A form, filled in: short answers side by side, two to a line; a long one below its label over the whole width.
import type { Row } from "../../document.ts";
import { shown } from "../cell-text.ts";
import { HAIRLINE, INK, MUTED } from "../palette.ts";
import type { ZoneClock } from "../zone-clock.ts";
import type { Sheets } from "./sheets.ts";
import { settable } from "./type-setter.ts";

const LABEL = 7.5;
const VALUE = 9.5;
const LINE = 13;
const GAP = 18;
const VALUE_COLUMN = { key: "value", title: "", kind: "text" } as const;

interface Answer {
  readonly label: string;
  readonly value: string;
}

export class Form {
  readonly #sheets: Sheets;
  readonly #clock: ZoneClock;
  readonly #half: number;
  /** A short answer that waits for another beside it. */
  #waiting: Answer | undefined;

  constructor(sheets: Sheets, note: string | undefined, clock: ZoneClock) {
    this.#sheets = sheets;
    this.#clock = clock;
    this.#half = (sheets.width - GAP) / 2;
    if (note !== undefined) this.#drawNote(note);
  }

  row(row: Row): void {
    const { type } = this.#sheets;
    const answer = { label: settable(String(row.label ?? "")), value: settable(shown(row, VALUE_COLUMN, this.#clock)) };
    const isShort =
      !answer.value.includes("\n") &&
      type.measure(answer.value, VALUE) <= this.#half &&
      type.measure(answer.label, LABEL) <= this.#half;
    if (!isShort) {
      this.#flush();
      this.#drawLong(answer);
    } else if (this.#waiting === undefined) this.#waiting = answer;
    else {
      this.#drawShort([this.#waiting, answer]);
      this.#waiting = undefined;
    }
  }

  end(): void {
    this.#flush();
    this.#sheets.y += 12;
  }

  #flush(): void {
    if (this.#waiting !== undefined) this.#drawShort([this.#waiting]);
    this.#waiting = undefined;
  }

  #drawShort(answers: readonly Answer[]): void {
    const { canvas, left } = this.#sheets;
    this.#sheets.need(31);
    for (const [place, { label, value }] of answers.entries()) {
      const x = left + place * (this.#half + GAP);
      canvas.text(label, x, this.#sheets.y + 9, { size: LABEL, colour: MUTED });
      canvas.text(value, x, this.#sheets.y + 22, { size: VALUE, colour: INK });
      canvas.line(x, this.#sheets.y + 28, x + this.#half, this.#sheets.y + 28, HAIRLINE);
    }
    this.#sheets.y += 31;
  }

  #drawLong({ label, value }: Answer): void {
    const { canvas, type, left, right, width } = this.#sheets;
    const labels = type.wrap(label, LABEL, width);
    this.#sheets.need(labels.length * 10 + 2 * LINE + 8);
    for (const line of labels) {
      this.#sheets.need(10);
      canvas.text(line, left, this.#sheets.y + 9, { size: LABEL, colour: MUTED });
      this.#sheets.y += 10;
    }
    this.#sheets.y += 2;
    for (const line of type.wrap(value, VALUE, width)) {
      this.#sheets.need(LINE);
      canvas.text(line, left, this.#sheets.y + 10, { size: VALUE, colour: INK });
      this.#sheets.y += LINE;
    }
    canvas.line(left, this.#sheets.y + 3, right, this.#sheets.y + 3, HAIRLINE);
    this.#sheets.y += 6;
  }

  #drawNote(note: string): void {
    const { canvas, type, left, width } = this.#sheets;
    for (const line of type.wrap(settable(note), 8.5, width)) {
      this.#sheets.need(12);
      canvas.text(line, left, this.#sheets.y + 9, { size: 8.5, colour: MUTED });
      this.#sheets.y += 12;
    }
    this.#sheets.y += 4;
  }
}
