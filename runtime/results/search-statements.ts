// The statements of a search. Each answers ids, the highest first; the tasks themselves are read by those that are shown.
import type { Parameter, Queryable } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import type { IdRange, SearchPlan, Source } from "./search-plan.ts";
import { HISTORY, LIVE, type Row } from "./task-view.ts";

const LOWEST = "00000000-0000-0000-0000-000000000000";

type Ask = Pick<Queryable, "query">;

export interface Stretch {
  /** What fits, as many as were wanted at most. */
  readonly ids: readonly string[];
  /** Everything down to this id, itself included, was looked at; `undefined`: everything there is. */
  readonly edge: string | undefined;
}

/** Where everything is served by an index. */
export async function readServed(store: Ask, plan: SearchPlan, range: IdRange, most: number): Promise<string[]> {
  const text = new Text(plan);
  const within = text.within(range);
  const branch = ({ table, served }: Source) =>
    `(select id from ${table}${where([...served, ...within])} order by id desc limit ${most})`;
  return idsOf(store, plan.sources.map(branch), most, text);
}

/**
 * The next `rows` rows of each source, checked one by one. A source that had more than that ends the stretch for all:
 * what lies below its last row is left to the next stretch.
 */
export async function readStretch(
  store: Ask,
  plan: SearchPlan,
  range: IdRange,
  rows: number,
  most: number,
): Promise<Stretch> {
  const text = new Text(plan);
  const within = text.within(range);
  const seen = plan.sources.map(({ table, served, checked }, index) => {
    // A source does not look below the edge of the one before.
    const before = index === 0 ? [] : [`id >= coalesce((select id from edge_${index - 1}), '${LOWEST}'::uuid)`];
    const fits = checked.length === 0 ? "true" : checked.join(" and ");
    const last = `(select id from seen_${index} order by id desc offset ${rows - 1})`;
    const edge = index === 0 ? last : `greatest((select id from edge_${index - 1}), ${last})`;
    return `
     seen_${index} as materialized (
       select id, (${fits}) as fits from ${table}${where([...served, ...within, ...before])} order by id desc limit ${rows}),
     edge_${index} as materialized (select ${edge} as id)`;
  });
  const fitting = seen.map((_, index) => `select id from seen_${index} where fits`);
  const { rows: found } = await store.query<{ id: string; is_edge: boolean }>(
    `with ${seen.join(", ")}, edge as (select id from edge_${seen.length - 1})
     (select f.id, false as is_edge from (${fitting.join(" union all ")}) f, edge
      where edge.id is null or f.id >= edge.id order by f.id desc limit ${most})
     union all select id, true from edge where id is not null`,
    text.parameters,
  );
  return {
    ids: found.filter((row) => !row.is_edge).map(({ id }) => id),
    edge: found.find((row) => row.is_edge)?.id,
  };
}

/**
 * All that is left of a range at once. The order is made unusable for an index, and so is the range: what remains for the
 * planner are the summaries of the blocks, which say where a name, queue or worker cannot be.
 */
export async function readBySummary(store: Ask, plan: SearchPlan, range: IdRange, most: number): Promise<string[]> {
  const text = new Text(plan);
  const inWords = `(id::text collate "C")`;
  const within = text.within(range, inWords, "text");
  const branch = ({ table, served, checked }: Source) =>
    `(select id from ${table}${where([...served, ...checked, ...within])} order by ${inWords} desc limit ${most})`;
  return idsOf(store, plan.sources.map(branch), most, text);
}

/** Rows of tasks, whichever table they are in by now, the highest id first. */
export async function readTasks(store: Ask, ids: readonly string[]): Promise<Row[]> {
  if (ids.length === 0) return [];
  // The list is made once, and not anew for each row that might be in it.
  const among = "where id = any(array(select unnest($1::text::uuid[])))";
  const { rows } = await store.query<Row>(
    `select * from (${LIVE} ${among} union all ${HISTORY} ${among}) tasks order by id desc`,
    [plainArray(ids)],
  );
  return rows;
}

/** The parameters of a statement: the plan's, then those of its range. */
class Text {
  readonly parameters: Parameter[];

  constructor({ parameters }: SearchPlan) {
    this.parameters = [...parameters];
  }

  within({ above, below }: IdRange, column = "id", type = "uuid"): string[] {
    const compared = (sign: string, bound: string | undefined) =>
      bound === undefined ? [] : [`${column} ${sign} $${this.parameters.push(bound)}::${type}`];
    return [...compared(">=", above), ...compared("<", below)];
  }
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
}

async function idsOf(store: Ask, branches: readonly string[], most: number, text: Text): Promise<string[]> {
  const { rows } = await store.query<{ id: string }>(
    `select id from (${branches.join(" union all ")}) found order by id desc limit ${most}`,
    text.parameters,
  );
  return rows.map(({ id }) => id);
}
