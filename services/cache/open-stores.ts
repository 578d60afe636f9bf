// A store for each of the named caches: on the Redis server where there is one, else in this process.
import { randomUUID } from "node:crypto";
import type { Clock, Log } from "../../runtime/index.ts";
import { wholeCache } from "./keys.ts";
import { MemoryStore } from "./memory-store.ts";
import { NAMED_CACHES, type NamedCacheKind } from "./named-caches.ts";
import { RedisStore } from "./redis-store.ts";
import { ResilientStore, type StoreCounts } from "./resilient-store.ts";
import type { CacheStore } from "./store.ts";

export interface StoresOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the Redis server; its database number is not used. */
  readonly url: string | undefined;
  readonly countsOf: (cache: string) => StoreCounts;
  /** The longest a command of the server may take. Default 250 ms. */
  readonly timeoutMs?: number;
}

export function openStores(options: StoresOptions): Map<string, CacheStore> {
  return new Map(NAMED_CACHES.map((kind) => [kind.name, openStore(kind, options)]));
}

function openStore(kind: NamedCacheKind, { clock, log, url, countsOf, timeoutMs }: StoresOptions): CacheStore {
  const { name, database } = kind;
  const memory = new MemoryStore({ clock, newToken: randomUUID });
  if (url === undefined) return memory;
  const store = new RedisStore({
    url,
    database,
    newToken: randomUUID,
    onReady: () => guarded.lookAgain(),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const guarded = new ResilientStore({
    store,
    standIn: memory,
    counts: countsOf(name),
    clock,
    log,
    label: name,
    everything: wholeCache(kind),
  });
  return guarded;
}
