// Cells between two runs, and which of them must go: after too long a rest, too many runs, or with too much memory.
// Recycling is gradual: one cell at a time is replaced and the others go on beyond their limit until it is their turn,
// so a pool that grew old together does not restart together. A cell that runs is never here, so never interrupted.
import type { Cancel, Clock } from "../../contract/clock.ts";
import type { IsolationOptions } from "./isolation.ts";

const IDLE_MS = 30_000;
const RECYCLE_AFTER_TASKS = 1_000;
const RECYCLE_ABOVE_MB = 512;

export interface Cell {
  /** By the monotonic clock. */
  readonly bornAt: number;
  readonly runs: number;
  readonly heldMb: number;
}

export class IdleCells<Member extends Cell> {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #maxRuns: number;
  readonly #maxMb: number;
  readonly #retire: (cell: Member) => Promise<void>;
  /** The longest rested first. */
  readonly #resting = new Map<Member, Cancel>();
  readonly #leaving = new Set<Promise<void>>();
  #replacing = false;
  #recycled = 0;
  /** Cells from before this are not used again. */
  #oldestAllowed = Number.NEGATIVE_INFINITY;

  /** `retire` ends a cell and resolves when it is gone. */
  constructor(options: IsolationOptions, retire: (cell: Member) => Promise<void>) {
    this.#clock = options.clock;
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#maxRuns = options.recycleAfterTasks ?? RECYCLE_AFTER_TASKS;
    this.#maxMb = options.recycleAboveMb ?? RECYCLE_ABOVE_MB;
    this.#retire = retire;
  }

  get size(): number {
    return this.#resting.size;
  }

  /** True while cells that rested are on their way out. */
  get isLeaving(): boolean {
    return this.#leaving.size > 0;
  }

  get recycled(): number {
    return this.#recycled;
  }

  /** Takes a cell back after a run; resolves when its place is free: at once, or when it has been replaced. */
  async put(cell: Member): Promise<void> {
    if (cell.bornAt < this.#oldestAllowed) {
      this.#recycled++;
      return this.dismiss(cell);
    }
    if (this.#isWorn(cell) && !this.#replacing) return this.#recycle(cell);
    this.#resting.set(
      cell,
      this.#clock.after(this.#idleMs, () => void this.dismiss(cell)),
    );
  }

  /** The fitting cell that rested shortest, so that the others can be ended after their rest. */
  take(fits: (cell: Member) => boolean): Member | undefined {
    const cell = [...this.#resting.keys()].findLast(fits);
    if (cell !== undefined) this.drop(cell);
    return cell;
  }

  /** Forgets a cell: it has died, or is put to work. */
  drop(cell: Member): void {
    this.#resting.get(cell)?.();
    this.#resting.delete(cell);
  }

  async dismiss(cell: Member): Promise<void> {
    this.drop(cell);
    const left = this.#retire(cell);
    this.#leaving.add(left);
    await left;
    this.#leaving.delete(left);
  }

  /** Waits until one cell has left; sends the longest rested on its way when none is leaving. */
  async makeRoom(): Promise<void> {
    const [oldest] = this.#resting.keys();
    if (this.#leaving.size === 0 && oldest !== undefined) return this.dismiss(oldest);
    await Promise.race(this.#leaving);
  }

  /** None of today's cells is used again: those that rest end now, those that run after their run. Returns how many rested. */
  async renew(): Promise<number> {
    this.#oldestAllowed = this.#clock.monotonic();
    const resting = [...this.#resting.keys()];
    this.#recycled += resting.length;
    await Promise.all(resting.map((cell) => this.dismiss(cell)));
    return resting.length;
  }

  async clear(): Promise<void> {
    await Promise.all([...[...this.#resting.keys()].map((cell) => this.dismiss(cell)), ...this.#leaving]);
  }

  #isWorn(cell: Member): boolean {
    return cell.runs >= this.#maxRuns || cell.heldMb > this.#maxMb;
  }

  async #recycle(cell: Member): Promise<void> {
    this.#replacing = true;
    this.#recycled++;
    await this.dismiss(cell);
    this.#replacing = false;
    const next = this.take((other) => this.#isWorn(other));
    if (next !== undefined) void this.#recycle(next);
  }
}
