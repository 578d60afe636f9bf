// One attempt of a handler on a virtual clock: its limits are timers there, and somebody must move the clock while the
// handler waits. Time passes at once when anything waits for a timer of the clock. A handler that waits for the real
// world (a database, a socket) gets real time for it: only when it has not ended after the patience is it taken to
// hang, and the clock moves on to its next limit.
import { AsyncLocalStorage } from "node:async_hooks";
import { type Cancel, SystemClock, sleep, type VirtualClock } from "../contract/clock.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Run } from "../worker/run.ts";

const wall = new SystemClock();

/** Work that takes turns: in the order it came, one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

const CURRENT = new AsyncLocalStorage<VirtualRun>();

export class VirtualRun {
  readonly run: Run;
  readonly #clock: VirtualClock;
  readonly #patienceMs: number;
  readonly #turns = new Turns();
  readonly #over = new AbortController();
  readonly #cutOff = Promise.withResolvers<never>();
  #cancels: Cancel[] = [];
  #aside = 0;
  #leftAt = 0;
  /** Virtual time that passed for tasks within this one; its limits do not count it. */
  #absentMs = 0;
  #back = Promise.withResolvers<void>();

  constructor(run: Run, clock: VirtualClock, patienceMs: number) {
    this.run = run;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** The run whose handler asks, if any. */
  static current(): VirtualRun | undefined {
    return CURRENT.getStore();
  }

  /** What the handler returns. @throws what it throws, or ApiumError `HARD_TIME_LIMIT`. */
  async execute(handler: () => unknown): Promise<unknown> {
    this.#setLimits();
    const work = CURRENT.run(this, async () => handler());
    void this.#passTime();
    try {
      return await Promise.race([work, this.#cutOff.promise]);
    } finally {
      this.run.close();
      this.#over.abort();
      this.#cancelLimits();
      this.#back.resolve();
    }
  }

  /** Runs another task on behalf of this one's handler; in production it would run elsewhere, at the cost of nobody's limit. */
  async aside<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#aside++ === 0) {
      this.#leftAt = this.#clock.now();
      this.#back = Promise.withResolvers<void>();
      this.#cancelLimits();
    }
    try {
      return await this.#turns.take(work);
    } finally {
      if (--this.#aside === 0) {
        this.#absentMs += this.#clock.now() - this.#leftAt;
        if (!this.#over.signal.aborted) this.#setLimits();
        this.#back.resolve();
      }
    }
  }

  async #passTime(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      if (this.#aside > 0) {
        await this.#back.promise;
        continue;
      }
      const limit = this.#nextLimit();
      const timer = this.#clock.nextTimer() ?? limit;
      if (timer >= limit) {
        const before = this.#clock.now();
        await sleep(wall, this.#patienceMs, signal);
        if (signal.aborted || this.#aside > 0 || this.#clock.now() !== before) continue;
      }
      await this.#clock.advance(Math.max(0, Math.min(timer, limit) - this.#clock.now()));
    }
  }

  #setLimits(): void {
    const deadlines = [this.run.softDeadline, this.run.hardDeadline].map((at) => at + this.#absentMs);
    this.#cancels = deadlines
      .filter((at) => at !== Number.POSITIVE_INFINITY)
      .map((at) => this.#clock.after(at - this.#clock.now(), () => this.#check()));
  }

  #cancelLimits(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  #check(): void {
    const overdue = this.run.closed ? undefined : this.run.overdue(this.#clock.now() - this.#absentMs);
    if (overdue === "soft") this.run.abort(new ApiumError("SOFT_TIME_LIMIT"));
    else if (overdue === "hard" && this.run.close()) {
      const reason = new ApiumError("HARD_TIME_LIMIT");
      this.run.abort(reason);
      this.#cutOff.reject(reason);
    }
  }

  #nextLimit(): number {
    const { softDeadline, hardDeadline, aborted } = this.run;
    return (aborted === undefined ? Math.min(softDeadline, hardDeadline) : hardDeadline) + this.#absentMs;
  }
}
