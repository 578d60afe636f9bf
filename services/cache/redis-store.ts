// The store on a Redis server: one connection to one of its databases. What must happen at once is a script there.
// No command waits longer than the limit, none waits in a queue for a lost connection, and none is sent twice.
import { Redis } from "ioredis";
import { ApiumError } from "../../runtime/index.ts";
import { sideKey } from "./keys.ts";
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

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** KEYS: value, lease, tags…; ARGV: text, ttl (-1 for ever), condition. A tag is a set of keys by the end of their ttl. */
const SET = `${NOW}
if ARGV[3] == 'nx' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[3] == 'xx' and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local ttl = tonumber(ARGV[2])
if ttl == 0 then redis.call('UNLINK', KEYS[1])
elseif ttl < 0 then redis.call('SET', KEYS[1], ARGV[1])
else redis.call('SET', KEYS[1], ARGV[1], 'PX', ttl) end
redis.call('DEL', KEYS[2])
for i = 3, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', '(' .. now)
  local known = redis.call('EXISTS', KEYS[i])
  local left = redis.call('PTTL', KEYS[i])
  redis.call('ZADD', KEYS[i], ttl < 0 and '+inf' or now + ttl, KEYS[1])
  if ttl < 0 then redis.call('PERSIST', KEYS[i])
  elseif known == 0 or (left >= 0 and left < ttl) then redis.call('PEXPIRE', KEYS[i], ttl) end
end
return 1`;

/** The same, if the lease (ARGV[4]: its token) still holds and none of the tags was invalidated since it was given. */
const FILL = `
if redis.call('GET', KEYS[2]) ~= ARGV[4] then return 0 end
local since = tonumber(string.match(ARGV[4], '^(%d+):'))
for i = 3, #KEYS do
  local at = redis.call('GET', KEYS[i] .. ':at')
  if at and tonumber(at) >= since then
    redis.call('DEL', KEYS[2])
    return 0
  end
end
${SET}`;

/** KEYS: tag; ARGV: how long to remember. */
const TAG_AT = `${NOW}
return redis.call('SET', KEYS[1] .. ':at', string.format('%.0f', now), 'PX', ARGV[1])`;

/** KEYS: value, lease; ARGV: token, lease ms, stale ms. A token begins with the instant it was given. */
const LEASE = `${NOW}
local token = string.format('%.0f:', now) .. ARGV[1]
local text = redis.call('GET', KEYS[1])
if text then
  local stale = tonumber(ARGV[3])
  local left = stale > 0 and redis.call('PTTL', KEYS[1]) or -1
  if left < 0 or left > stale then return {'hit', text} end
  if redis.call('SET', KEYS[2], token, 'NX', 'PX', ARGV[2]) then return {'stale', text, token} end
  return {'stale', text}
end
if redis.call('SET', KEYS[2], token, 'NX', 'PX', ARGV[2]) then return {'granted', token} end
return {'busy', redis.call('PTTL', KEYS[2])}`;

/** KEYS: value, lease; ARGV: by. */
const ADD = `
local text = redis.call('GET', KEYS[1])
if not text then return redis.error_reply('MISSING') end
if not string.match(text, '^-?%d+$') then return redis.error_reply('NOT_A_NUMBER') end
redis.call('DEL', KEYS[2])
return redis.call('INCRBY', KEYS[1], ARGV[1])`;

/** KEYS: owner's key; ARGV: token[, ms]. */
const DROP_OWN = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
const RENEW_OWN = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;

const SCRIPTS = {
  cacheTagAt: TAG_AT,
  cacheSet: SET,
  cacheFill: FILL,
  cacheLease: LEASE,
  cacheAdd: ADD,
  dropOwn: DROP_OWN,
  renewOwn: RENEW_OWN,
};
type Script = keyof typeof SCRIPTS;

export class RedisStore implements CacheStore {
  readonly kind = "redis";
  readonly #redis: Redis;
  readonly #newToken: () => string;

  constructor(options: RedisStoreOptions) {
    this.#newToken = options.newToken;
    this.#redis = new Redis(options.url, {
      db: options.database,
      commandTimeout: options.timeoutMs ?? 250,
      connectTimeout: CONNECT_MS,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(100 * times, RECONNECT_MS),
      scripts: Object.fromEntries(Object.entries(SCRIPTS).map(([name, lua]) => [name, { lua }])),
    });
    // Without a listener an outage would end the process.
    this.#redis.on("error", (error: Error) => options.onError?.(error));
    this.#redis.on("ready", () => options.onReady?.());
  }

  get isConnected(): boolean {
    return this.#redis.status === "ready";
  }

  async get(keys: readonly string[]): Promise<(string | null)[]> {
    const [only] = keys;
    return keys.length === 1 && only !== undefined ? [await this.#redis.get(only)] : this.#redis.mget(...keys);
  }

  async set({ key, text }: Entry, kept: Kept, condition?: "nx" | "xx"): Promise<boolean> {
    const keys = [key, sideKey.lease(key), ...kept.tags];
    return (await this.#run("cacheSet", keys, [text, ttlOf(kept), condition ?? ""])) === 1;
  }

  async setMany(entries: readonly Entry[], kept: Kept): Promise<void> {
    await Promise.all(entries.map((entry) => this.set(entry, kept)));
  }

  async delete(keys: readonly string[]): Promise<number> {
    let deleted = 0;
    for (let start = 0; start < keys.length; start += BATCH) {
      const batch = keys.slice(start, start + BATCH);
      const [count] = await Promise.all([
        this.#redis.unlink(...batch),
        this.#redis.unlink(...batch.map((key) => sideKey.lease(key))),
      ]);
      deleted += count;
    }
    return deleted;
  }

  async deletePattern(pattern: string): Promise<number> {
    let deleted = 0;
    // A key that is being computed has a lease and no value yet.
    for (const glob of [pattern, sideKey.lease(pattern)]) {
      for (let cursor = "0", isFirst = true; isFirst || cursor !== "0"; isFirst = false) {
        const [next, keys] = await this.#redis.scan(cursor, "MATCH", glob, "COUNT", SCAN_STEP);
        cursor = next;
        if (keys.length === 0) continue;
        if (glob === pattern) deleted += await this.delete(keys);
        else await this.#redis.unlink(...keys);
      }
    }
    return deleted;
  }

  async deleteTagged(tags: readonly string[]): Promise<number> {
    let deleted = 0;
    for (const tag of tags) {
      await this.#run("cacheTagAt", [tag], [TAG_REMEMBERED_MS]);
      const keys = await this.#redis.zrange(tag, 0, -1);
      deleted += await this.delete(keys);
      // Only what was seen: a member that has joined meanwhile stays.
      for (let start = 0; start < keys.length; start += BATCH) {
        await this.#redis.zrem(tag, ...keys.slice(start, start + BATCH));
      }
    }
    return deleted;
  }

  async add(key: string, by: number): Promise<number> {
    try {
      return Number(await this.#run("cacheAdd", [key, sideKey.lease(key)], [by]));
    } catch (error) {
      const { message = "" } = error as Error;
      if (message.includes("MISSING")) throw new ApiumError("CACHE_KEY_MISSING");
      if (/NOT_A_NUMBER|not an integer|overflow/.test(message)) throw new ApiumError("CACHE_NOT_A_NUMBER");
      throw error;
    }
  }

  async ttl(key: string): Promise<number | null | undefined> {
    const left = await this.#redis.pttl(key);
    return left === -2 ? undefined : left === -1 ? null : left;
  }

  async expire(key: string, ttlMs: number | null): Promise<boolean> {
    if (ttlMs !== null) return (await this.#redis.pexpire(key, ttlMs)) === 1;
    const [isThere] = await Promise.all([this.#redis.exists(key), this.#redis.persist(key)]);
    return isThere === 1;
  }

  async rename(from: string, to: string): Promise<boolean> {
    try {
      await this.#redis.rename(from, to);
      await this.#redis.unlink(sideKey.lease(from), sideKey.lease(to));
      return true;
    } catch (error) {
      if ((error as Error).message.includes("no such key")) return false;
      throw error;
    }
  }

  async scan(pattern: string, limit: number, cursor = "0"): Promise<ScanPage> {
    const keys: string[] = [];
    let at = cursor;
    do {
      const [next, found] = await this.#redis.scan(at, "MATCH", pattern, "COUNT", SCAN_STEP);
      keys.push(...found);
      at = next;
    } while (at !== "0" && keys.length < limit);
    return { keys, cursor: at === "0" ? undefined : at };
  }

  async lease(key: string, staleMs: number, leaseMs: number): Promise<Lease> {
    const keys = [key, sideKey.lease(key)];
    const newToken = this.#newToken();
    let answer: [string, string, string?];
    try {
      answer = (await this.#run("cacheLease", keys, [newToken, leaseMs, staleMs])) as [string, string, string?];
    } catch (error) {
      // It may still be carried out: what a frozen server does on thawing, nobody is there to use.
      this.#run("dropOwn", [sideKey.lease(key)], [newToken]).catch(() => {});
      throw error;
    }
    const [state, text, token] = answer;
    if (state === "hit") return { state, text };
    if (state === "stale") return token ? { state, text, token } : { state, text };
    return state === "granted" ? { state, token: text } : { state: "busy", retryInMs: Math.max(1, Number(text)) };
  }

  async fill({ key, text }: Entry, token: string, kept: Kept): Promise<boolean> {
    const keys = [key, sideKey.lease(key), ...kept.tags];
    return (await this.#run("cacheFill", keys, [text, ttlOf(kept), "", token])) === 1;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#run("dropOwn", [sideKey.lease(key)], [token]);
  }

  async lock(name: string, ttlMs: number): Promise<string | null> {
    const token = this.#newToken();
    return (await this.#redis.set(name, token, "PX", ttlMs, "NX")) === "OK" ? token : null;
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

  #run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const scripts = this.#redis as unknown as Record<Script, (...words: (string | number)[]) => Promise<unknown>>;
    return scripts[script](keys.length, ...keys, ...args);
  }
}

function ttlOf({ ttlMs }: Kept): number {
  return ttlMs === null ? -1 : Math.ceil(ttlMs);
}
