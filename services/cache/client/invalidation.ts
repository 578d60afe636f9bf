// What a transaction makes untrue in the cache. Collected while it runs, each thing once, and told after its commit:
// told earlier, a reader could fetch the old row in between and cache it; after a rollback there is nothing to tell.
// A process that dies between commit and telling leaves old values until their ttl.
import type { Transaction } from "../../../database/index.ts";

/** Where the collected things go. */
export interface Invalidates {
  deleteMany(keys: readonly string[]): Promise<unknown>;
  deletePattern(pattern: string): Promise<unknown>;
  invalidateTags(tags: readonly string[]): Promise<unknown>;
}

export class Invalidation {
  readonly #keys = new Set<string>();
  readonly #patterns = new Set<string>();
  readonly #tags = new Set<string>();
  readonly #cache: Invalidates;

  constructor(tx: Transaction, cache: Invalidates) {
    this.#cache = cache;
    tx.afterCommit(() => this.#tell());
  }

  delete(...keys: readonly string[]): this {
    for (const key of keys) this.#keys.add(key);
    return this;
  }

  deletePattern(...patterns: readonly string[]): this {
    for (const pattern of patterns) this.#patterns.add(pattern);
    return this;
  }

  invalidateTags(...tags: readonly string[]): this {
    for (const tag of tags) this.#tags.add(tag);
    return this;
  }

  async #tell(): Promise<void> {
    const told: Promise<unknown>[] = [...this.#patterns].map((pattern) => this.#cache.deletePattern(pattern));
    if (this.#keys.size > 0) told.push(this.#deleteKeys([...this.#keys]));
    if (this.#tags.size > 0) told.push(this.#cache.invalidateTags([...this.#tags]));
    const failed = (await Promise.allSettled(told)).find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** One wrong key must not save the others. */
  async #deleteKeys(keys: readonly string[]): Promise<void> {
    try {
      await this.#cache.deleteMany(keys);
    } catch (error) {
      await Promise.allSettled(keys.map((key) => this.#cache.deleteMany([key])));
      throw error;
    }
  }
}
