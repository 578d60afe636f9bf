// Cells that are processes: our own small pool, because nothing well kept pools Node processes with a memory cap each.
// A run with a cap needs a process that was started with it (V8 learns its heap's size at the start), so idle
// processes serve only runs of their own cap and make room for others. Runs in other processes notice nothing when
// one is killed, crashes, or is over its cap.
import { ApiumError } from "../../contract/errors.ts";
import type { CellRun, Cells, Outcome, SentCall, Tell } from "./cells.ts";
import { IdleCells } from "./idle-cells.ts";
import type { AbortReason, IsolationOptions } from "./isolation.ts";
import { ProcessCell } from "./process-cell.ts";

/** What is known of a run before it has its process. */
class Passenger {
  cell: ProcessCell | undefined;
  abortReason: AbortReason | undefined;
  isKilled = false;
}

export class ProcessCells implements Cells {
  readonly #options: IsolationOptions;
  readonly #idle: IdleCells<ProcessCell>;
  readonly #cells = new Set<ProcessCell>();

  constructor(options: IsolationOptions) {
    this.#options = options;
    this.#idle = new IdleCells(options, (cell) => cell.retire());
  }

  start(call: SentCall, memoryLimitMb: number | undefined, tell: Tell): CellRun {
    const passenger = new Passenger();
    const outcome = this.#carry(passenger, call, memoryLimitMb, tell);
    return {
      outcome,
      vacated: outcome.then(
        () => this.#vacate(passenger),
        () => this.#vacate(passenger),
      ),
      abort: (reason) => {
        passenger.abortReason ??= reason;
        passenger.cell?.abort(reason);
      },
      kill: async () => {
        passenger.isKilled = true;
        await passenger.cell?.kill();
      },
    };
  }

  counts(): { idle: number; recycled: number } {
    return { idle: this.#idle.size, recycled: this.#idle.recycled };
  }

  renew(): Promise<number> {
    return this.#idle.renew();
  }

  async close(): Promise<void> {
    await this.#idle.clear();
    await Promise.all([...this.#cells].map((cell) => cell.kill()));
  }

  async #carry(passenger: Passenger, call: SentCall, memoryLimitMb: number | undefined, tell: Tell): Promise<Outcome> {
    const cell = await this.#find(memoryLimitMb);
    passenger.cell = cell;
    if (passenger.isKilled) throw new ApiumError("HANDLER_CRASHED", "ended before it began");
    const ended = cell.run(call, tell);
    if (passenger.abortReason !== undefined) cell.abort(passenger.abortReason);
    return ended;
  }

  async #find(memoryLimitMb: number | undefined): Promise<ProcessCell> {
    for (;;) {
      const idle = this.#idle.take((cell) => cell.isAlive && cell.memoryLimitMb === memoryLimitMb);
      if (idle !== undefined) return idle;
      if (this.#cells.size < this.#options.max) return this.#startProcess(memoryLimitMb);
      await this.#idle.makeRoom();
    }
  }

  #startProcess(memoryLimitMb: number | undefined): ProcessCell {
    const cell = new ProcessCell(memoryLimitMb, this.#options.clock, this.#options.log);
    this.#cells.add(cell);
    void cell.gone.then(() => {
      this.#cells.delete(cell);
      this.#idle.drop(cell);
    });
    return cell;
  }

  async #vacate({ cell }: Passenger): Promise<void> {
    if (cell?.isAlive) await this.#idle.put(cell);
    else await cell?.gone;
  }
}
