// Time as a parameter. Nothing else in `runtime/` reads the clock or sets a timer.
// `SystemClock` follows the monotonic clock from an anchor that is set to the database's time, so a wall clock that
// jumps (NTP, an operator) neither runs a task early nor holds one back. `VirtualClock` is moved by tests.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the epoch, in the database's time. */
  now(): number;
  /** Milliseconds that only ever grow; for measuring, not for dates. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): Cancel;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

export class SystemClock implements Clock {
  #offset = Date.now() - performance.now();

  now(): number {
    return this.#offset + performance.now();
  }

  monotonic(): number {
    return performance.now();
  }

  /**
   * The database said `databaseNow` at some moment of the round trip that has just ended. The clock is moved as far as it
   * must be to agree with that, so that an answer that was merely slow does not move one that is right.
   */
  synchronise(databaseNow: number, roundTripMs: number): void {
    const earliest = databaseNow - performance.now();
    this.#offset = Math.min(Math.max(this.#offset, earliest), earliest + roundTripMs);
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  }
}

/** A clock that stands still until it is told to move. Timers due on the way run in order. */
export class VirtualClock implements Clock {
  #now: number;
  #timers: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { at: this.#now + Math.max(delayMs, 0), order: this.#order++, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** The instant of the next timer, or `undefined` when none is set. */
  nextTimer(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map((timer) => timer.at));
  }

  /** Moves time forward by `durationMs`, running what falls due, and lets promises settle in between. */
  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    for (;;) {
      await settle();
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = end;
    await settle();
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves after `delayMs` on the given clock, or as soon as `signal` aborts. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal?.addEventListener("abort", finish);
  });
}
