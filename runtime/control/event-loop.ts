// How late this process's event loop is: a histogram the engine fills by itself, read by whoever inspects the worker.
import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 20;
const NANOS_PER_MS = 1e6;
const TURN_EVERY_MS = 30_000;
/** With fewer, one late timer would be the hundredth. */
const ENOUGH_TO_JUDGE = 500;

/** Milliseconds later than its timers were due. */
export interface LoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class EventLoopWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  /** Of the half minute before this one. */
  #before: LoopLag | undefined;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#turn(), TURN_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  /** The worst of the last half to whole minute, whoever else reads it; the histogram's own resolution is taken off. */
  read(): LoopLag {
    const now = this.#current();
    const isEnough = this.#histogram.count >= ENOUGH_TO_JUDGE;
    const before = this.#before ?? { ...now, p99Ms: isEnough ? now.p99Ms : now.meanMs };
    const maxMs = Math.max(before.maxMs, now.maxMs);
    if (!isEnough) return { ...before, maxMs };
    return { meanMs: Math.max(before.meanMs, now.meanMs), p99Ms: Math.max(before.p99Ms, now.p99Ms), maxMs };
  }

  #current(): LoopLag {
    const { mean, max } = this.#histogram;
    return { meanMs: late(mean), p99Ms: late(this.#histogram.percentile(99)), maxMs: late(max) };
  }

  #turn(): void {
    this.#before = this.#current();
    this.#histogram.reset();
  }
}

function late(nanos: number): number {
  const ms = Number.isFinite(nanos) ? nanos / NANOS_PER_MS - RESOLUTION_MS : 0;
  return Math.max(0, Math.round(ms * 10) / 10);
}
