// Writes many small things in one statement. Flushes at once when nothing is in flight and batches only behind a
// flight: an idle system is fast, a busy one efficient. A patient writer holds on to what it has while the database is
// away and tries again; that is for writes whose repetition does no harm. The other kind says no at once.
import { sleep } from "../runtime/contract/clock.ts";
import type { Foundation } from "../runtime/contract/foundation.ts";
import { detached } from "./open-transaction.ts";
import { isTransient } from "./store-error.ts";

const MOST_FLIGHTS = 2;
const FIRST_RETRY_MS = 50;
const SLOWEST_RETRY_MS = 2_000;

interface Pending<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes `items` in one statement and answers each, in order. */
export type WriteBatch<Item, Answer> = (items: readonly Item[]) => Promise<readonly Answer[]>;

export class BatchWriter<Item, Answer> {
  readonly #parts: Foundation;
  readonly #write: WriteBatch<Item, Answer>;
  readonly #most: number;
  readonly #isPatient: boolean;
  #waiting: Pending<Item, Answer>[] = [];
  #flights = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(
    parts: Foundation,
    options: { readonly most: number; readonly patient: boolean },
    write: WriteBatch<Item, Answer>,
  ) {
    this.#parts = parts;
    this.#most = options.most;
    this.#isPatient = options.patient;
    this.#write = write;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#flights === 0;
  }

  /** Resolves once the item is committed. A patient writer rejects only errors that no repetition can mend. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#scheduled || this.#flights >= MOST_FLIGHTS) return;
      this.#scheduled = true;
      detached(() => setImmediate(() => this.#pump()));
    });
  }

  /** Resolves when everything that was added has been written. */
  drained(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    this.#scheduled = false;
    while (this.#waiting.length > 0 && this.#flights < MOST_FLIGHTS) {
      const batch = this.#waiting.splice(0, this.#most);
      this.#flights++;
      void this.#fly(batch);
    }
    if (this.isIdle) {
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  async #fly(batch: readonly Pending<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#writeUntilDone(batch.map((pending) => pending.item));
      for (const [index, pending] of batch.entries()) pending.resolve(answers[index] as Answer);
    } catch (error) {
      if (batch.length === 1 || isTransient(error)) for (const pending of batch) pending.reject(error);
      else await this.#oneByOne(batch);
    } finally {
      this.#flights--;
      this.#pump();
    }
  }

  /** One item the database refuses must not take its neighbours with it. */
  async #oneByOne(batch: readonly Pending<Item, Answer>[]): Promise<void> {
    for (const pending of batch) {
      try {
        const [answer] = await this.#writeUntilDone([pending.item]);
        pending.resolve(answer as Answer);
      } catch (error) {
        pending.reject(error);
      }
    }
  }

  async #writeUntilDone(items: readonly Item[]): Promise<readonly Answer[]> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, SLOWEST_RETRY_MS)) {
      try {
        return await this.#write(items);
      } catch (error) {
        if (!this.#isPatient || !isTransient(error)) throw error;
        this.#parts.log.warn(`could not write ${items.length} items; trying again in ${delayMs} ms`, error);
        await sleep(this.#parts.clock, delayMs);
      }
    }
  }
}
