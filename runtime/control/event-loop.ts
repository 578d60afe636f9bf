// How late this process's event loop is: a histogram the engine fills by itself, read by whoever inspects the worker.
import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 20;
const NANOS_PER_MS = 1e6;
/** Older than this, what was measured is forgotten with the next reading. */
const KEEP_MS = 60_000;

/** Milliseconds later than its timers were due. */
export interface LoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class EventLoopWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  #emptiedAt = performance.now();

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** Over the last minute or since the reading before, whichever is longer; the histogram's own resolution is taken off. */
  read(): LoopLag {
    const { mean, max } = this.#histogram;
    const lag = { meanMs: late(mean), p99Ms: late(this.#histogram.percentile(99)), maxMs: late(max) };
    if (performance.now() - this.#emptiedAt > KEEP_MS) {
      this.#histogram.reset();
      this.#emptiedAt = performance.now();
    }
    return lag;
  }
}

function late(nanos: number): number {
  const ms = Number.isFinite(nanos) ? nanos / NANOS_PER_MS - RESOLUTION_MS : 0;
  return Math.max(0, Math.round(ms * 10) / 10);
}
