// django-redis and redis-cli: what an operator does to a cache. What a service does (locks, get_or_set, many at once) are
// actions of the service `cache`, used through its client.
import { at, confirm, fill, notThere, type Place, press, type Step, sees } from "./place.ts";
import { change, type ParityRow, type ParitySection } from "./row.ts";

const onKey = (there: string, action: string, more: Partial<ParityRow>): ParityRow => ({
  there,
  action: `cache.${action}`,
  params: { cache: "default", key: "<fresh key>" },
  ...more,
});
/** In what opens for a key. */
const key = (name: string, ...steps: readonly Step[]): Place =>
  at(`/cache?cache=default&find=${name}`, press(name), ...steps);
const WRITTEN_BY_SERVICES = notThere("a value is written by the service that computes it; here it is deleted");
const OF_SERVICES = "services': `cacheClient`, not an operator's";

export const CACHE: ParitySection = {
  title: "Cache",
  source: "django-redis 6.0 and `redis-cli`",
  rows: [
    onKey("cache.get, has_key", "get", {
      params: { cache: "default", key: "<key>" },
      rest: "GET /cache/keys/:key",
      cli: "cache get <key>",
      dashboard: key("<key>", sees("{value}")),
    }),
    onKey("cache.set", "set", {
      params: { cache: "default", key: "<fresh key>", value: { n: 1 }, ttl: "1h" },
      rest: "POST /cache/keys",
      cli: `cache set <fresh key> '{"n":1}' --ttl 1h`,
      dashboard: WRITTEN_BY_SERVICES,
      changes: change("cache.set"),
    }),
    onKey("cache.add, set(nx=True)", "set", {
      params: { cache: "default", key: "<fresh key>", value: 1, nx: true },
      rest: "POST /cache/keys",
      cli: "cache set <fresh key> 1 --nx",
      dashboard: WRITTEN_BY_SERVICES,
      changes: change("cache.set"),
    }),
    onKey("cache.delete", "delete", {
      rest: "DELETE /cache/keys/:key",
      cli: "cache delete <fresh key>",
      dashboard: key("<fresh key>", confirm("Delete")),
      changes: change("cache.delete"),
    }),
    onKey("cache.incr, decr", "incr", {
      params: { cache: "default", key: "<fresh key>", by: 2 },
      rest: "POST /cache/keys/:key/incr",
      cli: "cache incr <fresh key> 2",
      dashboard: WRITTEN_BY_SERVICES,
      changes: change("cache.incr"),
    }),
    onKey("cache.ttl, pttl", "ttl", {
      params: { cache: "default", key: "<key>" },
      rest: "GET /cache/keys/:key/ttl",
      cli: "cache ttl <key>",
      dashboard: key("<key>", sees("kept for")),
    }),
    onKey("cache.expire, pexpire, touch", "expire", {
      params: { cache: "default", key: "<fresh key>", ttl: "2h" },
      rest: "POST /cache/keys/:key/expire",
      cli: "cache expire <fresh key> 2h",
      dashboard: key("<fresh key>", fill("Keep it for", "2h"), confirm("Set")),
      changes: change("cache.expire"),
    }),
    onKey("cache.persist", "expire", {
      params: { cache: "default", key: "<fresh key>", ttl: null },
      rest: "POST /cache/keys/:key/expire",
      cli: "cache expire <fresh key> none",
      dashboard: key("<fresh key>", confirm("For ever")),
      changes: change("cache.expire"),
    }),
    {
      there: "cache.keys, iter_keys",
      action: "cache.keys",
      params: { cache: "default", pattern: "parity-key*", limit: "10" },
      rest: "GET /cache/keys",
      cli: "cache keys parity-key* --limit 10",
      dashboard: at("/cache?cache=default&find=parity-key*", sees("{items.*}")),
      note: "SCAN, never KEYS.",
    },
    {
      there: "cache.delete_pattern",
      action: "cache.deletePattern",
      params: { cache: "default", pattern: "<fresh key>*" },
      rest: "POST /cache/delete-pattern",
      cli: "cache delete-pattern <fresh key>*",
      dashboard: at(
        "/cache?cache=default",
        press("Delete by pattern"),
        fill("Glob", "<fresh key>*"),
        confirm("Delete 1 key"),
      ),
      changes: change("cache.delete-pattern", { dryRun: true }),
    },
    {
      there: "(nothing) invalidate by tag",
      action: "cache.invalidateTags",
      params: { cache: "default", tags: ["<fresh tag>"] },
      rest: "POST /cache/invalidate-tags",
      cli: "cache invalidate-tags <fresh tag>",
      dashboard: at(
        "/cache?cache=default",
        press("Invalidate tags"),
        fill("Tags", "<fresh tag>"),
        confirm("Invalidate"),
      ),
      changes: change("cache.invalidate-tags", { dryRun: true }),
    },
    {
      there: "cache.clear, redis-cli flushdb",
      action: "cache.clear",
      params: { cache: "<cache>" },
      rest: "POST /cache/clear",
      cli: "cache clear <cache> --yes",
      dashboard: at(
        "/cache?cache=<cache>",
        press("Clear <cache>"),
        fill("Write <cache> to go on", "<cache>"),
        confirm("Clear <cache>"),
      ),
      changes: { role: "admin", audit: "cache.clear", dryRun: true },
      note: "One named cache; there is no FLUSHALL.",
    },
    {
      there: "redis-cli info",
      action: "cache.stats",
      rest: "GET /cache",
      cli: "cache",
      dashboard: at("/cache", sees("{items.*.cache}"), sees("Hit ratio")),
    },
    {
      there: "redis-cli monitor",
      action: "cache.monitor",
      params: { cache: "sessions", limit: "5" },
      rest: "GET /cache/monitor",
      dashboard: at("/cache?cache=sessions&tab=commands", sees("Commands of sessions"), sees("Nobody watches")),
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
