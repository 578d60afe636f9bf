// A store whose server may be away. Nobody is kept waiting and nothing throws: reads miss, writes are dropped and
// counted, leases are given out from this process, and what was invalidated meanwhile is invalidated before the first
// read after the return. Locks alone refuse: a lock that nobody can prove must not be claimed.
import { ApiumError, type Clock, codeOf, type Log, messageOf } from "../../runtime/index.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { CacheStore, Entry, Kept, Lease, ScanPage, StoreInfo } from "./store.ts";

export interface StoreCounts {
  /** Commands the store did not answer, or answered with an error. */
  errors: number;
  /** Writes that were not kept. */
  dropped: number;
}

export interface ResilientStoreParts {
  readonly store: CacheStore;
  /** Leases while the store is away, and for a moment what was computed under them, for those who waited for it. */
  readonly standIn: MemoryStore;
  readonly counts: StoreCounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly label: string;
  /** Glob of every key of the cache: what is deleted when too much was missed to be named. */
  readonly everything: string;
}

type Invalidation =
  | { readonly keys: readonly string[] }
  | { readonly pattern: string }
  | { readonly tags: readonly string[] };

/** After a failure the store is left alone for this long, so that an outage costs one caller its wait and not all. */
const REST_MS = 250;
/** What was computed during an outage serves those who waited for it, and hardly anybody else. */
const STAND_IN_MS = 1_000;
const MOST_INVALIDATIONS = 10_000;

export class ResilientStore implements CacheStore {
  readonly kind: CacheStore["kind"];
  readonly #parts: ResilientStoreParts;
  #restUntil = 0;
  #isAway = false;
  #missed: Invalidation[] = [];
  #hasMissedTooMany = false;
  #catchingUp: Promise<void> | undefined;

  constructor(parts: ResilientStoreParts) {
    this.#parts = parts;
    this.kind = parts.store.kind;
  }

  get isConnected(): boolean {
    return this.#parts.store.isConnected && !this.#isAway;
  }

  get(keys: readonly string[]): Promise<(string | null)[]> {
    return this.#ask(
      (store) => store.get(keys),
      () => keys.map(() => null),
    );
  }

  async set(entry: Entry, kept: Kept, condition?: "nx" | "xx"): Promise<boolean> {
    await this.#parts.standIn.delete([entry.key]);
    return this.#ask(
      (store) => store.set(entry, kept, condition),
      // The value before it must not come back with the server.
      () => this.#drop({ keys: [entry.key] }, false),
    );
  }

  async setMany(entries: readonly Entry[], kept: Kept): Promise<void> {
    await this.#ask(
      (store) => store.setMany(entries, kept),
      () => this.#drop({ keys: entries.map(({ key }) => key) }, undefined),
    );
  }

  async delete(keys: readonly string[]): Promise<number> {
    await this.#parts.standIn.delete(keys);
    return this.#ask(
      (store) => store.delete(keys),
      () => this.#drop({ keys }, 0),
    );
  }

  async deletePattern(pattern: string): Promise<number> {
    await this.#parts.standIn.deletePattern(pattern);
    return this.#ask(
      (store) => store.deletePattern(pattern),
      () => this.#drop({ pattern }, 0),
    );
  }

  async deleteTagged(tags: readonly string[]): Promise<number> {
    await this.#parts.standIn.deleteTagged(tags);
    return this.#ask(
      (store) => store.deleteTagged(tags),
      () => this.#drop({ tags }, 0),
    );
  }

  add(key: string, by: number): Promise<number> {
    return this.#ask(
      (store) => store.add(key, by),
      () => {
        this.#drop({ keys: [key] }, 0);
        throw new ApiumError("CACHE_UNAVAILABLE", "nobody can tell the number while the cache's server is away");
      },
    );
  }

  ttl(key: string): Promise<number | null | undefined> {
    return this.#ask(
      (store) => store.ttl(key),
      () => undefined,
    );
  }

  expire(key: string, ttlMs: number | null): Promise<boolean> {
    return this.#ask(
      (store) => store.expire(key, ttlMs),
      () => this.#drop({ keys: [key] }, false),
    );
  }

  rename(from: string, to: string): Promise<boolean> {
    return this.#ask(
      (store) => store.rename(from, to),
      () => this.#drop({ keys: [from, to] }, false),
    );
  }

  scan(pattern: string, limit: number, cursor?: string): Promise<ScanPage> {
    return this.#ask(
      (store) => store.scan(pattern, limit, cursor),
      () => ({ keys: [], cursor: undefined }),
    );
  }

  async lease(key: string, staleMs: number, leaseMs: number): Promise<Lease> {
    const { standIn } = this.#parts;
    // A lease this process has given out holds whatever the server thinks of it, before and after an outage.
    const own = standIn.leased(key);
    const lease = await this.#ask<Lease>(
      (store) => store.lease(key, staleMs, leaseMs),
      () => standIn.lease(key, 0, leaseMs),
    );
    if (lease.state !== "granted" || standIn.leased(key)?.token === lease.token) return lease;
    // Another may have been granted one meanwhile, by this process's own memory.
    const holder = own ?? standIn.leased(key);
    if (holder !== undefined) {
      await this.release(key, lease.token);
      return { state: "busy", retryInMs: holder.leftMs };
    }
    standIn.holdLease(key, lease.token, leaseMs);
    return lease;
  }

  async fill(entry: Entry, token: string, kept: Kept): Promise<boolean> {
    const { standIn } = this.#parts;
    const isOwn = standIn.leased(entry.key)?.token === token;
    const isStored = await this.#ask(
      (store) => store.fill(entry, token, kept),
      () => {
        this.#parts.counts.dropped += 1;
        return undefined;
      },
    );
    if (isStored !== undefined || !isOwn) {
      await standIn.release(entry.key, token);
      return isStored ?? false;
    }
    await standIn.fill(entry, token, { ttlMs: Math.min(STAND_IN_MS, kept.ttlMs ?? STAND_IN_MS), tags: kept.tags });
    return false;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#parts.standIn.release(key, token);
    await this.#ask(
      (store) => store.release(key, token),
      () => undefined,
    );
  }

  lock(name: string, ttlMs: number): Promise<string | null> {
    return this.#ask((store) => store.lock(name, ttlMs), refuseLock);
  }

  renewLock(name: string, token: string, ttlMs: number): Promise<boolean> {
    return this.#ask((store) => store.renewLock(name, token, ttlMs), refuseLock);
  }

  unlock(name: string, token: string): Promise<boolean> {
    return this.#ask((store) => store.unlock(name, token), refuseLock);
  }

  info(): Promise<StoreInfo> {
    return this.#ask(
      (store) => store.info(),
      () => ({ entries: null, memoryBytes: null }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#parts.store.close(), this.#parts.standIn.close()]);
  }

  async #ask<Answer>(
    ask: (store: CacheStore) => Promise<Answer>,
    otherwise: () => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const { store, clock, counts } = this.#parts;
    if (clock.monotonic() < this.#restUntil || !store.isConnected) {
      this.#left("the connection is lost");
      return otherwise();
    }
    try {
      // One caller catches up; that the others come too early is no outage, and no reason to rest again.
      if (this.#catchingUp !== undefined) return await otherwise();
      if (this.#isAway || this.#missed.length > 0) await this.#catchUp();
      const answer = await ask(store);
      this.#back();
      return answer;
    } catch (error) {
      if (codeOf(error) === "CACHE_KEY_MISSING" || codeOf(error) === "CACHE_NOT_A_NUMBER") throw error;
      counts.errors += 1;
      // A full server still answers reads; anything else is an outage.
      if (!isFull(error)) {
        this.#restUntil = clock.monotonic() + REST_MS;
        this.#left(messageOf(error));
      }
      return otherwise();
    }
  }

  #drop<Answer>(invalidation: Invalidation, answer: Answer): Answer {
    this.#parts.counts.dropped += 1;
    if (this.#missed.length >= MOST_INVALIDATIONS) {
      this.#missed = [];
      this.#hasMissedTooMany = true;
    } else if (!this.#hasMissedTooMany) this.#missed.push(invalidation);
    return answer;
  }

  /** What was invalidated during the outage. */
  async #catchUp(): Promise<void> {
    this.#catchingUp = this.#replay().finally(() => {
      this.#catchingUp = undefined;
    });
    await this.#catchingUp;
  }

  async #replay(): Promise<void> {
    const { store, everything } = this.#parts;
    if (this.#hasMissedTooMany) {
      await store.deletePattern(everything);
      this.#hasMissedTooMany = false;
    }
    while (this.#missed.length > 0) {
      const [first] = this.#missed;
      if (first === undefined) break;
      if ("keys" in first) await store.delete(first.keys);
      else if ("pattern" in first) await store.deletePattern(first.pattern);
      else await store.deleteTagged(first.tags);
      this.#missed.shift();
    }
  }

  #left(why: string): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#parts.log.warn(`cache ${this.#parts.label}: going on without its server (${why})`);
  }

  #back(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#parts.log.info(`cache ${this.#parts.label}: its server answers again`);
  }
}

function isFull(error: unknown): boolean {
  return /^OOM |^MISCONF |^READONLY /.test(messageOf(error));
}

function refuseLock(): never {
  throw new ApiumError("CACHE_UNAVAILABLE", "locks are not given out while the cache's server is away");
}
