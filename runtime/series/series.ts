// Figures over time, for about a day: how tasks ended and how deep the queues were. They are in the database, so they
// survive restarts and are the same whichever process is asked. Every process adds what it saw; none leads.
import type { Database } from "../../database/index.ts";
import { sleep } from "../contract/clock.ts";
import { durationText } from "../contract/duration.ts";
import type { Foundation } from "../contract/foundation.ts";
import { queueNamed } from "../contract/queues.ts";
import { type FinalState, LIVE_STATES, type LiveState } from "../contract/task-state.ts";
import { countOpenLetters, type QueueCounts } from "../control/index.ts";
import type { EndBook } from "./end-book.ts";
import { EndWriter } from "./end-writer.ts";
import { pruneSeries } from "./prune.ts";
import { type SeriesQuery, stretchOf } from "./query.ts";
import { QueueSampler } from "./queue-sampler.ts";
import { type EndFigures, type NameFigures, readEnds } from "./read-ends.ts";
import { type DepthFigures, EMPTY, readDepths } from "./read-queues.ts";

const FLUSH_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 600_000;
/** A stop does not wait longer for a database that is away. */
const LAST_FLUSH_MS = 2_000;
const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;

type Nullable<Figures> = { readonly [Field in keyof Figures]: Figures[Field] | null };

/** A step; all of it null where no process looked and nothing ended: the system was down. */
export type EndPoint = { readonly at: string } & Nullable<EndFigures>;
export type DepthPoint = { readonly at: string } & Nullable<DepthFigures>;

export interface SeriesView {
  readonly step: string;
  readonly stepMs: number;
  readonly from: string;
  /** The end of the last point, which is still under way. */
  readonly to: string;
  /** When it was asked. */
  readonly now: string;
  readonly points: readonly EndPoint[];
  /** Of queues that held something in this time, and of the one that was asked for. */
  readonly queues: Readonly<Record<string, readonly DepthPoint[]>>;
  /** Totals of the whole time by name, the worst first. */
  readonly names: readonly NameFigures[];
}

export type EndedCounts = Readonly<Record<FinalState, number>>;

export interface TaskCounts {
  readonly now: string;
  /** What is not finished, by state; at most ten seconds old. */
  readonly live: Readonly<Record<LiveState, number>>;
  /** What has ended within the last hour, to the minute, and within the last day, to a quarter of an hour. */
  readonly ended: { readonly hour: EndedCounts; readonly day: EndedCounts };
  /** Dead letters that nobody has handled, counted to ten thousand. */
  readonly deadLetters: number;
}

const NO_ENDS: Nullable<EndFigures> = {
  ...{ done: null, failed: null, retried: null, revoked: null },
  ...{ meanMs: null, p95Ms: null, maxMs: null },
};
const NOTHING_ENDED: EndFigures = {
  done: 0,
  failed: 0,
  retried: 0,
  revoked: 0,
  meanMs: null,
  p95Ms: null,
  maxMs: null,
};
const NOT_LOOKED: Nullable<DepthFigures> = {
  ...{ queued: null, scheduled: null, started: null, high: null, normal: null, low: null },
  oldestMs: null,
};

export class Series {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #counts: QueueCounts;
  readonly #writer: EndWriter;
  readonly #sampler: QueueSampler;

  /** @param book - where the events of this process go through. */
  constructor(database: Database, parts: Foundation, book: EndBook, counts: QueueCounts) {
    this.#database = database;
    this.#parts = parts;
    this.#counts = counts;
    this.#writer = new EndWriter(database, book, parts.log);
    this.#sampler = new QueueSampler(database, counts, parts.clock);
  }

  /** For the background duties of a process. */
  duties() {
    return [
      { name: "the writing of ends over time", everyMs: FLUSH_EVERY_MS, run: () => this.#writer.flush() },
      { name: "the look at the queues over time", everyMs: LOOK_EVERY_MS, run: () => this.#sampler.look() },
      {
        name: "the pruner of figures over time",
        everyMs: PRUNE_EVERY_MS,
        run: () => pruneSeries(this.#database, this.#parts.clock.now()),
      },
    ];
  }

  /** Writes what this process has counted, for a drain: what cannot be written in two seconds is written by the next. */
  async flush(): Promise<void> {
    const { clock, log } = this.#parts;
    const written = new AbortController();
    const flushed = this.#writer
      .flush()
      .catch((error: unknown) => log.warn("the last figures over time were not written", error))
      .finally(() => written.abort());
    await Promise.race([flushed, sleep(clock, LAST_FLUSH_MS, written.signal)]);
  }

  /** @throws ApiumError `QUEUE_UNKNOWN`, `STORE_UNAVAILABLE`, `STORE_TIMEOUT`. */
  async read(query: SeriesQuery): Promise<SeriesView> {
    const now = this.#parts.clock.now();
    const stretch = stretchOf(query, now);
    const queue = query.queue === undefined ? undefined : queueNamed(query.queue);
    const [ends, depths] = await Promise.all([
      readEnds(this.#database, stretch, { queue, name: query.name }),
      readDepths(this.#database, stretch, queue),
    ]);
    const slots = Array.from({ length: stretch.points }, (_, slot) => ({
      slot,
      at: iso(stretch.from + slot * stretch.stepMs),
      looked: depths.looked.has(slot),
    }));
    const asked = queue === undefined ? [] : [queue];
    const queues = [...new Set([...asked, ...depths.byQueue.keys()])].map((name) => {
      const own = depths.byQueue.get(name);
      return [
        name,
        slots.map(({ slot, at, looked }) => ({ at, ...(own?.get(slot) ?? (looked ? EMPTY : NOT_LOOKED)) })),
      ];
    });
    return {
      step: durationText(stretch.stepMs),
      stepMs: stretch.stepMs,
      from: iso(stretch.from),
      to: iso(stretch.to),
      now: iso(now),
      points: slots.map(({ slot, at, looked }) => ({
        at,
        ...(ends.bySlot.get(slot) ?? (looked ? NOTHING_ENDED : NO_ENDS)),
      })),
      queues: Object.fromEntries(queues),
      names: ends.names,
    };
  }

  /** The last hour by kind of task. */
  async lastHour(): Promise<ReadonlyMap<string, EndFigures>> {
    const stretch = stretchOf({ minutes: HOUR_MINUTES, stepMs: 60_000 }, this.#parts.clock.now());
    const { names } = await readEnds(this.#database, stretch);
    return new Map(names.map(({ name, ...figures }) => [name, figures]));
  }

  /** How many tasks there are in each state, without counting the history; and how many dead letters wait for a person. */
  async counts(): Promise<TaskCounts> {
    const now = this.#parts.clock.now();
    const [counted, hour, day, deadLetters] = await Promise.all([
      this.#counts.read(),
      this.#endedWithin(HOUR_MINUTES, 60_000, now),
      this.#endedWithin(DAY_MINUTES, 900_000, now),
      countOpenLetters(this.#database),
    ]);
    const live = LIVE_STATES.map((state) => {
      const own = counted.rows.filter((row) => row.state === state);
      return [state, own.reduce((sum, { tasks }) => sum + tasks, 0)];
    });
    return { now: iso(now), live: Object.fromEntries(live), ended: { hour, day }, deadLetters };
  }

  async #endedWithin(minutes: number, stepMs: number, now: number): Promise<EndedCounts> {
    const { bySlot } = await readEnds(this.#database, stretchOf({ minutes, stepMs }, now));
    const sum = (end: "done" | "failed" | "revoked") =>
      [...bySlot.values()].reduce((total, figures) => total + figures[end], 0);
    return { SUCCESS: sum("done"), FAILURE: sum("failed"), REVOKED: sum("revoked") };
  }
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
