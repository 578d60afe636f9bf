// The values of a cache: read, written, counted, deleted, listed.
import type { z } from "zod";
import type { Database } from "../../database/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import { audit } from "../../runtime/moleculer/index.ts";
import { BY_KEY, type Ctx, commandsAt, type Desk, decoded, type Place } from "./command.ts";
import { fullKey, fullPattern, ownKey, wholeCache } from "./keys.ts";
import { PARAMS } from "./params.ts";

export function valueActions(desk: Desk, database: Database) {
  const command = commandsAt(desk);
  /** What somebody changes leaves a trace, without the value, also typed at a REPL in nobody's name; a service's own does not. */
  const audited = async (ctx: Ctx, action: string, target: string, details: object) => {
    if (ctx.meta.user || ctx.meta.$repl) await audit(database, ctx, action, target, details);
  };
  /** Work on one key, with its trace. */
  const traced =
    <Given extends { readonly key: string }, Answer>(
      action: string,
      work: (params: Given, place: Place) => Promise<Answer>,
    ) =>
    async (params: Given, place: Place, ctx: Ctx): Promise<Answer> => {
      const answer = await work(params, place);
      await audited(ctx, action, params.key, { cache: place.kind.name });
      return answer;
    };
  return {
    get: command(
      "get",
      PARAMS.key,
      async ({ key }, place) => {
        const [text = null] = await place.store.get([place.full(key)]);
        place.read(text !== null);
        if (text !== null) return { found: true, value: decoded(text) };
        // Whether it is missing, or nobody can tell.
        return { found: false, value: null, ...(place.store.isConnected ? {} : { isAway: true }) };
      },
      BY_KEY,
    ),
    getMany: command("getMany", PARAMS.keys, async ({ keys }, place) => {
      const texts = keys.length === 0 ? [] : await place.store.get(keys.map(place.full));
      for (const text of texts) place.read(text !== null);
      const found = keys.flatMap((key, index): [string, unknown][] => {
        const text = texts[index] ?? null;
        return text === null ? [] : [[key, decoded(text)]];
      });
      return { values: Object.fromEntries(found) };
    }),
    set: command("set", PARAMS.set, traced("cache.set", set), BY_KEY),
    add: command(
      "add",
      PARAMS.set,
      traced("cache.set", (params, place) => set({ ...params, nx: true }, place)),
      BY_KEY,
    ),
    setMany: command("setMany", PARAMS.setMany, async ({ values, ttl, tags }, place, ctx) => {
      await audited(ctx, "cache.set-many", place.kind.name, { keys: Object.keys(values).length });
      const entries = Object.entries(values).map(([key, text]) => ({ key: place.full(key), text }));
      await place.store.setMany(entries, place.kept(ttl, tags));
      place.wrote(entries.length);
      place.invalidated({ keys: Object.keys(values) });
      return { stored: entries.length };
    }),
    delete: command(
      "delete",
      PARAMS.key,
      traced("cache.delete", async ({ key }, place) =>
        place.deleted(await place.store.delete([place.full(key)]), { keys: [key] }),
      ),
      BY_KEY,
    ),
    deleteMany: command("deleteMany", PARAMS.keys, async ({ keys }, place, ctx) => {
      const count = keys.length === 0 ? 0 : await place.store.delete(keys.map(place.full));
      await audited(ctx, "cache.delete-many", place.kind.name, { keys: keys.length, count });
      return place.deleted(count, { keys });
    }),
    deletePattern: command("deletePattern", PARAMS.pattern, async ({ pattern, dryRun }, place, ctx) => {
      const full = fullPattern(place.kind, place.version, pattern);
      if (dryRun === true) return found(await place.store.countPattern(full));
      const count = await place.store.deletePattern(full);
      await audited(ctx, "cache.delete-pattern", pattern, { cache: place.kind.name, count });
      return place.deleted(count, { pattern });
    }),
    invalidateTags: command("invalidateTags", PARAMS.tags, async ({ tags, dryRun }, place, ctx) => {
      const full = tags.map(place.tagKey);
      if (dryRun === true) return found(await place.store.countTagged(full));
      const count = await place.store.deleteTagged(full);
      await audited(ctx, "cache.invalidate-tags", tags.join(","), { cache: place.kind.name, count });
      return place.deleted(count, { tags });
    }),
    clear: command("clear", PARAMS.cache, async ({ dryRun }, place, ctx) => {
      if (dryRun === true) return found(await place.store.countPattern(wholeCache(place.kind)));
      const count = await place.store.deletePattern(wholeCache(place.kind));
      await audited(ctx, "cache.clear", place.kind.name, { count });
      return place.deleted(count, { version: undefined, all: true });
    }),
    incr: command("incr", PARAMS.add, traced("cache.incr", add(1)), BY_KEY),
    decr: command("decr", PARAMS.add, traced("cache.incr", add(-1)), BY_KEY),
    ttl: command(
      "ttl",
      PARAMS.key,
      async ({ key }, { store, full }) => {
        const left = await store.ttl(full(key));
        return left === undefined ? { found: false, ttlMs: null } : { found: true, ttlMs: left };
      },
      BY_KEY,
    ),
    touch: command("touch", PARAMS.expire, traced("cache.expire", expire), BY_KEY),
    expire: command("expire", PARAMS.expire, traced("cache.expire", expire), BY_KEY),
    persist: command(
      "persist",
      PARAMS.key,
      traced("cache.expire", (params, place) => expire({ ...params, ttl: null }, place)),
      BY_KEY,
    ),
    /** Moves a value to another version, as django's incr_version does. */
    bumpVersion: command(
      "bumpVersion",
      PARAMS.add,
      traced("cache.bump-version", async ({ key, by, version }, place) => {
        const moved = await place.store.rename(place.full(key), fullKey(place.kind, version + by, key));
        if (!moved) throw new ApiumError("CACHE_KEY_MISSING", `there is no "${key}" in version ${version}`);
        place.invalidated({ keys: [key] });
        place.invalidated({ version: version + by, keys: [key] });
        return { version: version + by };
      }),
      BY_KEY,
    ),
    keys: command("keys", PARAMS.scan, async ({ pattern, limit, cursor }, { kind, store, version }) => {
      const page = await store.scan(fullPattern(kind, version, pattern), limit, cursor);
      return { items: page.keys.flatMap((full) => ownKey(kind, version, full) ?? []), nextCursor: page.cursor ?? null };
    }),
  };
}

/** What would have been deleted. */
function found(matched: number) {
  return { matched, deleted: 0, dryRun: true };
}

async function set(params: z.output<typeof PARAMS.set>, place: Place) {
  const { key, value: text, ttl, tags, nx, xx } = params;
  if (nx && xx) {
    throw new ApiumError("PARAMS_INVALID", "nx and xx exclude each other", {
      fields: [{ field: "xx", message: "must not be given together with nx" }],
    });
  }
  const condition = nx ? "nx" : xx ? "xx" : undefined;
  const stored = await place.store.set({ key: place.full(key), text }, place.kept(ttl, tags), condition);
  if (stored) place.wrote(1);
  place.invalidated({ keys: [key] });
  return { stored };
}

function add(sign: 1 | -1) {
  return async (params: z.output<typeof PARAMS.add>, place: Place) => {
    const value = await place.store.add(place.full(params.key), sign * params.by);
    place.invalidated({ keys: [params.key] });
    return { value };
  };
}

async function expire({ key, ttl }: { key: string; ttl: number | null }, place: Place) {
  const touched = await place.store.expire(place.full(key), ttl);
  if (ttl === 0) place.deleted(touched ? 1 : 0, { keys: [key] });
  return { touched };
}
