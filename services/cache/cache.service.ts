// The cache as a service: the named caches over Redis or in this process, every operation an action. Nobody waits for a
// server that is away, and nothing it does is needed for correctness: what must be right is in the database.
import type { Context, Service } from "moleculer";
import { type BusEvent, messageOf, parseParams, tellOver } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { checkStores } from "./check-stores.ts";
import { claimActions } from "./claim-actions.ts";
import type { Ctx, Desk } from "./command.ts";
import { CommandLog } from "./command-log.ts";
import { cacheBroadcasts } from "./events.ts";
import { fullKey, fullPattern, sideKey, wholeCache } from "./keys.ts";
import { kindNamed, NAMED_CACHES, type NamedCacheKind } from "./named-caches.ts";
import { openStores } from "./open-stores.ts";
import { PARAMS } from "./params.ts";
import type { CacheStore } from "./store.ts";
import { valueActions } from "./value-actions.ts";

interface InvalidationNews {
  readonly from: string;
  readonly cache: string;
  readonly version?: number;
  readonly keys?: readonly string[];
  readonly pattern?: string;
  readonly tags?: readonly string[];
  readonly all?: boolean;
}

export function cacheService({ runtime, database, settings, log }: ServiceParts): TaskServiceSchema {
  let tell: Desk["tell"] = () => {};
  let stores = new Map<string, CacheStore>();
  const { clock } = runtime.parts;
  const commands = new CommandLog(clock, (command) => tell(cacheBroadcasts.command, command));
  const desk: Desk = {
    clock,
    log: commands,
    storeOf: (cache) => stores.get(cache),
    tell: (event, payload) => tell(event, payload),
  };

  return {
    name: "cache",
    actions: {
      ...valueActions(desk, database),
      ...claimActions(desk),
      /** Of this node; the server's size is that of its whole database. */
      async stats(this: Service) {
        const items = await Promise.all(
          NAMED_CACHES.map(async ({ name }) => {
            const store = stores.get(name);
            return {
              cache: name,
              store: store?.kind,
              connected: store?.isConnected ?? false,
              ...commands.countsOf(name),
              latency: commands.latency(name),
              ...(await store?.info()),
            };
          }),
        );
        return { node: this.broker.nodeID, items, nextCursor: null };
      },
      /** Whether the caches have their server, as this process sees it. */
      check: async () => ({ findings: await checkStores(stores, clock) }),
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

    events: {
      /** The stores in the processes of several nodes know only what reached their own: what others dropped is dropped here. */
      async [cacheBroadcasts.invalidated.event](ctx: Context<unknown>) {
        const { from, cache, version = 1, ...what } = ctx.params as InvalidationNews;
        const store = stores.get(cache);
        if (from === this.broker.nodeID || store?.kind !== "memory") return;
        await dropAt(store, kindNamed(cache), version, what);
      },
    },

    async started() {
      const { broker } = this;
      const tellAll = tellOver(broker, (event, error) => log.warn(`cache: ${event} was not told: ${messageOf(error)}`));
      tell = (event, payload) => tellAll(event as BusEvent, { ...payload, from: broker.nodeID });
      stores = openStores({ ...runtime.parts, url: settings.REDIS_URL, countsOf: (name) => commands.countsOf(name) });
    },

    async stopped() {
      await Promise.all([...stores.values()].map((store) => store.close()));
    },
  };
}

async function dropAt(
  store: CacheStore,
  kind: NamedCacheKind,
  version: number,
  { keys, pattern, tags, all }: Omit<InvalidationNews, "from" | "cache" | "version">,
): Promise<void> {
  if (all === true) await store.deletePattern(wholeCache(kind));
  if (pattern !== undefined) await store.deletePattern(fullPattern(kind, version, pattern));
  if (tags !== undefined) await store.deleteTagged(tags.map((tag) => sideKey.tag(kind, tag)));
  if (keys !== undefined) await store.delete(keys.map((key) => fullKey(kind, version, key)));
}
