// Looks at the depth of the queues once in fifteen seconds, whoever comes first: any process may, and one that finds the
// look taken leaves it. The count is the one that is shared with everybody who asks for the queues; an empty system
// writes one row a look, which says that it was looked at.
import type { Database, Statement } from "../../database/index.ts";
import type { Clock } from "../contract/clock.ts";
import { depthOf, type QueueCounts } from "../control/index.ts";
import { FINEST_MS, STEPS_SQL, slotOf } from "./levels.ts";

const FINEST_S = FINEST_MS / 1_000;

/** The queue of the row that says that somebody looked. */
export const LOOKED = "";

const DEPTHS = ["queued", "scheduled", "started", "high", "normal", "low"];
const COLUMNS = [...DEPTHS, "oldest_ms"];

/**
 * The finest row of a look is taken first; who does not get it writes nothing. The coarser slots keep the greatest, in the
 * order of their key.
 */
const KEEP: Statement = {
  name: "series_queues",
  text: `
with taken as (
  insert into series_queue (step, at, queue, ${DEPTHS.join(", ")})
  values (${FINEST_S}, to_timestamp($1::float8), '${LOOKED}', ${DEPTHS.map(() => "0").join(", ")})
  on conflict do nothing returning at),
seen as (
  select * from json_to_recordset($2::json) as seen (queue text, ${DEPTHS.map((column) => `${column} integer`).join(", ")},
    oldest_ms float8))
insert into series_queue as kept (step, at, queue, ${COLUMNS.join(", ")})
select level.step, to_timestamp(floor($1::float8 / level.step) * level.step), seen.*
from taken, seen, (values ${STEPS_SQL}) as level (step)
where level.step > ${FINEST_S} or seen.queue <> '${LOOKED}'
order by 1, 2, 3
on conflict (step, at, queue) do update set
  ${COLUMNS.map((column) => `${column} = greatest(kept.${column}, excluded.${column})`).join(", ")}`,
};

const TAKEN: Statement = {
  name: "series_queues_taken",
  text: `select 1 from series_queue where step = ${FINEST_S} and at = to_timestamp($1::float8) and queue = '${LOOKED}'`,
};

export class QueueSampler {
  readonly #database: Database;
  readonly #counts: QueueCounts;
  readonly #clock: Clock;
  #lastSlot = Number.NEGATIVE_INFINITY;

  constructor(database: Database, counts: QueueCounts, clock: Clock) {
    this.#database = database;
    this.#counts = counts;
    this.#clock = clock;
  }

  /** Takes the look of the slot that is under way, unless it is taken. @throws ApiumError `STORE_UNAVAILABLE`, `STORE_TIMEOUT`. */
  async look(): Promise<void> {
    const slot = slotOf(this.#clock.now(), FINEST_MS);
    if (slot === this.#lastSlot) return;
    // Counting is the dear part: asked for only when nobody has done it.
    const { rows } = await this.#database.query(TAKEN, [slot / 1_000]);
    if (rows.length === 0) await this.#take(slot);
    this.#lastSlot = slot;
  }

  async #take(slot: number): Promise<void> {
    const { rows } = await this.#counts.read();
    const seen = [...new Set(rows.map(({ queue }) => queue))]
      .map((queue) => ({ queue, ...depthOf(queue, rows) }))
      .filter(({ queued, scheduled, started }) => queued + scheduled + started > 0)
      .map(({ lanes, oldestMs, ...depth }) => ({ ...depth, ...lanes, oldest_ms: oldestMs }));
    const nothing = Object.fromEntries(DEPTHS.map((column) => [column, 0]));
    await this.#database.query(KEEP, [slot / 1_000, JSON.stringify([{ queue: LOOKED, ...nothing }, ...seen])]);
  }
}
