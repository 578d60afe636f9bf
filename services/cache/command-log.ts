// What the cache has done: counters and times for its statistics, and the latest commands for whoever watches. Keys, never
// values.
import type { Clock } from "../../runtime/index.ts";
import type { StoreCounts } from "./resilient-store.ts";

export type Outcome = "hit" | "miss" | "done";

export interface Command {
  /** ISO 8601. */
  readonly at: string;
  readonly cache: string;
  readonly action: string;
  readonly key: string | null;
  readonly outcome: Outcome;
  readonly ms: number;
  /** The node that asked. */
  readonly caller: string | null;
}

export interface CacheCounts extends StoreCounts {
  hits: number;
  misses: number;
  sets: number;
  deletes: number;
}

const MOST_COMMANDS = 1_000;
const MOST_TIMES = 2_048;

export class CommandLog {
  readonly #clock: Clock;
  readonly #tell: (command: Command) => void;
  readonly #counts = new Map<string, CacheCounts>();
  readonly #times = new Map<string, { values: Float64Array; next: number; size: number }>();
  #commands: Command[] = [];
  #watchedUntil = 0;

  constructor(clock: Clock, tell: (command: Command) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  countsOf(cache: string): CacheCounts {
    let counts = this.#counts.get(cache);
    if (counts === undefined) {
      counts = { hits: 0, misses: 0, sets: 0, deletes: 0, errors: 0, dropped: 0 };
      this.#counts.set(cache, counts);
    }
    return counts;
  }

  /** Records and tells of every command for so long. Without it only counters are kept. */
  watch(ms: number): void {
    this.#watchedUntil = this.#clock.monotonic() + ms;
  }

  get isWatched(): boolean {
    return this.#clock.monotonic() < this.#watchedUntil;
  }

  note(command: Omit<Command, "at" | "ms"> & { readonly startedAt: number }): void {
    const ms = this.#clock.monotonic() - command.startedAt;
    this.#time(command.cache, ms);
    if (!this.isWatched) return;
    const { startedAt: _startedAt, ...rest } = command;
    const noted = { ...rest, at: new Date(this.#clock.now()).toISOString(), ms: Math.round(ms * 1_000) / 1_000 };
    this.#commands.push(noted);
    if (this.#commands.length >= 2 * MOST_COMMANDS) this.#commands = this.#commands.slice(-MOST_COMMANDS);
    this.#tell(noted);
  }

  latest(limit: number, cache?: string): Command[] {
    return this.#commands.filter((command) => cache === undefined || command.cache === cache).slice(-limit);
  }

  /** Milliseconds of the latest commands. */
  latency(cache: string): { readonly p50: number; readonly p99: number } | null {
    const times = this.#times.get(cache);
    if (times === undefined || times.size === 0) return null;
    const sorted = times.values.slice(0, times.size).sort();
    const quantile = (part: number) =>
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 1_000) / 1_000;
    return { p50: quantile(0.5), p99: quantile(0.99) };
  }

  #time(cache: string, ms: number): void {
    let times = this.#times.get(cache);
    if (times === undefined) {
      times = { values: new Float64Array(MOST_TIMES), next: 0, size: 0 };
      this.#times.set(cache, times);
    }
    times.values[times.next] = ms;
    times.next = (times.next + 1) % MOST_TIMES;
    times.size = Math.min(times.size + 1, MOST_TIMES);
  }
}
