// Lets the newest report of progress out of a cell, at most ten a second, so that a handler that reports in every
// turn of a loop floods nobody. Goes by the clock and not by timers alone: a handler that never yields reports too.
import type { Cancel, Clock } from "../../contract/clock.ts";

const EVERY_MS = 100;

type TellProgress = (fraction: number, message: string | undefined) => void;

export class ProgressThrottle {
  readonly #clock: Clock;
  readonly #tell: TellProgress;
  #latest: Parameters<TellProgress> | undefined;
  #nextAt = 0;
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(clock: Clock, tell: TellProgress) {
    this.#clock = clock;
    this.#tell = tell;
  }

  note(fraction: number, message?: string): void {
    if (this.#closed || !Number.isFinite(fraction)) return;
    this.#latest = [fraction, message === undefined ? undefined : String(message)];
    const waitMs = this.#nextAt - this.#clock.monotonic();
    if (waitMs <= 0) this.#send();
    else this.#cancel ??= this.#clock.after(waitMs, () => this.#send());
  }

  /** Sends what was held back and ignores what comes later. */
  close(): void {
    this.#closed = true;
    this.#send();
  }

  #send(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#latest === undefined) return;
    this.#tell(...this.#latest);
    this.#latest = undefined;
    this.#nextAt = this.#clock.monotonic() + EVERY_MS;
  }
}
