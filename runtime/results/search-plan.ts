// From a filter to how it is looked for: in which tables, by which index, what is checked row by row. Pure.
//
// A list is in the order of ids, the newest first. What an index gives in that order is "served"; everything else is
// checked on the way down, over stretches that are bounded (`task-search.ts`).
import type { Parameter } from "../../database/index.ts";
import { containing, textArray } from "../../database/index.ts";
import { isTaskId, lowestIdAt } from "../contract/task-id.ts";
import { FINAL_STATES, LIVE_STATES, type TaskState } from "../contract/task-state.ts";

export interface TaskFilter {
  /** One state, or several. */
  readonly state?: TaskState | readonly TaskState[] | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
  readonly worker?: string | undefined;
  /** Children of this task. */
  readonly parentId?: string | undefined;
  /** What this task was run again as. */
  readonly retryOf?: string | undefined;
  /** Headers that must have these values. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Accepted at this instant or later. */
  readonly createdAfter?: Date | undefined;
  /** Accepted before this instant. */
  readonly createdBefore?: Date | undefined;
  /** Text to find in id, name or parameters, whatever its case. */
  readonly q?: string | undefined;
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** A part of a table that an index gives in the order of ids. */
export interface Source {
  readonly table: "task" | "task_history";
  /** SQL that the index answers. */
  readonly served: readonly string[];
  /** SQL that is checked row by row. */
  readonly checked: readonly string[];
}

/** A stretch of ids, from `above` (included) up to `below` (not included); open where one is missing. */
export interface IdRange {
  readonly above?: string | undefined;
  readonly below?: string | undefined;
}

export interface SearchPlan {
  readonly sources: readonly Source[];
  /** For the places $1, $2, … of the conditions. */
  readonly parameters: readonly Parameter[];
  /** Where to look, the highest ids first. */
  readonly ranges: readonly IdRange[];
  /** The blocks' summaries know of a value that is asked for: stretches without it can be passed over. */
  readonly hasSummary: boolean;
}

/** States that an index gives in the order of ids; the others are most of what there is, or change too often. */
const SERVED_STATES: Readonly<Partial<Record<TaskState, string>>> = {
  // The index is on what a worker holds: nothing else is STARTED.
  STARTED: "state = 'STARTED' and worker is not null",
  WAITING: "state = 'WAITING'",
  FAILURE: "state = 'FAILURE'",
  REVOKED: "state = 'REVOKED'",
};

/** @param sensitive - names of tasks whose parameters are not searched. @param now - milliseconds since the epoch. */
export function planSearch(filter: TaskFilter, sensitive: readonly string[], now: number): SearchPlan {
  const parameters: Parameter[] = [];
  const place = (value: Parameter) => `$${parameters.push(value)}`;
  const served: string[] = [];
  const checked: string[] = [];
  const serve = (value: string | undefined, column: string) => {
    if (value !== undefined) (served.length === 0 ? served : checked).push(`${column} = ${place(value)}::uuid`);
  };
  const check = (value: Parameter | undefined, condition: (at: string) => string) => {
    if (value !== undefined) checked.push(condition(place(value)));
  };

  const wholeId = filter.q?.trim().toLowerCase();
  const isId = wholeId !== undefined && isTaskId(wholeId);
  serve(isId ? wholeId : undefined, "id");
  serve(filter.parentId, "parent_id");
  serve(filter.retryOf, "retry_of");
  check(filter.name, (at) => `name = ${at}`);
  check(filter.queue, (at) => `queue = ${at}`);
  check(filter.worker, (at) => `worker = ${at}`);
  check(filter.createdAfter, (at) => `created_at >= ${at}::timestamptz`);
  check(filter.createdBefore, (at) => `created_at < ${at}::timestamptz`);
  for (const [name, value] of Object.entries(filter.headers ?? {})) {
    check(value, (at) => `headers->>${place(name)}::text = ${at}`);
  }
  if (filter.q !== undefined && !isId) checked.push(textCondition(filter.q, sensitive, place));

  return {
    sources: sourcesOf(filter.state, served, checked),
    parameters,
    ranges: rangesOf(filter, now),
    hasSummary: [filter.name, filter.queue, filter.worker].some((value) => value !== undefined),
  };
}

function textCondition(text: string, sensitive: readonly string[], place: (value: Parameter) => string): string {
  const pattern = place(containing(text));
  const isOpen = sensitive.length === 0 ? "" : `name <> all(${place(textArray(sensitive))}::text::text[]) and `;
  return `(name ilike ${pattern} or id::text like ${pattern} or (${isOpen}params::text ilike ${pattern}))`;
}

function sourcesOf(
  state: TaskFilter["state"],
  served: readonly string[],
  checked: readonly string[],
): readonly Source[] {
  const wanted = state === undefined ? undefined : [state].flat();
  return (["task", "task_history"] as const).flatMap((table): Source[] => {
    const possible: readonly TaskState[] = table === "task" ? LIVE_STATES : FINAL_STATES;
    const states = wanted?.filter((one) => possible.includes(one));
    if (states === undefined) return [{ table, served, checked }];
    const apart = served.length > 0 ? [] : states.filter((one) => SERVED_STATES[one] !== undefined);
    const others = states.filter((one) => !apart.includes(one));
    const among = `state in (${others.map((one) => `'${one}'`).join(", ")})`;
    return [
      ...apart.map((one) => ({ table, served: [SERVED_STATES[one] ?? ""], checked })),
      ...(others.length === 0 ? [] : [{ table, served, checked: [among, ...checked] }]),
    ];
  });
}

/** Ids of ours say when they were made: shortly before their task was accepted, or at the same time. */
const ID_EARLIER_MS = 60_000;
const ID_LATER_MS = 1_000;
/** No id of ours is older, and none younger than this from now; what lies beyond is an id that a caller gave. */
const FIRST_OF_OURS = Date.UTC(2020, 0, 1);
const LAST_OF_OURS_MS = 24 * 3_600_000;

/**
 * Instants become ranges of ids where ids are ours. Those that callers gave may stand anywhere: nearly all of them
 * outside of the years in which ids of ours are made, where there is nothing else.
 */
function rangesOf({ createdAfter, createdBefore, cursor }: TaskFilter, now: number): readonly IdRange[] {
  if (createdAfter === undefined && createdBefore === undefined) return [{ below: cursor }];
  const end = now + LAST_OF_OURS_MS;
  const from = Math.max((createdAfter?.getTime() ?? 0) - ID_EARLIER_MS, FIRST_OF_OURS);
  const to = Math.min((createdBefore?.getTime() ?? end) + ID_LATER_MS, end);
  const ranges: IdRange[] = [
    { above: lowestIdAt(end) },
    ...(from < to ? [{ above: lowestIdAt(from), below: lowestIdAt(to) }] : []),
    { below: lowestIdAt(FIRST_OF_OURS) },
  ];
  if (cursor === undefined) return ranges;
  return ranges
    .filter(({ above }) => above === undefined || above < cursor)
    .map(({ above, below }) => ({ above, below: below === undefined || cursor < below ? cursor : below }));
}
