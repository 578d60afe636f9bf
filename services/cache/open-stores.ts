// A store for each of the named caches: on the Redis server where there is one, else in this process.
import { randomUUID } from "node:crypto";
import type { Clock, Log } from "../../runtime/index.ts";
import { wholeCache } from "./keys.ts";
import { MemoryStore } from "./memory-store.ts";
import { NAMED_CACHES } from "./named-caches.ts";
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

export function openStores({ clock, log, url, countsOf, timeoutMs }: StoresOptions): Map<string, CacheStore> {
  return new Map(
    NAMED_CACHES.map((kind): [string, CacheStore] => {
      const { name, database } = kind;
      const memory = new MemoryStore({ clock, newToken: randomUUID });
      if (url === undefined) return [name, memory];
      const options = { url, database, newToken: randomUUID, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
      const store = new RedisStore(options);
      return [
        name,
        new ResilientStore({
          store,
          standIn: memory,
          counts: countsOf(name),
          clock,
          log,
          label: name,
          everything: wholeCache(kind),
        }),
      ];
    }),
  );
}
