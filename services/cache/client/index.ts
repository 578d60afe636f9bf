export type { Cache, CacheName, LockOptions, Lookup, RememberOptions, SetOneOptions, SetOptions } from "./cache.ts";
export { type CacheClient, type CacheClientParts, cacheClient } from "./cache-client.ts";
export type { ClientCounts } from "./counts.ts";
export type { Invalidation } from "./invalidation.ts";
