// One value being fetched or computed in this process. Everybody who asks for its key meanwhile waits for it.
// An invalidation spoils it: those who wait still get the value, those who ask later do not, and it is kept nowhere.
import type { Clock } from "../../../runtime/index.ts";

export class Flight {
  readonly key: string;
  /** The tags it will be stored under, if it is computed here. */
  readonly tags: readonly string[];
  /** What was asked since `listen` may be untrue: this process may not keep it. */
  isSpoilt = false;
  /** Nor may the cache, which cannot know by itself: it has not heard of the invalidation, or of the flight's tags. */
  isUnfit = false;
  #hasNews = false;
  #wake: (() => void) | undefined;
  #result: Promise<unknown> | undefined;

  constructor(key: string, tags: readonly string[]) {
    this.key = key;
    this.tags = tags;
  }

  /** Starts the work; its failure is for those who wait. */
  start(work: () => Promise<unknown>): Promise<unknown> {
    this.#result = work();
    return this.#result;
  }

  /** A copy of one's own of what the work gives, or `undefined` when it has given nothing after `forMs`. */
  join(clock: Clock, forMs: number): Promise<{ readonly value: unknown } | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(forMs, () => resolve(undefined));
      const landed = (value: unknown) => {
        cancel();
        resolve({ value: typeof value === "object" && value !== null ? structuredClone(value) : value });
      };
      const failed = (reason: unknown) => {
        cancel();
        reject(reason);
      };
      this.#result?.then(landed, failed);
    });
  }

  /** Before a question: news from here on are noted; what was told before cannot spoil its answer. */
  listen(): void {
    this.#hasNews = false;
    this.isSpoilt = false;
    this.isUnfit = false;
  }

  /** Resolves with the next news, or after `forMs`. */
  wait(clock: Clock, forMs: number): Promise<void> {
    if (this.#hasNews) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(forMs, () => this.#wake?.());
      this.#wake = () => {
        cancel();
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** Somebody filled the key, or it was invalidated. */
  tell(): void {
    this.#hasNews = true;
    this.#wake?.();
  }
}
