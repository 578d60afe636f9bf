// Adds what this process has counted to the database: one statement, unless it is much. What could not be written is kept
// and tried again with the next; when the database is away for hours the oldest of it is let go. Figures are for looking
// at: one whose writing was not answered may count twice.
import type { Database, Statement } from "../../database/index.ts";
import type { Log } from "../contract/log.ts";
import type { EndBook, EndRow } from "./end-book.ts";
import { packed } from "./lengths.ts";
import { STEPS_SQL } from "./levels.ts";

/** Rows that wait for the database at most: an hour of twenty kinds of tasks. */
const MOST_KEPT = 5_000;
/** Of one statement. */
const MOST_AT_ONCE = 500;

const SUMS = ["done", "failed", "retried", "revoked", "sum_ms", "lengths"];

/** In the order of the key, so that two processes that write the same rows wait for each other and do not lock up. */
const ADD: Statement = {
  name: "series_ends",
  text: `
insert into series_end as kept (step, at, name, queue, max_ms, ${SUMS.join(", ")})
select level.step, to_timestamp(floor(counted.at_s / level.step) * level.step), name, queue, max(max_ms),
       ${SUMS.map((column) => `sum(${column})`).join(", ")}
from json_to_recordset($1::json) as counted (at_s float8, name text, queue text, done integer, failed integer,
       retried integer, revoked integer, sum_ms float8, max_ms float8, lengths numeric),
     (values ${STEPS_SQL}) as level (step)
group by 1, 2, 3, 4 order by 1, 2, 3, 4
on conflict (step, at, name, queue) do update set max_ms = greatest(kept.max_ms, excluded.max_ms),
       ${SUMS.map((column) => `${column} = kept.${column} + excluded.${column}`).join(", ")}`,
};

export class EndWriter {
  readonly #database: Database;
  readonly #book: EndBook;
  readonly #log: Log;
  readonly #kept: EndRow[] = [];
  #writing: Promise<void> | undefined;

  constructor(database: Database, book: EndBook, log: Log) {
    this.#database = database;
    this.#book = book;
    this.#log = log;
  }

  /** Writes what there is. @throws ApiumError `STORE_UNAVAILABLE`, `STORE_TIMEOUT`: it is kept for the next time. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing.catch(() => {});
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    this.#kept.push(...this.#book.take());
    try {
      while (this.#kept.length > 0) {
        await this.#database.query(ADD, [JSON.stringify(this.#kept.slice(0, MOST_AT_ONCE).map(recordOf))]);
        this.#kept.splice(0, MOST_AT_ONCE);
      }
    } finally {
      const surplus = this.#kept.length - MOST_KEPT;
      if (surplus > 0) {
        this.#kept.splice(0, surplus);
        this.#log.warn(`${surplus} rows of figures over time are lost: too many wait for the database`);
      }
    }
  }
}

function recordOf({ at, sumMs, maxMs, lengths, ...ends }: EndRow): object {
  return { ...ends, at_s: at / 1_000, sum_ms: sumMs, max_ms: maxMs, lengths: packed(lengths) };
}
