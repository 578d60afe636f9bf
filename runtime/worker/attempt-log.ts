// The log of one attempt: each line goes to the process' logger, with the names of its task, and to the task's own log,
// as far as that is bounded. Of a sensitive task only messages are taken, no data.
import type { Foundation } from "../contract/foundation.ts";
import { type Log, subjectOf } from "../contract/log.ts";
import { type LogLine, logInto } from "../contract/log-line.ts";
import type { ClaimedTask } from "../queue/queue.ts";
import { BoundedLines, MOST_LINES } from "./bounded-lines.ts";
import type { LogBook } from "./log-book.ts";

export class AttemptLog {
  /** The handler's. */
  readonly log: Log;
  readonly #claimed: ClaimedTask;
  readonly #isSensitive: boolean;
  readonly #parts: Foundation;
  readonly #book: LogBook;
  readonly #lines: BoundedLines;
  #takenIn = 0;

  constructor(claimed: ClaimedTask, isSensitive: boolean, parts: Foundation, book: LogBook) {
    this.#claimed = claimed;
    this.#isSensitive = isSensitive;
    this.#parts = parts;
    this.#book = book;
    this.#lines = new BoundedLines((line) => this.#keep(line));
    this.log = logInto((line) => {
      const kept = this.#discreet(line);
      this.#tell(kept);
      this.#lines.add(kept);
    });
  }

  /** A line of a handler that runs apart, where its lines are bounded already. */
  takeIn(line: LogLine): void {
    const kept = this.#discreet(line);
    this.#tell(kept);
    if (this.#takenIn++ < MOST_LINES) this.#keep(kept);
  }

  /** The attempt is over. What its handler says afterwards is kept too: it tells of a handler that did not stop. */
  close(): void {
    this.#lines.close();
    this.#book.hurry();
  }

  #discreet(line: LogLine): LogLine {
    return this.#isSensitive && line.data !== undefined ? { ...line, data: undefined } : line;
  }

  #keep(line: LogLine): void {
    const { id, attempt } = this.#claimed;
    this.#book.add({ ...line, taskId: id, attempt, at: this.#parts.clock.now() });
  }

  #tell({ level, message, data }: LogLine): void {
    const { name, attempt } = this.#claimed;
    const text = `${message} [${name}, attempt ${attempt}]`;
    this.#parts.log[level](text, data === undefined ? undefined : JSON.parse(data), subjectOf(this.#claimed));
  }
}
