// The port of the cache's stores. They know full keys (`prefix:version:key`) and JSON text, nothing of caches or values.
// A lease is the right to compute one key's value: it is given to one caller, ends by itself, and is lost with every
// change of the key, so that what was computed from old facts is not stored (memcached's leases; Nishtala et al. 2013).

export type Lease =
  | { readonly state: "hit"; readonly text: string }
  /** Past its ttl and within its stale time; the token is for the one caller that should compute anew. */
  | { readonly state: "stale"; readonly text: string; readonly token?: string }
  | { readonly state: "granted"; readonly token: string }
  | { readonly state: "busy"; readonly retryInMs: number };

export interface Entry {
  readonly key: string;
  /** JSON. */
  readonly text: string;
}

export interface Kept {
  /** Milliseconds; null: for ever. */
  readonly ttlMs: number | null;
  /** Full keys of the tags. */
  readonly tags: readonly string[];
}

export interface ScanPage {
  readonly keys: readonly string[];
  /** Undefined after the last page. */
  readonly cursor: string | undefined;
}

export interface StoreInfo {
  readonly entries: number | null;
  readonly memoryBytes: number | null;
}

export interface CacheStore {
  readonly kind: "redis" | "memory";
  /** False while its server does not answer. */
  readonly isConnected: boolean;
  /** Why its server did not answer last; undefined while it does, or where nobody knows. */
  readonly failure?: string | undefined;

  get(keys: readonly string[]): Promise<(string | null)[]>;
  /** Stores, if the condition holds: `nx` not there yet, `xx` there already. */
  set(entry: Entry, kept: Kept, condition?: "nx" | "xx"): Promise<boolean>;
  setMany(entries: readonly Entry[], kept: Kept): Promise<void>;
  /** How many there were. */
  delete(keys: readonly string[]): Promise<number>;
  /** Glob in Redis' notation. */
  deletePattern(pattern: string): Promise<number>;
  /** Deletes what carries one of the tags. */
  deleteTagged(tags: readonly string[]): Promise<number>;
  /** How many `deletePattern` would delete; about as many while the store changes. */
  countPattern(pattern: string): Promise<number>;
  /** How many `deleteTagged` would delete. */
  countTagged(tags: readonly string[]): Promise<number>;
  /** @throws ApiumError `CACHE_KEY_MISSING`, `CACHE_NOT_A_NUMBER`. */
  add(key: string, by: number): Promise<number>;
  /** Milliseconds left; null: for ever; undefined: it is not there. */
  ttl(key: string): Promise<number | null | undefined>;
  /** Whether it was there. A ttl of 0 deletes it; its tags stay with it. */
  expire(key: string, ttlMs: number | null): Promise<boolean>;
  /** Whether it was there. The ttl and the tags go along. */
  rename(from: string, to: string): Promise<boolean>;
  /**
   * A page of about `limit` keys: what Redis finds in one step is not cut.
   * @throws ApiumError `PARAMS_INVALID` for a cursor that is none.
   */
  scan(pattern: string, limit: number, cursor?: string): Promise<ScanPage>;

  lease(key: string, staleMs: number, leaseMs: number): Promise<Lease>;
  /** Stores a computed value, if the lease still holds. */
  fill(entry: Entry, token: string, kept: Kept): Promise<boolean>;
  release(key: string, token: string): Promise<void>;

  /** The owner's token, or null when somebody else owns the lock. */
  lock(name: string, ttlMs: number): Promise<string | null>;
  /** Whether the token still owns it. */
  renewLock(name: string, token: string, ttlMs: number): Promise<boolean>;
  unlock(name: string, token: string): Promise<boolean>;

  info(): Promise<StoreInfo>;
  close(): Promise<void>;
}
