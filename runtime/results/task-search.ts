// Lists of tasks, the newest first, from the live table and the history together, however much there is. What no index
// gives is looked for in stretches that take a fraction of a second each, so that nothing else waits for them where the
// database is one connection; and for a second in all. A page that is not full by then says how far it has looked.
import type { Database, Queryable } from "../../database/index.ts";
import type { Clock } from "../contract/clock.ts";
import { codeOf } from "../contract/errors.ts";
import { instantOf } from "../contract/task-id.ts";
import { planSearch, type SearchPlan, type TaskFilter } from "./search-plan.ts";
import { readBySummary, readServed, readStretch, readTasks } from "./search-statements.ts";
import { type TaskView, toView, withoutParamsOf } from "./task-view.ts";

export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

export interface SearchPage extends Page<TaskView> {
  /**
   * The page is not full because time ran out: everything accepted since this instant was looked at, and `nextCursor` goes
   * on from there. Null: what fits is on this page, or more of it is known to follow.
   */
  readonly searchedTo: string | null;
}

export interface SearchParts {
  readonly database: Database;
  readonly clock: Clock;
  /** Names of tasks whose parameters are neither shown nor searched. */
  readonly sensitive: () => readonly string[];
  /** Of one page. Default 1000. */
  readonly budgetMs?: number | undefined;
}

const DEFAULT_LIMIT = 50;
const BUDGET_MS = 1_000;
const FIRST_ROWS = 500;
const FEWEST_ROWS = 100;
const MOST_ROWS = 200_000;
/** How long a stretch should take; the next is made longer or shorter accordingly. */
const STRETCH_MS = { postgres: 120, pglite: 60 };
const MOST_GROWTH = 4;
/**
 * The summaries are asked once this many rows were looked at, and fewer than one in so many fitted: what is more frequent
 * is in most blocks, and found sooner on the way down.
 */
const SUMMARY_AFTER_ROWS = 10_000;
const SUMMARY_BELOW_ONE_IN = 2_500;
const SUMMARY_WITHIN_MS = 600;
/** Searches that take their time, of one process: the rest of its connections are for others. */
const MOST_AT_ONCE = 2;

/** What was found, and, where the search stopped early, the id down to which everything was looked at. */
interface Found {
  readonly ids: string[];
  readonly stoppedAt?: string | undefined;
}

export class TaskSearch {
  readonly #parts: SearchParts;
  #searching = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(parts: SearchParts) {
    this.#parts = parts;
  }

  /** @throws ApiumError `STORE_UNAVAILABLE`, `STORE_TIMEOUT`. */
  async list(filter: TaskFilter = {}): Promise<SearchPage> {
    const { clock, sensitive } = this.#parts;
    const hidden = sensitive();
    const plan = planSearch(filter, hidden, clock.now());
    if (plan.sources.length === 0) return { items: [], nextCursor: null, searchedTo: null };
    const limit = filter.limit ?? DEFAULT_LIMIT;
    const isServed = plan.sources.every(({ checked }) => checked.length === 0);
    const { ids, stoppedAt } = isServed
      ? { ids: await readServed(this.#store, plan, { below: filter.cursor }, limit + 1), stoppedAt: undefined }
      : await this.#inTurn(() => this.#search(plan, limit + 1));
    const shown = ids.slice(0, limit);
    const items = (await readTasks(this.#store, shown)).map((row) => ({
      ...withoutParamsOf(hidden, toView(row)),
      hasResult: false,
    }));
    const isFull = ids.length > limit;
    return {
      items,
      nextCursor: (isFull ? shown.at(-1) : stoppedAt) ?? null,
      searchedTo: isFull || stoppedAt === undefined ? null : instantText(stoppedAt, clock.now()),
    };
  }

  async #search(plan: SearchPlan, most: number): Promise<Found> {
    const { database, clock, budgetMs = BUDGET_MS } = this.#parts;
    const began = clock.monotonic();
    const ids: string[] = [];
    let rows = FIRST_ROWS;
    let seen = 0;
    let mayAskSummary = plan.hasSummary && database.engine === "postgres";
    for (const range of plan.ranges) {
      for (let below = range.below; ; ) {
        const asked = clock.monotonic();
        const left = { above: range.above, below };
        const { ids: found, edge } = await this.#byIndex((store) =>
          readStretch(store, plan, left, rows, most - ids.length),
        );
        ids.push(...found);
        if (ids.length >= most) return { ids };
        if (edge === undefined) break;
        below = edge;
        seen += rows;
        if (mayAskSummary && seen >= SUMMARY_AFTER_ROWS && ids.length * SUMMARY_BELOW_ONE_IN < seen) {
          mayAskSummary = false;
          const rest = await this.#bySummary(plan, { above: range.above, below }, most - ids.length);
          if (rest !== undefined) {
            ids.push(...rest);
            if (ids.length >= most) return { ids };
            break;
          }
        }
        if (clock.monotonic() - began >= budgetMs) return { ids, stoppedAt: edge };
        rows = nextRows(rows, STRETCH_MS[database.engine] / (clock.monotonic() - asked));
      }
    }
    return { ids };
  }

  /** `undefined`: it would have taken too long; a value that is nearly everywhere is in nearly every block. */
  async #bySummary(plan: SearchPlan, range: SearchPlan["ranges"][number], most: number): Promise<string[] | undefined> {
    try {
      return await this.#byIndex(async (store) => {
        await store.query(`set local statement_timeout = ${SUMMARY_WITHIN_MS}`);
        return readBySummary(store, plan, range, most);
      });
    } catch (error) {
      if (codeOf(error) === "STORE_TIMEOUT") return undefined;
      throw error;
    }
  }

  /** PGlite has no statistics, since nothing there collects them: without them its planner would read and sort all there is. */
  get #store(): Queryable {
    const { database } = this.#parts;
    return database.engine === "pglite" ? database.hot : database;
  }

  /** For a stretch, where PostgreSQL must not rely on statistics either: those of a new partition are missing. */
  #byIndex<Result>(read: (store: Queryable) => Promise<Result>): Promise<Result> {
    const { database } = this.#parts;
    return database.engine === "pglite" ? read(this.#store) : database.transaction(read, { byIndex: true });
  }

  async #inTurn<Result>(search: () => Promise<Result>): Promise<Result> {
    if (this.#searching >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#searching++;
    try {
      return await search();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#searching--;
      else next();
    }
  }
}

function nextRows(rows: number, factor: number): number {
  const wanted = rows * Math.min(MOST_GROWTH, Math.max(1 / MOST_GROWTH, factor));
  return Math.round(Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, wanted)));
}

/** An id that a caller gave says nothing of time; such are looked at before all others, or after them. */
function instantText(id: string, now: number): string {
  return new Date(Math.min(instantOf(id) ?? now, now)).toISOString();
}
