// The lines of one attempt, as many as are kept. The first ones are: what a flood says first tells where it comes from.
// The last two are kept free to say that something is missing, and how much.
import type { LogLine } from "../contract/log-line.ts";

/** Of one attempt, what is said about missing ones included. */
export const MOST_LINES = 1_000;

export class BoundedLines {
  readonly #keep: (line: LogLine) => void;
  #kept = 0;
  #leftOut = 0;

  constructor(keep: (line: LogLine) => void) {
    this.#keep = keep;
  }

  add(line: LogLine): void {
    if (this.#kept < MOST_LINES - 2) {
      this.#kept++;
      this.#keep(line);
      return;
    }
    if (this.#leftOut++ === 0)
      this.#note(`an attempt keeps ${MOST_LINES} lines; what it says from here on is left out`);
  }

  /** The attempt is over: says how much was left out. */
  close(): void {
    if (this.#leftOut > 0) this.#note(`lines left out: ${this.#leftOut}`);
  }

  #note(message: string): void {
    this.#keep({ level: "warn", message, data: undefined });
  }
}
