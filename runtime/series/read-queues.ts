// How deep the queues were over a stretch of time: of each step the greatest that was seen.
import type { Queryable, Statement } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Lane } from "../contract/priority.ts";
import { levelFor, stepSeconds } from "./levels.ts";
import type { Stretch } from "./query.ts";
import { LOOKED } from "./queue-sampler.ts";

/** Of a queue within one step; the lanes may have been at their greatest at different moments. */
export interface DepthFigures extends Readonly<Record<Lane, number>> {
  readonly queued: number;
  readonly scheduled: number;
  readonly started: number;
  /** Milliseconds the oldest waiting task had been accepted for; null where none waited. */
  readonly oldestMs: number | null;
}

export interface Depths {
  /** Numbers of the steps in which somebody looked. */
  readonly looked: ReadonlySet<number>;
  /** By queue, then by step; where a queue was empty it is missing. */
  readonly byQueue: ReadonlyMap<string, ReadonlyMap<number, DepthFigures>>;
}

export const EMPTY: DepthFigures = {
  ...{ queued: 0, scheduled: 0, started: 0, high: 0, normal: 0, low: 0 },
  oldestMs: null,
};

const READ: Statement = {
  name: "series_read_queues",
  text: `
select queue, floor((date_part('epoch', at) - $2::float8) / $4::float8)::integer as slot, max(queued) as queued,
       max(scheduled) as scheduled, max(started) as started, max(high) as high, max(normal) as normal, max(low) as low,
       max(oldest_ms) as "oldestMs"
from series_queue
where step = $1::smallint and at >= to_timestamp($2::float8) and at < to_timestamp($3::float8)
  and ($5::text is null or queue in ($5, '${LOOKED}'))
group by 1, 2`,
};

export async function readDepths(store: Queryable, { from, to, stepMs }: Stretch, queue?: string): Promise<Depths> {
  const level = levelFor(stepMs);
  if (level === undefined) throw new ApiumError("INTERNAL", `there are no slots for steps of ${stepMs} ms`);
  const between = [from, to, stepMs].map((ms) => ms / 1_000);
  const { rows } = await store.query<DepthFigures & { readonly queue: string; readonly slot: number }>(READ, [
    stepSeconds(level),
    ...between,
    queue ?? null,
  ]);
  const looked = new Set<number>();
  const byQueue = new Map<string, Map<number, DepthFigures>>();
  for (const { queue: name, slot, ...depth } of rows) {
    if (name === LOOKED) looked.add(slot);
    else byQueue.set(name, (byQueue.get(name) ?? new Map<number, DepthFigures>()).set(slot, depth));
  }
  return { looked, byQueue };
}
