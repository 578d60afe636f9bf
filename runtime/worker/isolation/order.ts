// One run as its caller holds it: waiting for a place, under way in a cell, or over. It is settled exactly once, by
// the handler's end or by whoever ends it sooner; what comes later is dropped. Turns the plain data that leaves a
// cell back into values and errors.
import { type Clock, sleep } from "../../contract/clock.ts";
import { messageOf } from "../../contract/errors.ts";
import { type Log, subjectOf } from "../../contract/log.ts";
import type { CellRun, Cells, Outcome, Report } from "./cells.ts";
import type { AbortReason, IsolatedCall, IsolatedRun } from "./isolation.ts";
import { errorFor, revive } from "./portable-error.ts";

/** A thread inside one long native call ends only after it; nobody waits longer than this. */
const KILL_WAIT_MS = 5_000;

export class Order implements IsolatedRun {
  readonly result: Promise<unknown>;
  readonly #call: IsolatedCall;
  readonly #parts: { readonly clock: Clock; readonly log: Log };
  readonly #leaveLine: () => void;
  readonly #settle: PromiseWithResolvers<unknown>;
  #over = false;
  #cell: CellRun | undefined;

  constructor(call: IsolatedCall, parts: { readonly clock: Clock; readonly log: Log }, leaveLine: () => void) {
    this.#call = call;
    this.#parts = parts;
    this.#leaveLine = leaveLine;
    this.#settle = Promise.withResolvers<unknown>();
    this.result = this.#settle.promise;
    this.result.catch(() => {}); // A caller that ended the run itself need not listen.
  }

  /** Resolves when the place is free again. */
  begin(cells: Cells): Promise<void> {
    const { module, params, task, memoryLimitMb } = this.#call;
    const cell = cells.start({ module, params, task }, memoryLimitMb, (report) => this.#report(report));
    this.#cell = cell;
    cell.outcome.then(
      (outcome) => this.#end(outcome),
      (error) => this.#fail(error),
    );
    return cell.vacated;
  }

  abort(reason: AbortReason): void {
    if (this.#over) return;
    if (this.#cell !== undefined) return this.#cell.abort(reason);
    this.#leaveLine();
    this.#fail(errorFor(reason));
  }

  async terminate(error: Error): Promise<void> {
    if (this.#over) return;
    this.#fail(error);
    this.#leaveLine();
    if (this.#cell !== undefined) await this.#gone(this.#cell);
  }

  async #gone(cell: CellRun): Promise<void> {
    const over = new AbortController();
    const late = sleep(this.#parts.clock, KILL_WAIT_MS, over.signal).then(() => {
      if (over.signal.aborted) return;
      const { task } = this.#call;
      this.#parts.log.warn(
        `task ${task.id} was ended, but its thread or process is still there`,
        undefined,
        subjectOf(task),
      );
    });
    await Promise.race([cell.kill(), late]);
    over.abort();
  }

  #report(report: Report): void {
    if (this.#over) return;
    try {
      if (report.kind === "line") this.#call.onLine(report.line);
      else this.#call.onProgress(report.fraction, report.message);
    } catch (error) {
      const { task } = this.#call;
      this.#parts.log.warn(
        `a ${report.kind} of task ${task.id} was lost: ${messageOf(error)}`,
        undefined,
        subjectOf(task),
      );
    }
  }

  #end(outcome: Outcome): void {
    if (!outcome.ok) return this.#fail(revive(outcome.error));
    this.#over = true;
    this.#settle.resolve(outcome.text === undefined ? undefined : JSON.parse(outcome.text));
  }

  #fail(error: unknown): void {
    this.#over = true;
    this.#settle.reject(error);
  }
}
