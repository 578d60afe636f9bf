// The cache as a service: the named caches over Redis or in this process, every operation an action. Nobody waits for a
// server that is away, and nothing it does is needed for correctness: what must be right is in the database.
// Calls for one key go to one node while several run (Shard), so that a lease given out by a node's own memory while Redis
// is away is the only one.
import type { Context } from "moleculer";
import type { z } from "zod";
import { ApiumError, parseParams } from "../../runtime/index.ts";
import { type AskerMeta, audit, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { CommandLog, type Outcome } from "./command-log.ts";
import { fullKey, fullPattern, ownKey, sideKey, wholeCache } from "./keys.ts";
import { kindNamed, NAMED_CACHES, type NamedCacheKind } from "./named-caches.ts";
import { openStores } from "./open-stores.ts";
import { PARAMS } from "./params.ts";
import type { CacheStore, Kept } from "./store.ts";

/** Broadcast when keys are no longer what they were: `{cache, version, keys? | pattern? | tags? | all?, from}`. */
export const CACHE_INVALIDATED = "cache.invalidated";
/** Broadcast when a computed value was stored: `{cache, version, key}`. */
export const CACHE_FILLED = "cache.filled";
/** Broadcast for each command while somebody watches. */
export const CACHE_COMMAND = "cache.command";

type Ctx = Context<unknown, AskerMeta>;

/** What a command works on. */
interface Place {
  readonly kind: NamedCacheKind;
  readonly store: CacheStore;
  readonly version: number;
  /** Full key of the user's. */
  full(key: string): string;
  /** Counts a read. */
  read(isHit: boolean): void;
}

const BY_KEY = { strategy: "Shard", strategyOptions: { shardKey: "key" } };
const BY_NAME = { strategy: "Shard", strategyOptions: { shardKey: "name" } };

export function cacheService({ runtime, database, settings, log }: ServiceParts): TaskServiceSchema {
  const { clock } = runtime.parts;
  let tell: (event: string, payload: object) => void = () => {};
  const commands = new CommandLog(clock, (command) => tell(CACHE_COMMAND, command));
  let stores = new Map<string, CacheStore>();

  const at = (cache: string): { kind: NamedCacheKind; store: CacheStore } => {
    const kind = kindNamed(cache);
    const store = stores.get(kind.name);
    if (store === undefined) throw new ApiumError("CACHE_UNAVAILABLE", "the cache service is not started");
    return { kind, store };
  };

  /** An action: its parameters checked, its time and outcome noted. */
  function command<Schema extends z.ZodType<{ cache: string; version: number }>, Answer>(
    name: string,
    schema: Schema,
    work: (params: z.output<Schema>, place: Place, ctx: Ctx) => Promise<Answer>,
    routing: object = {},
  ) {
    return {
      ...routing,
      async handler(ctx: Ctx): Promise<Answer> {
        const startedAt = clock.monotonic();
        const params = parseParams(schema, ctx.params);
        const { kind, store } = at(params.cache);
        let outcome: Outcome = "done";
        const place: Place = {
          kind,
          store,
          version: params.version,
          full: (key) => fullKey(kind, params.version, key),
          read(isHit) {
            outcome = isHit ? "hit" : "miss";
            commands.countsOf(kind.name)[isHit ? "hits" : "misses"] += 1;
          },
        };
        try {
          return await work(params, place, ctx);
        } finally {
          const { key = null } = params as { key?: string };
          commands.note({ cache: kind.name, action: name, key, outcome, startedAt, caller: ctx.nodeID ?? null });
        }
      },
    };
  }

  const keptFor = (
    kind: NamedCacheKind,
    ttl: number | null | undefined,
    tags: readonly string[],
    extraMs = 0,
  ): Kept => {
    const ttlMs = ttl === undefined ? kind.defaultTtlMs : ttl;
    return { ttlMs: ttlMs === null ? null : ttlMs + extraMs, tags: tags.map((tag) => sideKey.tag(kind, tag)) };
  };
  const invalidated = ({ kind, version }: Place, what: object) =>
    tell(CACHE_INVALIDATED, { cache: kind.name, version, ...what });
  const deleted = (place: Place, count: number, what: object) => {
    commands.countsOf(place.kind.name).deletes += count;
    invalidated(place, what);
    return { deleted: count };
  };
  const add = (sign: 1 | -1) => async (params: z.output<typeof PARAMS.add>, place: Place) => {
    const value = await place.store.add(place.full(params.key), sign * params.by);
    invalidated(place, { keys: [params.key] });
    return { value };
  };
  const set = async (params: z.output<typeof PARAMS.set>, place: Place) => {
    const { key, value: text, ttl, tags, nx, xx } = params;
    if (nx && xx) {
      throw new ApiumError("PARAMS_INVALID", "nx and xx exclude each other", {
        fields: [{ field: "xx", message: "must not be given together with nx" }],
      });
    }
    const kept = keptFor(place.kind, ttl, tags);
    const stored = await place.store.set({ key: place.full(key), text }, kept, nx ? "nx" : xx ? "xx" : undefined);
    if (stored) commands.countsOf(place.kind.name).sets += 1;
    invalidated(place, { keys: [key] });
    return { stored };
  };

  return {
    name: "cache",
    actions: {
      get: command(
        "get",
        PARAMS.key,
        async ({ key }, { store, full, read }) => {
          const [text = null] = await store.get([full(key)]);
          read(text !== null);
          return text === null ? { found: false, value: null } : { found: true, value: decoded(text) };
        },
        BY_KEY,
      ),
      getMany: command("getMany", PARAMS.keys, async ({ keys }, { store, full, read }) => {
        const texts = keys.length === 0 ? [] : await store.get(keys.map(full));
        for (const text of texts) read(text !== null);
        const found = keys.flatMap((key, index) => (texts[index] == null ? [] : [[key, decoded(texts[index])]]));
        return { values: Object.fromEntries(found) as Record<string, unknown> };
      }),
      set: command("set", PARAMS.set, set, BY_KEY),
      add: command("add", PARAMS.set, (params, place) => set({ ...params, nx: true }, place), BY_KEY),
      setMany: command("setMany", PARAMS.setMany, async ({ values, ttl, tags }, place) => {
        const entries = Object.entries(values).map(([key, text]) => ({ key: place.full(key), text }));
        await place.store.setMany(entries, keptFor(place.kind, ttl, tags));
        commands.countsOf(place.kind.name).sets += entries.length;
        invalidated(place, { keys: Object.keys(values) });
        return { stored: entries.length };
      }),
      delete: command(
        "delete",
        PARAMS.key,
        async ({ key }, place) => deleted(place, await place.store.delete([place.full(key)]), { keys: [key] }),
        BY_KEY,
      ),
      deleteMany: command("deleteMany", PARAMS.keys, async ({ keys }, place) =>
        deleted(place, keys.length === 0 ? 0 : await place.store.delete(keys.map(place.full)), { keys }),
      ),
      deletePattern: command("deletePattern", PARAMS.pattern, async ({ pattern }, place, ctx) => {
        const count = await place.store.deletePattern(fullPattern(place.kind, place.version, pattern));
        if (ctx.meta.user)
          await audit(database, ctx, "cache.delete-pattern", pattern, { cache: place.kind.name, count });
        return deleted(place, count, { pattern });
      }),
      invalidateTags: command("invalidateTags", PARAMS.tags, async ({ tags }, place) => {
        const count = await place.store.deleteTagged(tags.map((tag) => sideKey.tag(place.kind, tag)));
        return deleted(place, count, { tags });
      }),
      clear: command("clear", PARAMS.cache, async (_params, place, ctx) => {
        const count = await place.store.deletePattern(wholeCache(place.kind));
        if (ctx.meta.user) await audit(database, ctx, "cache.clear", place.kind.name, { count });
        commands.countsOf(place.kind.name).deletes += count;
        tell(CACHE_INVALIDATED, { cache: place.kind.name, all: true });
        return { deleted: count };
      }),
      incr: command("incr", PARAMS.add, add(1), BY_KEY),
      decr: command("decr", PARAMS.add, add(-1), BY_KEY),
      ttl: command(
        "ttl",
        PARAMS.key,
        async ({ key }, { store, full }) => {
          const left = await store.ttl(full(key));
          return left === undefined ? { found: false, ttlMs: null } : { found: true, ttlMs: left };
        },
        BY_KEY,
      ),
      touch: command(
        "touch",
        PARAMS.expire,
        async ({ key, ttl }, { store, full }) => ({ touched: await store.expire(full(key), ttl) }),
        BY_KEY,
      ),
      expire: command(
        "expire",
        PARAMS.expire,
        async ({ key, ttl }, { store, full }) => ({ touched: await store.expire(full(key), ttl) }),
        BY_KEY,
      ),
      persist: command(
        "persist",
        PARAMS.key,
        async ({ key }, { store, full }) => ({ touched: await store.expire(full(key), null) }),
        BY_KEY,
      ),
      /** Moves a value to another version, as django's incr_version does. */
      bumpVersion: command(
        "bumpVersion",
        PARAMS.add,
        async ({ key, by, version }, place) => {
          const moved = await place.store.rename(place.full(key), fullKey(place.kind, version + by, key));
          if (!moved) throw new ApiumError("CACHE_KEY_MISSING", `there is no "${key}" in version ${version}`);
          invalidated(place, { keys: [key] });
          return { version: version + by };
        },
        BY_KEY,
      ),
      keys: command("keys", PARAMS.scan, async ({ pattern, limit, cursor }, { kind, store, version }) => {
        const page = await store.scan(fullPattern(kind, version, pattern), limit, cursor);
        const items = page.keys.flatMap((full) => ownKey(kind, version, full) ?? []);
        return { items, nextCursor: page.cursor ?? null };
      }),

      lease: command(
        "lease",
        PARAMS.lease,
        async ({ key, staleFor, leaseFor }, { store, full, read }) => {
          const lease = await store.lease(full(key), staleFor, leaseFor);
          read(lease.state === "hit" || lease.state === "stale");
          switch (lease.state) {
            case "hit":
              return { state: "hit", value: decoded(lease.text) };
            case "stale":
              return { state: "stale", value: decoded(lease.text), ...(lease.token ? { lease: lease.token } : {}) };
            case "granted":
              return { state: "granted", lease: lease.token };
            case "busy":
              return { state: "busy", retryInMs: lease.retryInMs };
          }
        },
        BY_KEY,
      ),
      fill: command(
        "fill",
        PARAMS.fill,
        async ({ key, value: text, lease, ttl, staleFor, tags }, place) => {
          const entry = { key: place.full(key), text };
          const stored = await place.store.fill(entry, lease, keptFor(place.kind, ttl, tags, staleFor));
          if (stored) commands.countsOf(place.kind.name).sets += 1;
          tell(CACHE_FILLED, { cache: place.kind.name, version: place.version, key });
          return { stored };
        },
        BY_KEY,
      ),
      release: command(
        "release",
        PARAMS.release,
        async ({ key, lease }, place) => {
          await place.store.release(place.full(key), lease);
          tell(CACHE_FILLED, { cache: place.kind.name, version: place.version, key });
          return { released: true };
        },
        BY_KEY,
      ),

      lock: command(
        "lock",
        PARAMS.lock,
        async ({ name, ttl }, { kind, store }) => {
          const token = await store.lock(sideKey.lock(kind, name), ttl);
          if (token === null) throw new ApiumError("CACHE_LOCKED", `somebody else holds the lock "${name}"`);
          return { token };
        },
        BY_NAME,
      ),
      renewLock: command(
        "renewLock",
        PARAMS.renewLock,
        async ({ name, token, ttl }, { kind, store }) => ({
          renewed: await store.renewLock(sideKey.lock(kind, name), token, ttl),
        }),
        BY_NAME,
      ),
      unlock: command(
        "unlock",
        PARAMS.unlock,
        async ({ name, token }, { kind, store }) => ({ unlocked: await store.unlock(sideKey.lock(kind, name), token) }),
        BY_NAME,
      ),

      /** Of this node; the server's size is that of its whole database. */
      async stats() {
        const items = await Promise.all(
          NAMED_CACHES.map(async ({ name }) => {
            const { store } = at(name);
            return {
              cache: name,
              store: store.kind,
              connected: store.isConnected,
              ...commands.countsOf(name),
              latency: commands.latency(name),
              ...(await store.info()),
            };
          }),
        );
        return { items, nextCursor: null };
      },
      monitor(ctx: Ctx) {
        const { cache, limit } = parseParams(PARAMS.monitor, ctx.params);
        return { watched: commands.isWatched, items: commands.latest(limit, cache) };
      },
      watch(ctx: Ctx) {
        const { seconds } = parseParams(PARAMS.watch, ctx.params);
        commands.watch(seconds * 1_000);
        return { watchedForSeconds: seconds };
      },
    },

    async started() {
      const { broker } = this;
      tell = (event, payload) =>
        void broker.broadcast(event, { ...payload, from: broker.nodeID }).catch((error: unknown) => {
          log.warn(`cache: ${event} was not told: ${error instanceof Error ? error.message : String(error)}`);
        });
      stores = openStores({ ...runtime.parts, url: settings.REDIS_URL, countsOf: (name) => commands.countsOf(name) });
    },

    async stopped() {
      await Promise.all([...stores.values()].map((store) => store.close()));
    },
  };
}

/** What another program has written and JSON cannot read is shown as text. */
function decoded(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return text;
  }
}
