// A store whose server may be away. Nobody is kept waiting and nothing throws: reads miss, writes are dropped and
// counted, leases are given out from this process, and what was invalidated meanwhile is invalidated before the first
// read after the return. Locks and counts refuse: what nobody can prove must not be claimed. Whether the server is
// back is found out beside the calls, by one question at a time.
import { ApiumError, type Clock, type Log, messageOf } from "../../runtime/index.ts";
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

/** After a failure the store is left alone for this long. */
const REST_MS = 250;
/** A key nobody stores: the question whether the server answers. */
export const PROBE = "apium:is-it-there";
/** A server that says so of one command is there. What else it may say (LOADING, BUSY, NOAUTH…) makes it useless for all. */
const REFUSALS = /^(ERR|WRONGTYPE|NOSCRIPT|NOREPLICAS|OOM|MISCONF|READONLY) /;
/** What was computed during an outage serves those who waited for it, and hardly anybody else. */
const STAND_IN_MS = 1_000;
const MOST_INVALIDATIONS = 10_000;
const LOST = "the connection is lost";

export class ResilientStore implements CacheStore {
  readonly kind: CacheStore["kind"];
  readonly #parts: ResilientStoreParts;
  #restUntil = 0;
  #isAway = false;
  #whyAway = "";
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

  get failure(): string | undefined {
    if (this.isConnected) return undefined;
    const { store } = this.#parts;
    return store.isConnected ? this.#whyAway : (store.failure ?? LOST);
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
    const keys = entries.map(({ key }) => key);
    await this.#parts.standIn.delete(keys);
    await this.#ask(
      (store) => store.setMany(entries, kept),
      () => this.#drop({ keys }, undefined),
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

  countPattern(pattern: string): Promise<number> {
    return this.#ask((store) => store.countPattern(pattern), refuseCount);
  }

  countTagged(tags: readonly string[]): Promise<number> {
    return this.#ask((store) => store.countTagged(tags), refuseCount);
  }

  async add(key: string, by: number): Promise<number> {
    await this.#parts.standIn.delete([key]);
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

  async expire(key: string, ttlMs: number | null): Promise<boolean> {
    if (ttlMs === 0) await this.#parts.standIn.delete([key]);
    return this.#ask(
      (store) => store.expire(key, ttlMs),
      () => this.#drop({ keys: [key] }, false),
    );
  }

  async rename(from: string, to: string): Promise<boolean> {
    await this.#parts.standIn.delete([from, to]);
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
    if (!store.isConnected) this.#left(LOST);
    if (this.#isAway) {
      this.lookAgain();
      return otherwise();
    }
    // One caller catches up; the others come too early.
    if (this.#catchingUp !== undefined) return otherwise();
    try {
      if (this.#hasMissed) await this.#catchUp();
      return await ask(store);
    } catch (error) {
      if (error instanceof ApiumError) throw error;
      counts.errors += 1;
      // A full server still answers reads; anything else is an outage.
      if (!isRefusal(error)) {
        this.#restUntil = clock.monotonic() + REST_MS;
        this.#left(messageOf(error));
      }
      return otherwise();
    }
  }

  /** Finds out whether the server answers again, unless that is being done or was done a moment ago. */
  lookAgain(): void {
    const { store, clock, counts } = this.#parts;
    if (!this.#isAway || !store.isConnected || this.#catchingUp !== undefined) return;
    if (clock.monotonic() < this.#restUntil) return;
    this.#catchUp().then(
      () => this.#back(),
      () => {
        counts.errors += 1;
        this.#restUntil = clock.monotonic() + REST_MS;
      },
    );
  }

  #drop<Answer>(invalidation: Invalidation, answer: Answer): Answer {
    this.#parts.counts.dropped += 1;
    if (this.#missed.length >= MOST_INVALIDATIONS) {
      this.#missed = [];
      this.#hasMissedTooMany = true;
    } else if (!this.#hasMissedTooMany) this.#missed.push(invalidation);
    return answer;
  }

  get #hasMissed(): boolean {
    return this.#hasMissedTooMany || this.#missed.length > 0;
  }

  /** What was invalidated during the outage. */
  #catchUp(): Promise<void> {
    this.#catchingUp = this.#replay().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  async #replay(): Promise<void> {
    const { store, everything } = this.#parts;
    if (this.#isAway) await store.get([PROBE]);
    while (this.#hasMissed) {
      if (this.#hasMissedTooMany) {
        // What is missed from here on is noted again.
        this.#hasMissedTooMany = false;
        try {
          await store.deletePattern(everything);
        } catch (error) {
          this.#hasMissedTooMany = true;
          throw error;
        }
        continue;
      }
      const [first] = this.#missed;
      if (first === undefined) break;
      if ("keys" in first) await store.delete(first.keys);
      else if ("pattern" in first) await store.deletePattern(first.pattern);
      else await store.deleteTagged(first.tags);
      // It may have been forgotten for everything meanwhile.
      if (this.#missed[0] === first) this.#missed.shift();
    }
  }

  #left(why: string): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#whyAway = why;
    this.#parts.log.warn(`cache ${this.#parts.label}: going on without its server (${why})`);
  }

  #back(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#parts.log.info(`cache ${this.#parts.label}: its server answers again`);
  }
}

function isRefusal(error: unknown): boolean {
  return REFUSALS.test(messageOf(error));
}

function refuseCount(): never {
  throw new ApiumError("CACHE_UNAVAILABLE", "nobody can count keys while the cache's server is away");
}

function refuseLock(): never {
  throw new ApiumError("CACHE_UNAVAILABLE", "locks are not given out while the cache's server is away");
}
