// The store in this process: what an embedded system has, and what stands in while Redis is away. Bounded by entries and
// bytes; the least recently used goes first.
import { ApiumError, type Clock } from "../../runtime/index.ts";
import { globExpression } from "./keys.ts";
import type { CacheStore, Entry, Kept, Lease, ScanPage, StoreInfo } from "./store.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly newToken: () => string;
  /** Default 100 000; leases, locks and remembered tags as many each. */
  readonly maxEntries?: number;
  /** Of keys, texts and tags. Default 64 MB. */
  readonly maxBytes?: number;
}

interface Item {
  readonly text: string;
  readonly until: number;
  readonly tags: readonly string[];
}

interface Held {
  readonly token: string;
  readonly since: number;
  readonly until: number;
}

const OVERHEAD_BYTES = 100;
const SWEEP_EVERY = 1_000;
/** Longer than any lease. */
const TAG_REMEMBERED_MS = 3_600_000;

export class MemoryStore implements CacheStore {
  readonly kind = "memory";
  readonly isConnected = true;
  readonly #clock: Clock;
  readonly #newToken: () => string;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #items = new Map<string, Item>();
  readonly #tagged = new Map<string, Set<string>>();
  readonly #leases = new Map<string, Held>();
  readonly #locks = new Map<string, Held>();
  readonly #tagsInvalidAt = new Map<string, number>();
  #otherTagsInvalidAt = 0;
  #bytes = 0;
  #writes = 0;

  constructor(options: MemoryStoreOptions) {
    this.#clock = options.clock;
    this.#newToken = options.newToken;
    this.#maxEntries = options.maxEntries ?? 100_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1_048_576;
  }

  async get(keys: readonly string[]): Promise<(string | null)[]> {
    return keys.map((key) => this.#use(key)?.text ?? null);
  }

  async set(entry: Entry, kept: Kept, condition?: "nx" | "xx"): Promise<boolean> {
    const isThere = this.#live(entry.key) !== undefined;
    if ((condition === "nx" && isThere) || (condition === "xx" && !isThere)) return false;
    this.#put(entry, kept);
    return true;
  }

  async setMany(entries: readonly Entry[], kept: Kept): Promise<void> {
    for (const entry of entries) this.#put(entry, kept);
  }

  async delete(keys: readonly string[]): Promise<number> {
    let deleted = 0;
    for (const key of keys) {
      if (this.#live(key) !== undefined) deleted += 1;
      this.#drop(key);
      this.#leases.delete(key);
    }
    return deleted;
  }

  async deletePattern(pattern: string): Promise<number> {
    const expression = globExpression(pattern);
    return this.delete([...this.#items.keys(), ...this.#leases.keys()].filter((key) => expression.test(key)));
  }

  async deleteTagged(tags: readonly string[]): Promise<number> {
    for (const tag of tags) this.#noteInvalid(tag);
    return this.delete([...this.#carrying(tags)]);
  }

  async countPattern(pattern: string): Promise<number> {
    const expression = globExpression(pattern);
    return [...this.#items.keys()].filter((key) => expression.test(key) && this.#live(key) !== undefined).length;
  }

  async countTagged(tags: readonly string[]): Promise<number> {
    return [...this.#carrying(tags)].filter((key) => this.#live(key) !== undefined).length;
  }

  async add(key: string, by: number): Promise<number> {
    const item = this.#live(key);
    if (item === undefined) throw new ApiumError("CACHE_KEY_MISSING");
    if (!/^-?\d+$/.test(item.text)) throw new ApiumError("CACHE_NOT_A_NUMBER");
    const value = Number(item.text) + by;
    if (!Number.isSafeInteger(value)) throw new ApiumError("CACHE_NOT_A_NUMBER");
    this.#drop(key);
    this.#insert(key, { ...item, text: String(value) });
    this.#leases.delete(key);
    return value;
  }

  async ttl(key: string): Promise<number | null | undefined> {
    const item = this.#live(key);
    if (item === undefined) return undefined;
    return item.until === Number.POSITIVE_INFINITY ? null : Math.ceil(item.until - this.#clock.now());
  }

  async expire(key: string, ttlMs: number | null): Promise<boolean> {
    const item = this.#live(key);
    if (item === undefined) return false;
    if (ttlMs === 0) return (await this.delete([key])) === 1;
    this.#drop(key);
    this.#insert(key, { ...item, until: this.#until(ttlMs) });
    return true;
  }

  async rename(from: string, to: string): Promise<boolean> {
    const item = this.#live(from);
    if (item === undefined) return false;
    if (from === to) return true;
    await this.delete([from, to]);
    this.#insert(to, item);
    return true;
  }

  async scan(pattern: string, limit: number, cursor?: string): Promise<ScanPage> {
    const expression = globExpression(pattern);
    const keys = [...this.#items.keys()]
      .filter((key) => (cursor === undefined || key > cursor) && expression.test(key) && this.#live(key) !== undefined)
      .sort();
    const page = keys.slice(0, limit);
    return { keys: page, cursor: keys.length > limit ? page.at(-1) : undefined };
  }

  async lease(key: string, staleMs: number, leaseMs: number): Promise<Lease> {
    const item = this.#use(key);
    const isFresh = item !== undefined && item.until - this.#clock.now() > staleMs;
    if (item !== undefined && (isFresh || staleMs === 0)) return { state: "hit", text: item.text };
    const held = this.#leases.get(key);
    const now = this.#clock.now();
    if (held !== undefined && held.until > now) {
      return item === undefined
        ? { state: "busy", retryInMs: Math.ceil(held.until - now) }
        : { state: "stale", text: item.text };
    }
    const token = this.#newToken();
    this.#noteLease(key, { token, since: now, until: now + leaseMs });
    return item === undefined ? { state: "granted", token } : { state: "stale", text: item.text, token };
  }

  /** Who may compute a key, and for how much longer. */
  leased(key: string): { readonly token: string; readonly leftMs: number } | undefined {
    const held = this.#leases.get(key);
    const leftMs = Math.ceil((held?.until ?? 0) - this.#clock.now());
    return held !== undefined && leftMs > 0 ? { token: held.token, leftMs } : undefined;
  }

  /** Notes a lease that another store has given out. */
  holdLease(key: string, token: string, leaseMs: number): void {
    this.#noteLease(key, { token, since: this.#clock.now(), until: this.#clock.now() + leaseMs });
  }

  async fill(entry: Entry, token: string, kept: Kept): Promise<boolean> {
    const lease = this.#leases.get(entry.key);
    if (!holds(lease, token, this.#clock.now())) return false;
    const { since } = lease;
    this.#leases.delete(entry.key);
    if (kept.tags.some((tag) => (this.#tagsInvalidAt.get(tag) ?? this.#otherTagsInvalidAt) >= since)) return false;
    this.#put(entry, kept);
    return true;
  }

  async release(key: string, token: string): Promise<void> {
    if (this.#leases.get(key)?.token === token) this.#leases.delete(key);
  }

  async lock(name: string, ttlMs: number): Promise<string | null> {
    const now = this.#clock.now();
    if ((this.#locks.get(name)?.until ?? 0) > now) return null;
    this.#sweepNowAndThen();
    // A lock somebody holds cannot be forgotten to make room.
    if (this.#locks.size >= this.#maxEntries) throw new ApiumError("CACHE_UNAVAILABLE", "too many locks are held");
    const token = this.#newToken();
    this.#locks.set(name, { token, since: now, until: now + ttlMs });
    return token;
  }

  async renewLock(name: string, token: string, ttlMs: number): Promise<boolean> {
    const now = this.#clock.now();
    if (!holds(this.#locks.get(name), token, now)) return false;
    this.#locks.set(name, { token, since: now, until: now + ttlMs });
    return true;
  }

  async unlock(name: string, token: string): Promise<boolean> {
    if (!holds(this.#locks.get(name), token, this.#clock.now())) return false;
    return this.#locks.delete(name);
  }

  /** Leases, locks and tags it remembers. */
  get sideEntries(): number {
    return this.#leases.size + this.#locks.size + this.#tagsInvalidAt.size;
  }

  async info(): Promise<StoreInfo> {
    return { entries: this.#items.size, memoryBytes: this.#bytes };
  }

  async close(): Promise<void> {
    this.#items.clear();
    this.#tagged.clear();
    this.#bytes = 0;
  }

  /** Keys with one of the tags. */
  #carrying(tags: readonly string[]): Set<string> {
    return new Set(tags.flatMap((tag) => [...(this.#tagged.get(tag) ?? [])]));
  }

  #put({ key, text }: Entry, { ttlMs, tags }: Kept): void {
    this.#leases.delete(key);
    this.#drop(key);
    if (ttlMs === 0) return;
    this.#insert(key, { text, until: this.#until(ttlMs), tags });
  }

  #insert(key: string, item: Item): void {
    this.#items.set(key, item);
    this.#bytes += weight(key, item);
    for (const tag of item.tags) {
      const members = this.#tagged.get(tag) ?? new Set();
      members.add(key);
      this.#tagged.set(tag, members);
    }
    this.#sweepNowAndThen();
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#items.delete(key);
    this.#bytes -= weight(key, item);
    for (const tag of item.tags) {
      const members = this.#tagged.get(tag);
      members?.delete(key);
      if (members?.size === 0) this.#tagged.delete(tag);
    }
  }

  #live(key: string): Item | undefined {
    const item = this.#items.get(key);
    if (item === undefined || item.until > this.#clock.now()) return item;
    this.#drop(key);
    return undefined;
  }

  /** Reads an item, which makes it the most recently used. */
  #use(key: string): Item | undefined {
    const item = this.#live(key);
    if (item === undefined) return undefined;
    this.#items.delete(key);
    this.#items.set(key, item);
    return item;
  }

  /** Full, it forgets the lease that was noted first: its holder's value is then not stored. */
  #noteLease(key: string, held: Held): void {
    this.#leases.delete(key);
    this.#leases.set(key, held);
    this.#sweepNowAndThen();
    const [oldest] = this.#leases.keys();
    if (oldest !== undefined && this.#leases.size > this.#maxEntries) this.#leases.delete(oldest);
  }

  /** Full, it takes every tag it does not know for one invalidated with the tag it forgets. */
  #noteInvalid(tag: string): void {
    this.#tagsInvalidAt.delete(tag);
    this.#tagsInvalidAt.set(tag, this.#clock.now());
    this.#sweepNowAndThen();
    const [oldest] = this.#tagsInvalidAt;
    if (oldest === undefined || this.#tagsInvalidAt.size <= this.#maxEntries) return;
    this.#tagsInvalidAt.delete(oldest[0]);
    this.#otherTagsInvalidAt = oldest[1];
  }

  /** What has expired and nobody asks for. */
  #sweepNowAndThen(): void {
    this.#writes += 1;
    if (this.#writes % SWEEP_EVERY > 0) return;
    const now = this.#clock.now();
    for (const [key, { until }] of this.#items) if (until <= now) this.#drop(key);
    for (const [tag, at] of this.#tagsInvalidAt) if (at < now - TAG_REMEMBERED_MS) this.#tagsInvalidAt.delete(tag);
    for (const held of [this.#leases, this.#locks]) {
      for (const [key, { until }] of held) if (until <= now) held.delete(key);
    }
  }

  #until(ttlMs: number | null): number {
    return ttlMs === null ? Number.POSITIVE_INFINITY : this.#clock.now() + ttlMs;
  }
}

function holds(held: Held | undefined, token: string, now: number): held is Held {
  return held !== undefined && held.token === token && held.until > now;
}

function weight(key: string, { text, tags }: Item): number {
  const tagged = tags.reduce((sum, tag) => sum + tag.length * 2 + OVERHEAD_BYTES, 0);
  return (key.length + text.length) * 2 + OVERHEAD_BYTES + tagged;
}
