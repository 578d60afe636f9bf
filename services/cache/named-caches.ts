// The caches by name, as the original's settings had them; the database number is that of the Redis server.
import { ApiumError } from "../../runtime/index.ts";
import type { Keyspace } from "./keys.ts";

export interface NamedCacheKind extends Keyspace {
  readonly name: string;
  readonly database: number;
  /** What is kept without a ttl of its own is kept this long. */
  readonly defaultTtlMs: number;
}

export const NAMED_CACHES: readonly NamedCacheKind[] = [
  { name: "default", database: 1, prefix: "youtility4", defaultTtlMs: 60_000 },
  { name: "select2", database: 2, prefix: "", defaultTtlMs: 300_000 },
  { name: "sessions", database: 1, prefix: "session", defaultTtlMs: 12 * 3_600_000 },
];

/** @throws ApiumError `CACHE_UNKNOWN`. */
export function kindNamed(name: string): NamedCacheKind {
  const kind = NAMED_CACHES.find((candidate) => candidate.name === name);
  if (kind !== undefined) return kind;
  const names = NAMED_CACHES.map((known) => known.name).join(", ");
  throw new ApiumError("CACHE_UNKNOWN", `there is no cache "${name}"; there are ${names}`, {
    fields: [{ field: "cache", message: `is none of ${names}` }],
  });
}
