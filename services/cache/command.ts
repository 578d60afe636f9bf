// What every action of the cache shares: its parameters are checked, the named cache it is about is found, its time and
// outcome are noted, and what it changed is told to everybody.
import type { Context } from "moleculer";
import type { z } from "zod";
import { ApiumError, type BusEvent, type Clock, parseParams } from "../../runtime/index.ts";
import type { AskerMeta } from "../../runtime/moleculer/index.ts";
import type { CommandLog, Outcome } from "./command-log.ts";
import { cacheBroadcasts } from "./events.ts";
import { fullKey, sideKey } from "./keys.ts";
import { kindNamed, type NamedCacheKind } from "./named-caches.ts";
import type { CacheStore, Kept } from "./store.ts";

export type Ctx = Context<unknown, AskerMeta>;

/** Calls for one key go to one node while several run. */
export const BY_KEY = { strategy: "Shard", strategyOptions: { shardKey: "key" } };
export const BY_NAME = { strategy: "Shard", strategyOptions: { shardKey: "name" } };

export interface Desk {
  readonly clock: Clock;
  readonly log: CommandLog;
  readonly storeOf: (cache: string) => CacheStore | undefined;
  /** Adds who tells. */
  readonly tell: <Payload extends z.ZodType>(event: BusEvent<Payload>, payload: Omit<z.input<Payload>, "from">) => void;
}

/** What is no longer true; without a version, in the command's own. */
type NoLongerTrue = Omit<z.input<typeof cacheBroadcasts.invalidated.payload>, "cache" | "version" | "from"> & {
  readonly version?: number | undefined;
};

/** One command's named cache: where it works, and what it reports. */
export class Place {
  readonly kind: NamedCacheKind;
  readonly store: CacheStore;
  readonly version: number;
  readonly #desk: Desk;
  outcome: Outcome = "done";

  constructor(desk: Desk, cache: string, version: number) {
    const kind = kindNamed(cache);
    const store = desk.storeOf(kind.name);
    if (store === undefined) throw new ApiumError("CACHE_UNAVAILABLE", "the cache service is not started");
    this.kind = kind;
    this.store = store;
    this.version = version;
    this.#desk = desk;
  }

  /** The user's key as the store knows it. */
  readonly full = (key: string): string => fullKey(this.kind, this.version, key);

  lockKey(name: string): string {
    return sideKey.lock(this.kind, name);
  }

  tagKey = (tag: string): string => sideKey.tag(this.kind, tag);

  /** How long, and under which tags; the cache's own ttl where none is given. */
  kept(ttl: number | null | undefined, tags: readonly string[], extraMs = 0): Kept {
    const ttlMs = ttl === undefined ? this.kind.defaultTtlMs : ttl;
    return { ttlMs: ttlMs === null ? null : ttlMs + extraMs, tags: tags.map(this.tagKey) };
  }

  read(isHit: boolean): void {
    this.outcome = isHit ? "hit" : "miss";
    this.#counts[isHit ? "hits" : "misses"] += 1;
  }

  wrote(count: number): void {
    this.#counts.sets += count;
  }

  /** Counts what was deleted, and tells everybody what is no longer true. */
  deleted(count: number, what: NoLongerTrue): { deleted: number } {
    this.#counts.deletes += count;
    this.invalidated(what);
    return { deleted: count };
  }

  invalidated(what: NoLongerTrue): void {
    this.#desk.tell(cacheBroadcasts.invalidated, { cache: this.kind.name, version: this.version, ...what });
  }

  filled(key: string): void {
    this.#desk.tell(cacheBroadcasts.filled, { cache: this.kind.name, version: this.version, key });
  }

  get #counts() {
    return this.#desk.log.countsOf(this.kind.name);
  }
}

type Checked = z.ZodType<{ cache: string; version: number }>;

/** Makes actions that work on a place. */
export function commandsAt(desk: Desk) {
  return <Schema extends Checked, Answer>(
    name: string,
    schema: Schema,
    work: (params: z.output<Schema>, place: Place, ctx: Ctx) => Promise<Answer>,
    routing: object = {},
  ) => ({
    ...routing,
    async handler(ctx: Ctx): Promise<Answer> {
      const startedAt = desk.clock.monotonic();
      const params = parseParams(schema, ctx.params);
      const place = new Place(desk, params.cache, params.version);
      try {
        return await work(params, place, ctx);
      } finally {
        const { key = null } = params as { key?: string };
        const { kind, outcome } = place;
        desk.log.note({ cache: kind.name, action: name, key, outcome, startedAt, caller: ctx.nodeID ?? null });
      }
    },
  });
}

/** What another program has written and JSON cannot read is shown as text. */
export function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
