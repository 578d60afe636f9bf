// A worker that sizes itself between two bounds: a slot more for every so many that wait while all are busy, one less at a
// time once it has had room to spare for a while. The rule is a pure function; the rest looks every second.
import type { Queryable } from "../../database/index.ts";
import { detached, textArray } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { Worker } from "./worker.ts";

const LOOK_EVERY_MS = 1_000;
/** Room to spare for this long makes it smaller. */
export const SHRINK_AFTER_MS = 30_000;
/** Counted no further: it is enough to know that there is plenty. */
const MOST_COUNTED = 1_000;

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export interface Load {
  readonly concurrency: number;
  readonly running: number;
  /** Tasks that wait in its queues; asked only when every slot is busy. */
  readonly backlog: number;
  /** For how long fewer than half of the slots have been busy. */
  readonly spareMs: number;
}

/** How many slots there should be. Grows by as much as waits, at most twofold at a time; shrinks by a quarter. */
export function slotsFor({ min, max }: Bounds, { concurrency, running, backlog, spareMs }: Load): number {
  if (concurrency < min) return min;
  if (concurrency > max) return max;
  if (running >= concurrency && backlog > 0) return Math.min(max, concurrency + Math.min(backlog, concurrency));
  if (spareMs >= SHRINK_AFTER_MS) return Math.max(min, running, Math.floor((concurrency * 3) / 4));
  return concurrency;
}

export class Autoscaler {
  readonly #worker: Worker;
  readonly #database: Queryable;
  readonly #parts: Foundation;
  #bounds: Bounds | undefined;
  #spareSince: number | undefined;
  #cancel: Cancel = () => {};

  constructor(worker: Worker, database: Queryable, parts: Foundation) {
    this.#worker = worker;
    this.#database = database;
    this.#parts = parts;
  }

  get bounds(): Bounds | undefined {
    return this.#bounds;
  }

  /** Sizes the worker from here on; `undefined` stops that and leaves it as large as it is. */
  keepWithin(bounds: Bounds | undefined): void {
    this.#cancel();
    this.#bounds = bounds;
    this.#spareSince = undefined;
    if (bounds !== undefined) this.#schedule();
  }

  #schedule(): void {
    this.#cancel = detached(() =>
      this.#parts.clock.after(LOOK_EVERY_MS, () => {
        const bounds = this.#bounds;
        if (bounds === undefined || this.#worker.isDraining) return;
        this.#look(bounds)
          .catch((error: unknown) => this.#parts.log.warn("the worker could not be sized; looking again", error))
          .finally(() => {
            if (this.#bounds === bounds) this.#schedule();
          });
      }),
    );
  }

  async #look(bounds: Bounds): Promise<void> {
    const { running, concurrency } = this.#worker.stats();
    const now = this.#parts.clock.monotonic();
    if (running * 2 >= concurrency) this.#spareSince = undefined;
    else this.#spareSince ??= now;
    const spareMs = this.#spareSince === undefined ? 0 : now - this.#spareSince;
    const backlog = running >= concurrency ? await this.#backlog() : 0;
    const wanted = slotsFor(bounds, { concurrency, running, backlog, spareMs });
    // Told otherwise meanwhile.
    if (this.#bounds !== bounds || wanted === concurrency || this.#worker.concurrency !== concurrency) return;
    this.#spareSince = undefined;
    this.#parts.log.info(`autoscale: ${concurrency} → ${wanted} slots (${running} busy, ${backlog} waiting)`);
    await this.#worker.resize(wanted);
  }

  async #backlog(): Promise<number> {
    const { rows } = await this.#database.query<{ tasks: number }>(
      `select count(*)::integer as tasks from (
         select 1 from task where queue = any($1::text::text[]) and state = 'QUEUED' limit ${MOST_COUNTED}) waiting`,
      [textArray(this.#worker.queues())],
    );
    return rows[0]?.tasks ?? 0;
  }
}
