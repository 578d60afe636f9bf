// How tasks have ended over a stretch of time, by step and by name, from one look at the rows of the level that fits.
import type { Queryable, Statement } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { quantile, total, unpacked } from "./lengths.ts";
import { levelFor, stepSeconds } from "./levels.ts";
import type { Stretch } from "./query.ts";

/** Ends and lengths of runs. Lengths, in milliseconds, are null where nothing ran. */
export interface EndFigures {
  readonly done: number;
  readonly failed: number;
  /** Attempts that are tried again. */
  readonly retried: number;
  readonly revoked: number;
  readonly meanMs: number | null;
  /** From counters of lengths: at most a factor of two off. */
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
}

export interface NameFigures extends EndFigures {
  readonly name: string;
}

export interface Ends {
  /** By the number of the step; those where nothing ended are missing. */
  readonly bySlot: ReadonlyMap<number, EndFigures>;
  /** The worst first: by failures, then by retries, then by length. */
  readonly names: readonly NameFigures[];
}

interface Row {
  readonly slot: number | null;
  readonly name: string | null;
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  readonly revoked: number;
  readonly sum_ms: number;
  readonly max_ms: number;
  readonly lengths: string;
}

/** `$6` is a name and `$5` a queue, or null. */
const READ: Statement = {
  name: "series_read_ends",
  text: `
select slot, name, sum(done) as done, sum(failed) as failed, sum(retried) as retried, sum(revoked) as revoked,
       sum(sum_ms) as sum_ms, max(max_ms) as max_ms, sum(lengths)::text as lengths
from (select *, floor((date_part('epoch', at) - $2::float8) / $4::float8)::integer as slot from series_end
      where step = $1::smallint and at >= to_timestamp($2::float8) and at < to_timestamp($3::float8)
        and ($5::text is null or queue = $5) and ($6::text is null or name = $6)) as ended
group by grouping sets ((slot), (name))`,
};

export async function readEnds(
  store: Queryable,
  { from, to, stepMs }: Stretch,
  { queue, name }: { readonly queue?: string | undefined; readonly name?: string | undefined } = {},
): Promise<Ends> {
  const level = levelFor(stepMs);
  if (level === undefined) throw new ApiumError("INTERNAL", `there are no slots for steps of ${stepMs} ms`);
  const between = [from, to, stepMs].map((ms) => ms / 1_000);
  const { rows } = await store.query<Row>(READ, [stepSeconds(level), ...between, queue ?? null, name ?? null]);
  const bySlot = new Map(rows.flatMap((row) => (row.slot === null ? [] : [[row.slot, figuresOf(row)]])));
  const names = rows.flatMap((row) => (row.name === null ? [] : [{ name: row.name, ...figuresOf(row) }]));
  return { bySlot, names: names.sort(worseFirst) };
}

function figuresOf(row: Row): EndFigures {
  const { done, failed, retried, revoked, sum_ms: sumMs, max_ms: maxMs } = row;
  const lengths = unpacked(row.lengths);
  const runs = total(lengths);
  return {
    ...{ done, failed, retried, revoked },
    meanMs: runs === 0 ? null : rounded(sumMs / runs),
    p95Ms: rounded(quantile(lengths, 0.95, maxMs)),
    maxMs: runs === 0 ? null : maxMs,
  };
}

function rounded<Value extends number | null>(value: Value): Value {
  return (value === null ? null : Math.round(value * 10) / 10) as Value;
}

function worseFirst(a: NameFigures, b: NameFigures): number {
  return (
    b.failed - a.failed ||
    b.retried - a.retried ||
    (b.p95Ms ?? -1) - (a.p95Ms ?? -1) ||
    (a.name < b.name ? -1 : Number(a.name > b.name))
  );
}
