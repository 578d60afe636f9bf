// django-redis and redis-cli: what an operator does to a cache. What a service does (locks, get_or_set, many at once) are
// actions of the service `cache`, used through its client.
import { change, type ParityRow, type ParitySection } from "./row.ts";

const onKey = (there: string, action: string, more: Partial<ParityRow>): ParityRow => ({
  there,
  action: `cache.${action}`,
  params: { cache: "default", key: "<fresh key>" },
  ...more,
});
const OF_SERVICES = "services': `cacheClient`, not an operator's";

export const CACHE: ParitySection = {
  title: "Cache",
  source: "django-redis 6.0 and `redis-cli`",
  rows: [
    onKey("cache.get, has_key", "get", {
      params: { cache: "default", key: "<key>" },
      rest: "GET /cache/keys/:key",
      cli: "cache get <key>",
    }),
    onKey("cache.set", "set", {
      params: { cache: "default", key: "<fresh key>", value: { n: 1 }, ttl: "1h" },
      rest: "POST /cache/keys",
      cli: `cache set <fresh key> '{"n":1}' --ttl 1h`,
      changes: change("cache.set"),
    }),
    onKey("cache.add, set(nx=True)", "set", {
      params: { cache: "default", key: "<fresh key>", value: 1, nx: true },
      rest: "POST /cache/keys",
      cli: "cache set <fresh key> 1 --nx",
      changes: change("cache.set"),
    }),
    onKey("cache.delete", "delete", {
      rest: "DELETE /cache/keys/:key",
      cli: "cache delete <fresh key>",
      changes: change("cache.delete"),
    }),
    onKey("cache.incr, decr", "incr", {
      params: { cache: "default", key: "<fresh key>", by: 2 },
      rest: "POST /cache/keys/:key/incr",
      cli: "cache incr <fresh key> 2",
      changes: change("cache.incr"),
    }),
    onKey("cache.ttl, pttl", "ttl", {
      params: { cache: "default", key: "<key>" },
      rest: "GET /cache/keys/:key/ttl",
      cli: "cache ttl <key>",
    }),
    onKey("cache.expire, pexpire, touch", "expire", {
      params: { cache: "default", key: "<fresh key>", ttl: "2h" },
      rest: "POST /cache/keys/:key/expire",
      cli: "cache expire <fresh key> 2h",
      changes: change("cache.expire"),
    }),
    onKey("cache.persist", "expire", {
      params: { cache: "default", key: "<fresh key>", ttl: null },
      rest: "POST /cache/keys/:key/expire",
      cli: "cache expire <fresh key> none",
      changes: change("cache.expire"),
    }),
    {
      there: "cache.keys, iter_keys",
      action: "cache.keys",
      params: { cache: "default", pattern: "parity-key*", limit: "10" },
      rest: "GET /cache/keys",
      cli: "cache keys parity-key* --limit 10",
      note: "SCAN, never KEYS.",
    },
    {
      there: "cache.delete_pattern",
      action: "cache.deletePattern",
      params: { cache: "default", pattern: "<fresh key>*" },
      rest: "POST /cache/delete-pattern",
      cli: "cache delete-pattern <fresh key>*",
      changes: change("cache.delete-pattern", { dryRun: true }),
    },
    {
      there: "(nothing) invalidate by tag",
      action: "cache.invalidateTags",
      params: { cache: "default", tags: ["<fresh tag>"] },
      rest: "POST /cache/invalidate-tags",
      cli: "cache invalidate-tags <fresh tag>",
      changes: change("cache.invalidate-tags", { dryRun: true }),
    },
    {
      there: "cache.clear, redis-cli flushdb",
      action: "cache.clear",
      params: { cache: "<cache>" },
      rest: "POST /cache/clear",
      cli: "cache clear <cache> --yes",
      changes: { role: "admin", audit: "cache.clear", dryRun: true },
      note: "One named cache; there is no FLUSHALL.",
    },
    { there: "redis-cli info", action: "cache.stats", rest: "GET /cache", cli: "cache" },
    {
      there: "redis-cli monitor",
      action: "cache.monitor",
      params: { cache: "sessions", limit: "5" },
      rest: "GET /cache/monitor",
      note: "`apium cache monitor` watches; commands without values.",
    },
    { there: "get_many, set_many, delete_many, get_or_set", notApplicable: OF_SERVICES },
    { there: "cache.lock", notApplicable: OF_SERVICES },
    { there: "incr_version, decr_version", notApplicable: OF_SERVICES },
    {
      there: "expire_at, pexpire_at",
      notApplicable: "a ttl is a duration; nothing here needs a cache entry to end at an instant",
    },
    {
      there: "sets, hashes, sorted sets",
      notApplicable: "a value is JSON; what must be counted or ordered is in the database",
    },
    { there: "redis-cli flushall", notApplicable: "it emptied broker, cache and sessions at once; nothing here can" },
  ],
};
