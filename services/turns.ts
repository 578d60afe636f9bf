// Work that is costly to everybody, a few at a time; who would wait too long is better told to come again.
import { ApiumError } from "../runtime/index.ts";

export class Turns {
  readonly #mostWaiting: number;
  readonly #refusal: string;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param refusal - what is said when too many wait. */
  constructor({ turns, mostWaiting, refusal }: { turns: number; mostWaiting: number; refusal: string }) {
    this.#free = turns;
    this.#mostWaiting = mostWaiting;
    this.#refusal = refusal;
  }

  /** @throws ApiumError `SERVICE_UNAVAILABLE` when too many wait already; what `work` throws. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free === 0) {
      if (this.#waiting.length >= this.#mostWaiting) throw new ApiumError("SERVICE_UNAVAILABLE", this.#refusal);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
