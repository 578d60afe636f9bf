// How late this process's event loop is: a histogram the engine fills by itself, read by whoever inspects the worker.
import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 20;
const NANOS_PER_MS = 1e6;
const TURN_EVERY_MS = 30_000;
/** What was measured for a shorter time says nothing of one in a hundred. */
const ENOUGH_MS = 10_000;

/** Milliseconds later than its timers were due. */
export interface LoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** In nanoseconds from one look to the next. */
export type DelayHistogram = Pick<
  ReturnType<typeof monitorEventLoopDelay>,
  "count" | "mean" | "max" | "percentile" | "reset" | "enable" | "disable"
>;

export class EventLoopWatch {
  readonly #histogram: DelayHistogram;
  /** Of the half minute before this one. */
  #before: LoopLag | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(histogram: DelayHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })) {
    this.#histogram = histogram;
  }

  start(): void {
    this.#histogram.enable();
    this.#timer = setInterval(() => this.turn(), TURN_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  /** The worst of the last half to whole minute, whoever else reads it; the histogram's own resolution is taken off. */
  read(): LoopLag {
    const now = this.#current();
    const isEnough = (this.#histogram.count * this.#histogram.mean) / NANOS_PER_MS >= ENOUGH_MS;
    const { meanMs, p99Ms, maxMs } = this.#before ?? { ...now, p99Ms: now.meanMs };
    return {
      meanMs: isEnough ? Math.max(meanMs, now.meanMs) : meanMs,
      p99Ms: isEnough ? Math.max(p99Ms, now.p99Ms) : p99Ms,
      maxMs: Math.max(maxMs, now.maxMs),
    };
  }

  /** Begins another half minute. It does so by itself. */
  turn(): void {
    this.#before = this.#current();
    this.#histogram.reset();
  }

  #current(): LoopLag {
    const { mean, max } = this.#histogram;
    return { meanMs: late(mean), p99Ms: late(this.#histogram.percentile(99)), maxMs: late(max) };
  }
}

function late(nanos: number): number {
  const ms = Number.isFinite(nanos) ? nanos / NANOS_PER_MS - RESOLUTION_MS : 0;
  return Math.max(0, Math.round(ms * 10) / 10);
}
