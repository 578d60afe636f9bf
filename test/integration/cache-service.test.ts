/** The cache service on a real Redis: what it writes is what django-redis (JSON serializer) reads, and the other way round. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { cacheModule } from "../../services/cache/index.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startRedis } from "../support/servers/index.ts";
import { type RunningServices, startServices } from "../support/services.ts";

const run = promisify(execFile);
const user = { user: { name: "olga", role: "operator" } };

const manyKeys = Array.from({ length: 1_001 }, (_, n) => `k${n}`);

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describeWith(["redis"], "the cache service on Redis", () => {
  let backend: Backend;
  let server: ServerHandle;
  let services: RunningServices;
  const told: { event: string; payload: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    [backend, server] = await Promise.all([openBackend("pglite"), startRedis()]);
    const hear = (event: string) => (ctx: { params: unknown }) =>
      void told.push({ event, payload: ctx.params as Record<string, unknown> });
    services = await startServices(backend, {
      modules: [cacheModule],
      environment: { REDIS_URL: server.url },
      listeners: [
        {
          name: "listener",
          events: Object.fromEntries(
            ["cache.invalidated", "cache.filled", "cache.command"].map((event) => [event, hear(event)]),
          ),
        },
      ],
    });
    await eventually(async () => (await services.call<Stats>("cache.stats")).items.every(({ connected }) => connected));
  }, 400_000);
  afterAll(async () => {
    await services.stop();
    await Promise.all([backend.close(), server.stop()]);
  }, 400_000);

  interface Stats {
    items: { cache: string; connected: boolean; hits: number; misses: number; dropped: number; errors: number }[];
  }
  const cli = async (database: number, ...words: string[]) => {
    const { stdout } = await run("redis-cli", ["-u", server.url, "-n", String(database), ...words]);
    return stdout.trim();
  };
  const call = <Result>(action: string, params: object = {}) => services.call<Result>(`cache.${action}`, params);

  test("keys are prefix:version:key, values JSON, integers bare, each cache in its database", async () => {
    await call("set", { key: "site:7", value: { name: "Bengalúru", jobs: [1, null] }, ttl: "1m" });
    await call("set", { key: "hits", value: 41, ttl: null });
    await call("set", { cache: "select2", key: "q", value: "x", version: 3 });
    await call("set", { cache: "sessions", key: "s1", value: {} });
    expect(JSON.parse(await cli(1, "get", "youtility4:1:site:7"))).toEqual({ name: "Bengalúru", jobs: [1, null] });
    const ttlS = Number(await cli(1, "ttl", "youtility4:1:site:7")); // Whole seconds left: some may have passed.
    expect(ttlS).toBeGreaterThan(30);
    expect(ttlS).toBeLessThanOrEqual(60);
    expect(await cli(1, "incr", "youtility4:1:hits")).toBe("42");
    expect(await call("incr", { key: "hits" })).toEqual({ value: 43 });
    expect(await cli(1, "ttl", "youtility4:1:hits")).toBe("-1");
    expect(await cli(2, "get", ":3:q")).toBe('"x"');
    expect(Number(await cli(1, "ttl", "session:1:s1"))).toBeGreaterThan(11 * 3_600);
  });

  test("what another program has written is read, whatever it is", async () => {
    await cli(1, "set", "youtility4:1:from-python", '{"a": [1, 2.5, "\\u00fc"]}');
    await cli(1, "set", "youtility4:1:raw", "not json");
    expect(await call("get", { key: "from-python" })).toEqual({ found: true, value: { a: [1, 2.5, "ü"] } });
    expect(await call("get", { key: "raw" })).toEqual({ found: true, value: "not json" });
    expect(await call("ttl", { key: "raw" })).toEqual({ found: true, ttlMs: null });
  });

  test("patterns and clearing stay within their cache and version", async () => {
    await cli(1, "set", "celery-task-meta-1", "not ours");
    await call("setMany", { values: { job_1: 1, job_list_2: 2, job_list_3: 3 } });
    await call("set", { key: "job_list_4", value: 4, version: 2 });
    expect(await call("deletePattern", { pattern: "job_list_*" })).toEqual({ deleted: 2 });
    expect(await call("keys", { pattern: "job*" })).toEqual({ items: ["job_1"], nextCursor: null });
    expect(await call("get", { key: "job_list_4", version: 2 })).toMatchObject({ found: true });
    await services.call("cache.clear", {}, user);
    expect(await cli(1, "get", "celery-task-meta-1")).toBe("not ours");
    expect(await call("get", { cache: "sessions", key: "s1" })).toMatchObject({ found: true });
    expect(await call("get", { key: "job_list_4", version: 2 })).toMatchObject({ found: false });
    const { rows } = await backend.database.query("select actor, action, target from audit");
    expect(rows).toEqual([{ actor: "olga", action: "cache.clear", target: "default" }]);
  });

  test("add, many, touch, persist, versions", async () => {
    expect(await call("add", { key: "once", value: 1 })).toEqual({ stored: true });
    expect(await call("add", { key: "once", value: 2 })).toEqual({ stored: false });
    expect(await call("set", { key: "absent", value: 1, xx: true })).toEqual({ stored: false });
    expect(await call("getMany", { keys: ["once", "absent"] })).toEqual({ values: { once: 1 } });
    expect(await call("touch", { key: "once", ttl: "2m" })).toEqual({ touched: true });
    expect(await call("persist", { key: "once" })).toEqual({ touched: true });
    expect(await cli(1, "ttl", "youtility4:1:once")).toBe("-1");
    expect(await call("bumpVersion", { key: "once" })).toEqual({ version: 2 });
    expect(await cli(1, "get", "youtility4:2:once")).toBe("1");
    expect(await call("set", { key: "gone", value: 1, ttl: 0 })).toEqual({ stored: true });
    expect(await call("get", { key: "gone" })).toMatchObject({ found: false });
  });

  test.each<[string, string, object, string]>([
    ["get", "PARAMS_INVALID", { key: "" }, "key"],
    ["get", "PARAMS_INVALID", { key: "x".repeat(600) }, "key"],
    ["get", "PARAMS_INVALID", { key: "a\nb" }, "key"],
    ["get", "CACHE_UNKNOWN", { key: "a", cache: "nowhere" }, "cache"],
    ["set", "PARAMS_INVALID", { key: "a", value: 1, ttl: "soon" }, "ttl"],
    ["set", "PARAMS_INVALID", { key: "a", value: "x".repeat(1_100_000) }, "value"],
    ["set", "PARAMS_INVALID", { key: "a", value: 1, nx: true, xx: true }, "xx"],
    ["getMany", "PARAMS_INVALID", { keys: manyKeys }, "keys"],
    ["set", "PARAMS_INVALID", { key: "a" }, "value"],
    ["set", "PARAMS_INVALID", { key: "a", value: deep(100_000) }, "value"],
    ["setMany", "PARAMS_INVALID", { values: Object.fromEntries(manyKeys.map((key) => [key, 1])) }, "values"],
    ["keys", "PARAMS_INVALID", { cursor: "no cursor" }, "cursor"],
    ["lease", "PARAMS_INVALID", { key: "a", leaseFor: "2h" }, "leaseFor"],
    ["invalidateTags", "PARAMS_INVALID", { tags: [] }, "tags"],
  ])("%s refuses with %s and the field", async (action, code, params, field) => {
    await expect(call(action, params)).rejects.toMatchObject({
      code,
      fields: expect.arrayContaining([expect.objectContaining({ field })]),
    });
  });

  test("everybody is told what is no longer true, without its value", async () => {
    told.length = 0;
    await call("set", { key: "told", value: "secret", tags: ["t"] });
    await call("deleteMany", { keys: ["told", "other"] });
    await call("invalidateTags", { tags: ["t"] });
    await call("clear", { cache: "select2" });
    const heard = told.filter(({ event }) => event === "cache.invalidated").map(({ payload }) => payload);
    expect(heard).toMatchObject([
      { cache: "default", version: 1, keys: ["told"] },
      { keys: ["told", "other"] },
      { tags: ["t"] },
      { cache: "select2", all: true },
    ]);
    expect(JSON.stringify(told)).not.toContain("secret");
  });

  test("a moved value is news in both versions, a ttl only when it deletes", async () => {
    await call("set", { key: "moving", value: 1 });
    told.length = 0;
    await call("touch", { key: "moving", ttl: "5m" });
    await call("bumpVersion", { key: "moving", by: 2 });
    await call("expire", { key: "moving", version: 3, ttl: 0 });
    expect(told.map(({ payload }) => [payload.version, payload.keys])).toEqual([
      [1, ["moving"]],
      [3, ["moving"]],
      [3, ["moving"]],
    ]);
    expect(await call("get", { key: "moving", version: 3 })).toMatchObject({ found: false });
  });

  test("emptied under calls: nothing fails, and it is filled again", async () => {
    const calls: Promise<unknown>[] = [];
    for (let round = 0; round < 200; round += 1) {
      const key = `flushed:${round % 7}`;
      calls.push(
        (async () => {
          const lease = await call<{ state: string; lease?: string }>("lease", { key });
          if (lease.lease !== undefined)
            await call("fill", { key, value: round, lease: lease.lease, tags: ["flushed"] });
          await call("invalidateTags", { tags: [`none:${round}`] });
        })(),
      );
      if (round % 40 === 20) calls.push(cli(1, "flushall"));
      if (round % 10 === 0) await Promise.resolve();
    }
    await Promise.all(calls);
    const before = await call<Stats>("stats");
    expect(await call("set", { key: "after", value: 1 })).toEqual({ stored: true });
    expect(await call("get", { key: "after" })).toEqual({ found: true, value: 1 });
    expect(before.items[0]).toMatchObject({ connected: true, errors: 0, dropped: 0 });
  });

  test("commands are shown while somebody watches, and cost nothing otherwise", async () => {
    told.length = 0;
    await call("get", { key: "unseen" });
    await call("watch", { seconds: 30 });
    await call("set", { key: "seen", value: "secret" });
    await call("get", { key: "seen" });
    await call("get", { key: "nothing" });
    await call("watch", { seconds: 0 });
    await call("get", { key: "unseen" });
    const { items } = await call<{ items: { key: string; outcome: string }[] }>("monitor", { cache: "default" });
    expect(items.map(({ key, outcome }) => [key, outcome])).toEqual([
      ["seen", "done"],
      ["seen", "hit"],
      ["nothing", "miss"],
    ]);
    expect(told.filter(({ event }) => event === "cache.command")).toHaveLength(3);
    expect(JSON.stringify(items)).not.toContain("secret");
  });

  describe("while Redis is away", () => {
    test("reads miss, writes are dropped and counted, locks refuse, nobody waits, and it recovers by itself", async () => {
      await call("setMany", { values: { kept: 1, doomed: 2 }, ttl: null });
      await server.kill("SIGKILL");
      const slowest: number[] = [];
      const timed = async <Result>(action: string, params: object) => {
        const began = performance.now();
        const result = await call<Result>(action, params);
        slowest.push(performance.now() - began);
        return result;
      };
      await timed("get", { key: "kept" });
      expect(await timed("get", { key: "kept" })).toEqual({ found: false, value: null, isAway: true });
      expect(await timed("set", { key: "a", value: 1 })).toEqual({ stored: false });
      expect(await timed("delete", { key: "doomed" })).toEqual({ deleted: 0 });
      const asked = await Promise.all([1, 2, 3].map(() => timed<{ state: string }>("lease", { key: "cold" })));
      expect(asked.map(({ state }) => state).sort()).toEqual(["busy", "busy", "granted"]);
      await expect(call("lock", { name: "l" })).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
      await expect(call("incr", { key: "n" })).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
      expect(Math.max(...slowest)).toBeLessThan(30_000); // Who waited would do so until it is back.
      const { items } = await call<Stats>("stats");
      const counted = items.find(({ cache }) => cache === "default");
      expect(counted).toMatchObject({ connected: false });
      expect(counted?.dropped).toBeGreaterThanOrEqual(2);
      await server.restart();
      await eventually(async () => (await call<{ stored: boolean }>("set", { key: "back", value: 1 })).stored);
    }, 180_000);

    test("what was invalidated meanwhile is gone after the return, though the server kept it", async () => {
      await call("setMany", { values: { kept: 1, doomed: 2, list_1: 3 }, ttl: null });
      // Frozen, not ended: everything is still there afterwards.
      await server.kill("SIGSTOP");
      await call("delete", { key: "doomed" });
      await call("deletePattern", { pattern: "list_*" });
      await call("set", { key: "kept", value: "newer" });
      await server.kill("SIGCONT");
      await eventually(async () => (await call<{ stored: boolean }>("set", { key: "back", value: 1 })).stored);
      expect(await call("getMany", { keys: ["kept", "doomed", "list_1"] })).toEqual({ values: {} });
    }, 180_000);

    test("full: reads go on, writes are dropped", async () => {
      await call("set", { key: "small", value: 1, ttl: null });
      await cli(0, "config", "set", "maxmemory-policy", "noeviction");
      await cli(0, "config", "set", "maxmemory", "2mb");
      for (let n = 0; n < 20; n += 1) await call("set", { key: `filler:${n}`, value: "x".repeat(200_000) });
      expect(await call("set", { key: "large", value: "x".repeat(200_000) })).toEqual({ stored: false });
      expect(await call("get", { key: "small" })).toEqual({ found: true, value: 1 });
      expect(await call("delete", { key: "small" })).toEqual({ deleted: 1 });
      const { items } = await call<Stats>("stats");
      expect(items[0]).toMatchObject({ connected: true });
      expect(items[0]?.dropped).toBeGreaterThan(5);
      await cli(0, "config", "set", "maxmemory", "0");
      expect(await call("set", { key: "large", value: "x" })).toEqual({ stored: true });
    });
  });
});
