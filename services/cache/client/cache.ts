// What a service holds to use the cache: one of the named caches, whose every method is a line in a handler.
//
// The cache never stands in the way. A service that is missing, slow or broken makes reads miss, drops writes and lets
// `remember` compute; each call ends within the client's time limit (500 ms). Only locks refuse, because a lock nobody
// holds must not be claimed. What is asked wrongly (a key of two kilobytes) is refused with its error, always.
//
// Values are JSON: what a reader gets is what JSON makes of the value that was stored.
import type { Transaction } from "../../../database/index.ts";
import type { Duration } from "../../../runtime/index.ts";
import type { Invalidation } from "./invalidation.ts";

/** The caches the service knows. */
export type CacheName = "default" | "select2" | "sessions";

export interface SetOptions {
  /** How long it is kept; `null` for ever. Default: the cache's own. */
  readonly ttl?: Duration | null | undefined;
  /** Names under which `invalidateTags` finds it. */
  readonly tags?: readonly string[] | undefined;
}

export interface SetOneOptions extends SetOptions {
  /** Only when the key is not there yet. */
  readonly nx?: boolean | undefined;
  /** Only when the key is there already. */
  readonly xx?: boolean | undefined;
}

export interface RememberOptions<Value> {
  /** How long the value counts as fresh. */
  readonly ttl: Duration;
  /** How long after that it is still given out while one caller computes it anew in the background. Default not at all. */
  readonly staleFor?: Duration | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The ttl is spread by this share either way, so that what was stored together does not end together. Default 0.1. */
  readonly jitter?: number | undefined;
  /**
   * Keeps the value in this process, too, for this long. It is dropped when the cache tells of an invalidation; should
   * that broadcast be lost, this is how long an old value may live on here. Default not at all.
   */
  readonly firstLevel?: Duration | undefined;
  /**
   * How long one caller may compute before another may begin: a few times what `compute` takes. Whoever has waited for
   * two of them computes, whatever others do. Default 10s.
   */
  readonly leaseFor?: Duration | undefined;
  /** Says of a computed value whether it is to be kept. Default: every value but `undefined`. */
  readonly cacheIf?: ((value: Value) => boolean) | undefined;
}

export interface LockOptions {
  /** The lock is free again this long after its holder has died. Renewed while the work runs. Default 30s. */
  readonly ttl?: Duration | undefined;
  /** How long to wait for a lock somebody else holds. Default not at all. */
  readonly wait?: Duration | undefined;
}

export type Lookup<Value> =
  | { readonly state: "found"; readonly value: Value }
  | { readonly state: "missing" }
  | { readonly state: "unknown" };

export interface Cache {
  readonly name: CacheName;
  readonly version: number;

  /** The value, or `undefined` when there is none or nobody can tell. */
  get<Value>(key: string): Promise<Value | undefined>;
  /** The same, telling "there is none" (`missing`) and "nobody can tell" (`unknown`) apart. */
  lookup<Value>(key: string): Promise<Lookup<Value>>;
  /** Those of the keys that have a value. */
  getMany<Value>(keys: readonly string[]): Promise<Map<string, Value>>;
  /** Whether it was stored. */
  set(key: string, value: unknown, options?: SetOneOptions): Promise<boolean>;
  /** How many were stored. */
  setMany(values: Readonly<Record<string, unknown>>, options?: SetOptions): Promise<number>;

  /** How many there were. An invalidation that nobody heard is sent again until it is heard. */
  delete(key: string): Promise<number>;
  deleteMany(keys: readonly string[]): Promise<number>;
  /** Glob: `*`, `?`, `[ab]`, and `\` before one of them to mean itself. */
  deletePattern(pattern: string): Promise<number>;
  invalidateTags(tags: readonly string[]): Promise<number>;
  /** Everything of this cache, in all versions. */
  clear(): Promise<number>;

  /**
   * The new value; `undefined` when nobody answered.
   * @throws ApiumError `CACHE_KEY_MISSING`, `CACHE_NOT_A_NUMBER`.
   */
  incr(key: string, by?: number): Promise<number | undefined>;
  decr(key: string, by?: number): Promise<number | undefined>;
  /** Gives a value a new ttl; whether it was there. */
  touch(key: string, ttl: Duration | null): Promise<boolean>;

  /**
   * The cached value, or what `compute` gives, which is then cached. One caller computes a key at a time, in this process
   * and across all; the others wait for it. With `staleFor` nobody waits: the old value is given out at once.
   * `null` is cached, `undefined` is not, and neither is an error: it is thrown to all who waited.
   * A value that was invalidated while it was computed is returned and kept nowhere. The signal of `compute` aborts when
   * the process stops.
   * @throws ApiumError `DURATION_NOTATION`, `RESULT_NOT_JSON`; whatever `compute` throws.
   */
  remember<Value>(
    key: string,
    options: RememberOptions<Value>,
    compute: (signal: AbortSignal) => Promise<Value> | Value,
  ): Promise<Value>;

  /**
   * Runs `work` while nobody else holds the lock of this name. The signal aborts when the lock can no longer be proven
   * to be ours: `work` should end then.
   * @throws ApiumError `CACHE_LOCKED` when somebody else holds it, `CACHE_UNAVAILABLE` when nobody can tell.
   */
  lock<Result>(
    name: string,
    options: LockOptions,
    work: (signal: AbortSignal) => Promise<Result> | Result,
  ): Promise<Result>;

  /** Collects what is to be invalidated once `tx` has committed; after a rollback nothing is. One list a transaction. */
  afterCommit(tx: Transaction): Invalidation;

  /** Another of the named caches. */
  named(name: CacheName, version?: number): Cache;
}
