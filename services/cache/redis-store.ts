// The store on a Redis server: one connection to one of its databases. What must happen at once is a script there.
// No command waits longer than the limit, none waits in a queue for a lost connection, and none is sent twice. Commands
// are not gathered into pipelines: ioredis runs one at a time, and who comes behind a frozen one would wait twice.
import { ApiumError, messageOf } from "../../runtime/index.ts";
import { sideKey } from "./keys.ts";
import { PunctualRedis } from "./punctual-redis.ts";
import { SCRIPTS, type Script } from "./redis-scripts.ts";
import type { CacheStore, Entry, Kept, Lease, ScanPage, StoreInfo } from "./store.ts";

export interface RedisStoreOptions {
  readonly url: string;
  /** Number of the database. */
  readonly database: number;
  /** The longest a command may take. Default 250 ms. */
  readonly timeoutMs?: number;
  readonly newToken: () => string;
  readonly onReady?: () => void;
  readonly onError?: (error: Error) => void;
}

const SCAN_STEP = 500;
const BATCH = 500;
/** Longer than any lease. */
const TAG_REMEMBERED_MS = 3_600_000;
const RECONNECT_MS = 1_000;
const CONNECT_MS = 2_000;

export class RedisStore implements CacheStore {
  readonly kind = "redis";
  readonly #redis: PunctualRedis;
  readonly #newToken: () => string;
  #failure: string | undefined;

  constructor(options: RedisStoreOptions) {
    this.#newToken = options.newToken;
    this.#redis = new PunctualRedis(options.url, options.timeoutMs ?? 250, {
      db: options.database,
      connectTimeout: CONNECT_MS,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(100 * times, RECONNECT_MS),
      scripts: Object.fromEntries(Object.entries(SCRIPTS).map(([name, lua]) => [name, { lua }])),
    });
    // Without a listener an outage would end the process.
    this.#redis.on("error", (error: Error) => {
      this.#failure = messageOf(error);
      options.onError?.(error);
    });
    this.#redis.on("ready", () => {
      this.#failure = undefined;
      options.onReady?.();
    });
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  get isConnected(): boolean {
    return this.#redis.status === "ready";
  }

  async get(keys: readonly string[]): Promise<(string | null)[]> {
    const [only] = keys;
    return keys.length === 1 && only !== undefined ? [await this.#redis.get(only)] : this.#redis.mget(...keys);
  }

  async set({ key, text }: Entry, kept: Kept, condition?: "nx" | "xx"): Promise<boolean> {
    return (await this.#run("cacheSet", [key, ...kept.tags], [text, wire(kept.ttlMs), condition ?? ""])) === 1;
  }

  async setMany(entries: readonly Entry[], kept: Kept): Promise<void> {
    await Promise.all(entries.map((entry) => this.set(entry, kept)));
  }

  async delete(keys: readonly string[]): Promise<number> {
    let deleted = 0;
    for (let start = 0; start < keys.length; start += BATCH) {
      deleted += Number(await this.#run("cacheDelete", keys.slice(start, start + BATCH), []));
    }
    return deleted;
  }

  async deletePattern(pattern: string): Promise<number> {
    // Leases first: what is computed under one of them and stored meanwhile would be behind the scan of the values.
    await this.#eachScanned(sideKey.lease(pattern), async (leases) => {
      await this.#redis.unlink(...leases);
    });
    let deleted = 0;
    await this.#eachScanned(pattern, async (keys) => {
      deleted += await this.delete(keys);
    });
    return deleted;
  }

  async deleteTagged(tags: readonly string[]): Promise<number> {
    let deleted = 0;
    for (const tag of tags) {
      await this.#run("invalidateTag", [tag], [TAG_REMEMBERED_MS]);
      for (let seen = BATCH; seen === BATCH; ) {
        const [count, members] = (await this.#run("deleteTagged", [tag], [BATCH])) as [number, number];
        deleted += count;
        seen = members;
      }
    }
    return deleted;
  }

  async countPattern(pattern: string): Promise<number> {
    let count = 0;
    await this.#eachScanned(pattern, async (keys) => {
      count += keys.length;
    });
    return count;
  }

  async countTagged(tags: readonly string[]): Promise<number> {
    const carrying = new Set<string>();
    for (const tag of tags) {
      for (let from = 0, seen = BATCH; seen === BATCH; from += BATCH) {
        const keys = await this.#redis.zrange(tag, from, from + BATCH - 1);
        for (const key of keys) carrying.add(key);
        seen = keys.length;
      }
    }
    // A tag still knows keys whose ttl is over.
    let count = 0;
    const keys = [...carrying];
    for (let start = 0; start < keys.length; start += BATCH) {
      count += await this.#redis.exists(...keys.slice(start, start + BATCH));
    }
    return count;
  }

  async add(key: string, by: number): Promise<number> {
    try {
      return Number(await this.#run("cacheAdd", [key], [by]));
    } catch (error) {
      const { message = "" } = error as Error;
      if (message.includes("MISSING")) throw new ApiumError("CACHE_KEY_MISSING");
      if (/NOT_A_NUMBER|WRONGTYPE|not an integer|overflow/.test(message)) throw new ApiumError("CACHE_NOT_A_NUMBER");
      throw error;
    }
  }

  async ttl(key: string): Promise<number | null | undefined> {
    const left = await this.#redis.pttl(key);
    return left === -2 ? undefined : left === -1 ? null : left;
  }

  async expire(key: string, ttlMs: number | null): Promise<boolean> {
    return (await this.#run("cacheExpire", [key], [wire(ttlMs)])) === 1;
  }

  async rename(from: string, to: string): Promise<boolean> {
    return (await this.#run("cacheRename", [from, to], [])) === 1;
  }

  async scan(pattern: string, limit: number, cursor = "0"): Promise<ScanPage> {
    if (!/^\d{1,20}$/.test(cursor)) {
      throw new ApiumError("PARAMS_INVALID", "the cursor is not one of the cache's", {
        fields: [{ field: "cursor", message: "must be the nextCursor of the page before" }],
      });
    }
    const keys: string[] = [];
    let at = cursor;
    // A step cannot be cut, so that its size decides how far a page goes beyond the limit.
    let step = Math.min(limit, SCAN_STEP);
    do {
      const [next, found] = await this.#redis.scan(at, "MATCH", pattern, "COUNT", step);
      keys.push(...found);
      at = next;
      if (found.length === 0) step = Math.min(2 * step, SCAN_STEP);
    } while (at !== "0" && keys.length < limit);
    return { keys, cursor: at === "0" ? undefined : at };
  }

  async lease(key: string, staleMs: number, leaseMs: number): Promise<Lease> {
    const newToken = this.#newToken();
    const asked = this.#run("cacheLease", [key], [newToken, leaseMs, staleMs]);
    const [state, text, token] = (await this.#heard(asked, sideKey.lease(key), newToken)) as [string, string, string?];
    if (state === "hit") return { state, text };
    if (state === "stale") return token ? { state, text, token } : { state, text };
    return state === "granted" ? { state, token: text } : { state: "busy", retryInMs: Math.max(1, Number(text)) };
  }

  async fill({ key, text }: Entry, token: string, kept: Kept): Promise<boolean> {
    return (await this.#run("cacheFill", [key, ...kept.tags], [text, wire(kept.ttlMs), token])) === 1;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#run("dropOwn", [sideKey.lease(key)], [token]);
  }

  async lock(name: string, ttlMs: number): Promise<string | null> {
    const token = this.#newToken();
    const asked = this.#redis.set(name, token, "PX", ttlMs, "NX");
    return (await this.#heard(asked, name, token)) === "OK" ? token : null;
  }

  async renewLock(name: string, token: string, ttlMs: number): Promise<boolean> {
    return (await this.#run("renewOwn", [name], [token, ttlMs])) === 1;
  }

  async unlock(name: string, token: string): Promise<boolean> {
    return (await this.#run("dropOwn", [name], [token])) === 1;
  }

  async info(): Promise<StoreInfo> {
    const [entries, memory] = await Promise.all([this.#redis.dbsize(), this.#redis.info("memory")]);
    return { entries, memoryBytes: Number(/used_memory:(\d+)/.exec(memory)?.[1] ?? 0) };
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  async #eachScanned(pattern: string, work: (keys: readonly string[]) => Promise<void>): Promise<void> {
    let cursor = "0";
    do {
      const [next, keys] = await this.#redis.scan(cursor, "MATCH", pattern, "COUNT", SCAN_STEP);
      cursor = next;
      if (keys.length > 0) await work(keys);
    } while (cursor !== "0");
  }

  /** What was asked for may be carried out late: what a frozen server grants on thawing, nobody is there to use. */
  async #heard<Answer>(asked: Promise<Answer>, ownersKey: string, newToken: string): Promise<Answer> {
    try {
      return await asked;
    } catch (error) {
      this.#run("dropUnheard", [ownersKey], [newToken]).catch(() => {});
      throw error;
    }
  }

  #run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const scripts = this.#redis as unknown as Record<Script, (...words: (string | number)[]) => Promise<unknown>>;
    return scripts[script](keys.length, ...keys, ...args);
  }
}

function wire(ttlMs: number | null): number {
  return ttlMs === null ? -1 : Math.ceil(ttlMs);
}
