// How many live tasks there are of each queue, lane and state. Counting reads the whole live table: 35 ms at 200 000 rows,
// on three cores of the database, and no index makes it cheaper while the rows change. So a count is shared by all who
// ask while it is under way, and given out for a while in proportion to what it cost: an empty system is seen as it is,
// and a full one spends a twentieth of one connection's time on being looked at, however many look.
import type { Queryable } from "../../database/index.ts";
import type { Clock } from "../contract/clock.ts";

const KEEP_TIMES_ITS_COST = 20;
const KEEP_AT_MOST_MS = 10_000;

export interface QueueCount {
  readonly queue: string;
  /** As in the table: 0 low, 1 normal, 2 high. */
  readonly lane: number;
  readonly state: string;
  readonly tasks: number;
  /** Milliseconds since the oldest of them was accepted. */
  readonly oldestMs: number;
}

export interface Counted {
  readonly rows: readonly QueueCount[];
  /** When they were counted, in milliseconds since the epoch. */
  readonly at: number;
}

/** Kept by the clock that only grows. */
interface Kept {
  readonly rows: readonly QueueCount[];
  readonly at: number;
  readonly until: number;
}

export class QueueCounts {
  readonly #database: Pick<Queryable, "query">;
  readonly #clock: Clock;
  #counting: Promise<Kept> | undefined;
  #last: Kept | undefined;

  constructor(database: Pick<Queryable, "query">, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** At most ten seconds old. @throws ApiumError `STORE_UNAVAILABLE`, `STORE_TIMEOUT`: failures are not kept. */
  async read(): Promise<Counted> {
    const kept = await this.#newest();
    const age = this.#clock.monotonic() - kept.at;
    return {
      rows: kept.rows.map((row) => ({ ...row, oldestMs: row.oldestMs + age })),
      at: this.#clock.now() - age,
    };
  }

  #newest(): Kept | Promise<Kept> {
    if (this.#last !== undefined && this.#clock.monotonic() < this.#last.until) return this.#last;
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #count(): Promise<Kept> {
    const began = this.#clock.monotonic();
    const { rows } = await this.#database.query<QueueCount>(
      `select queue, lane::integer as lane, state::text as state, count(*)::integer as tasks,
              (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::double precision as "oldestMs"
       from task group by queue, lane, state`,
    );
    const at = this.#clock.monotonic();
    const keepMs = Math.min(KEEP_AT_MOST_MS, KEEP_TIMES_ITS_COST * (at - began));
    this.#last = { rows, at, until: at + keepMs };
    return this.#last;
  }
}
