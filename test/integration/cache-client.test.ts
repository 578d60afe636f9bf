/** The client against the real cache service: one process, several over NATS, and a database that changes meanwhile. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { ServiceBroker } from "moleculer";
import type { Database } from "../../database/index.ts";
import { VirtualClock } from "../../runtime/index.ts";
import type { Cache } from "../../services/cache/client/index.ts";
import { eventually } from "../support/backends.ts";
import { type CacheNode, CacheNodes } from "../support/cache-nodes.ts";
import { openEmbedded } from "../support/embedded-database.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startNats, startRedis } from "../support/servers/index.ts";

/** An answer that comes late on a busy machine is an answer. */
const PATIENCE = "20s";
const nodes = new CacheNodes();
afterEach(() => nodes.stop());
afterAll(() => nodes.close());

/** A piece of work that says when it has begun and ends when it is told to. */
function gate<Value>(value: Value) {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  let runs = 0;
  return {
    begun: begun.promise,
    open: () => end.resolve(),
    runs: () => runs,
    async work(): Promise<Value> {
      runs++;
      begun.resolve();
      await end.promise;
      return value;
    },
  };
}

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function suite(redisUrl: () => string | undefined): void {
  let node: CacheNode;
  let cache: Cache;
  beforeEach(async () => {
    node = await nodes.start({ redisUrl: redisUrl(), timeout: PATIENCE });
    ({ cache } = node);
    for (const name of ["default", "sessions"] as const) await cache.named(name).clear();
  });

  test("values, many values, counters", async () => {
    expect(await cache.get("a")).toBeUndefined();
    expect(await cache.set("a", { n: 1 }, { ttl: "1m" })).toBe(true);
    expect(await cache.get("a")).toEqual({ n: 1 });
    expect(await cache.set("nothing", null)).toBe(true);
    expect(await cache.get("nothing")).toBeNull();
    expect(await cache.set("a", 2, { nx: true })).toBe(false);
    expect(await cache.setMany({ b: 1, c: "x" }, { ttl: "1m" })).toBe(2);
    expect(await cache.getMany(["a", "b", "c", "d"])).toEqual(
      new Map<string, unknown>([
        ["a", { n: 1 }],
        ["b", 1],
        ["c", "x"],
      ]),
    );
    expect([await cache.incr("b"), await cache.incr("b", 5), await cache.decr("b", 2)]).toEqual([2, 7, 5]);
    await expect(cache.incr("none")).rejects.toMatchObject({ code: "CACHE_KEY_MISSING" });
    await expect(cache.incr("c")).rejects.toMatchObject({ code: "CACHE_NOT_A_NUMBER" });
    expect([await cache.touch("a", "2m"), await cache.touch("none", "2m")]).toEqual([true, false]);
    expect([await cache.delete("a"), await cache.delete("a"), await cache.deleteMany(["b", "c"])]).toEqual([1, 0, 2]);
  });

  test("named caches and versions are worlds of their own", async () => {
    await cache.set("a", "default");
    expect(await cache.named("sessions").get("a")).toBeUndefined();
    expect(await cache.named("default", 2).get("a")).toBeUndefined();
    await cache.named("default", 2).set("a", "second");
    expect([await cache.get("a"), await cache.named("default", 2).get("a")]).toEqual(["default", "second"]);
  });

  test("a wrong key is refused by get and set, and remember computes", async () => {
    const long = "x".repeat(2_000);
    await expect(cache.get(long)).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    await expect(cache.remember(long, { ttl: "1m" }, () => "fine")).resolves.toBe("fine");
  });

  test("remember computes once and gives the same afterwards, null too", async () => {
    let computed = 0;
    for (const [key, value] of [
      ["object", { at: "now", list: [1] }],
      ["null", null],
      ["zero", 0],
      ["empty", ""],
      ["no", false],
    ] as const) {
      for (let n = 0; n < 3; n++) {
        const got = await cache.remember<unknown>(key, { ttl: "1m" }, () => {
          computed++;
          return value;
        });
        expect(got).toEqual(value);
      }
    }
    expect(computed).toBe(5);
    expect(node.client.stats()).toMatchObject({ computed: 5, computedAlone: 0, hits: 10, fillsRefused: 0 });
  });

  test("undefined, what cacheIf declines and errors are not kept, and the lease is given back at once", async () => {
    let computed = 0;
    const answers = [undefined, "declined", new Error("failed"), "kept", "too late"];
    const ask = () =>
      cache.remember("a", { ttl: "1m", leaseFor: "1m", cacheIf: (value) => value !== "declined" }, () => {
        const answer = answers[computed++];
        if (answer instanceof Error) throw answer;
        return answer;
      });
    const began = performance.now();
    expect([await ask(), await ask()]).toEqual([undefined, "declined"]);
    await expect(ask()).rejects.toThrow("failed");
    expect([await ask(), await ask()]).toEqual(["kept", "kept"]);
    expect(computed).toBe(4);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  test("the ttl is spread by the jitter, either way", async () => {
    const ttls: number[] = [];
    for (let n = 0; n < 40; n++) {
      await cache.remember(`k${n}`, { ttl: "100s", jitter: 0.2 }, () => n);
      const { ttlMs } = await node.broker.call<{ ttlMs: number }, object>("cache.ttl", { key: `k${n}` });
      ttls.push(ttlMs);
    }
    expect(Math.min(...ttls)).toBeGreaterThan(70_000);
    expect(Math.max(...ttls)).toBeLessThanOrEqual(120_000);
    expect(Math.min(...ttls)).toBeLessThan(90_000);
    expect(Math.max(...ttls)).toBeGreaterThan(110_000);
  });

  test("a value past its ttl is given out at once while one caller computes it anew", async () => {
    let n = 0;
    const options = { ttl: 60, staleFor: "2m", jitter: 0 };
    const quick = () => cache.remember("a", options, () => ++n);
    expect(await quick()).toBe(1);
    await later(100);
    const refresh = gate(2);
    const renew = () => cache.remember("a", { ...options, ttl: "1m", leaseFor: "1m" }, refresh.work);
    const stale = await Promise.all(Array.from({ length: 5 }, renew));
    expect(stale).toEqual([1, 1, 1, 1, 1]);
    expect(await renew()).toBe(1);
    await refresh.begun;
    expect(refresh.runs()).toBe(1);
    refresh.open();
    await eventually(async () => (await cache.get("a")) === 2);
    expect(await quick()).toBe(2);
  });

  test("a refresh that fails leaves the old value and is tried again", async () => {
    const options = { ttl: 40, staleFor: "2m", jitter: 0 };
    await cache.remember("a", options, () => "old");
    await later(60);
    const failing = () =>
      cache.remember("a", options, () => {
        throw new Error("source is down");
      });
    expect(await failing()).toBe("old");
    await eventually(async () => node.client.stats().refreshesFailed === 1);
    expect(await failing()).toBe("old");
    await eventually(async () => {
      await cache.remember("a", { ...options, ttl: "1m" }, () => "new");
      return (await cache.get("a")) === "new";
    });
  });

  test("deletes, patterns and tags reach what remember has kept, in the first level too", async () => {
    let n = 0;
    const ask = (key: string) => cache.remember(key, { ttl: "1m", firstLevel: "1m", tags: ["sites"] }, () => ++n);
    const forget: (() => Promise<number>)[] = [
      () => cache.delete("site:1"),
      () => cache.deleteMany(["site:1"]),
      () => cache.deletePattern("site:*"),
      () => cache.invalidateTags(["sites"]),
      () => cache.clear(),
    ];
    for (const step of forget) {
      const before = await ask("site:1");
      expect(await ask("site:1")).toBe(before);
      expect(await step()).toBe(1);
      expect(await ask("site:1")).toBe(before + 1);
    }
    await cache.set("site:1", "set by hand");
    expect(await ask("site:1")).toBe("set by hand");
  });

  test("what was invalidated while it was computed is returned and not cached", async () => {
    const steps = [
      () => cache.invalidateTags(["sites"]),
      () => cache.delete("a"),
      () => cache.deletePattern("*"),
      () => cache.clear(),
      () => cache.deleteMany(["b", "a"]),
    ];
    for (const forget of steps) {
      const computing = gate("old");
      const asked = cache.remember("a", { ttl: "1m", firstLevel: "1m", tags: ["sites"] }, computing.work);
      await computing.begun;
      await forget();
      computing.open();
      expect(await asked).toBe("old");
      expect(await cache.get("a")).toBeUndefined();
      expect(await cache.remember("a", { ttl: "1m", firstLevel: "1m" }, () => "new")).toBe("new");
      await cache.delete("a");
    }
    expect(node.client.stats().fillsRefused).toBe(steps.length);
  });

  test("a lock is held by one at a time, renewed while the work runs, and free again afterwards", async () => {
    const work = gate("done");
    // Renewed each three seconds: the machine may stand still for six before it ends.
    const held = cache.lock("nightly", { ttl: 9_000 }, work.work);
    await work.begun;
    await expect(cache.lock("nightly", {}, () => "mine")).rejects.toMatchObject({ code: "CACHE_LOCKED" });
    await later(9_500);
    await expect(cache.lock("nightly", { wait: 50 }, () => "mine")).rejects.toMatchObject({ code: "CACHE_LOCKED" });
    const waiting = cache.lock("nightly", { wait: "60s" }, () => "mine");
    work.open();
    expect(await held).toBe("done");
    expect(await waiting).toBe("mine");
    await expect(
      cache.lock("nightly", {}, () => {
        throw new Error("work failed");
      }),
    ).rejects.toThrow("work failed");
    expect(await cache.lock("nightly", {}, () => "free")).toBe("free");
  });
}

describe("the cache client on the in-process store", () => {
  suite(() => undefined);

  test("values, leases and locks are gone with the service, and the client carries on", async () => {
    const first = await nodes.start({ nodeID: "a" });
    await first.cache.set("a", 1);
    await first.broker.destroyService("cache");
    expect(await first.cache.get("a")).toBeUndefined();
    expect(await first.cache.remember("a", { ttl: "1m" }, () => "alone")).toBe("alone");
  });

  test("the signal of a lock aborts before the lock ends when it cannot be renewed", async () => {
    const clock = new VirtualClock();
    const { broker, cache } = await nodes.start({ nodeID: "a", clock });
    const took = await cache.lock("nightly", { ttl: 300 }, async (signal) => {
      await clock.advance(250);
      expect(signal.aborted).toBe(false);
      await broker.destroyService("cache");
      let tookMs = 0;
      for (; !signal.aborted && tookMs < 1_000; tookMs += 10) await clock.advance(10);
      expect(signal.reason).toMatchObject({ code: "CACHE_LOCKED" });
      return tookMs;
    });
    // It was renewed after 200 ms, so that it would end 250 ms after the service.
    expect(took).toBeLessThan(250);
  });
});

describeWith("redis", "the cache client on Redis", (redisUrl) => {
  suite(() => redisUrl);
});

describe("what the database says and what the cache says", () => {
  let database: Database;
  beforeAll(async () => {
    database = await openEmbedded();
    await database.script("create table named_site (id integer primary key, name text not null)");
  }, 400_000);
  afterAll(() => database.close());
  beforeEach(() => database.script("delete from named_site; insert into named_site values (7, 'old')"));

  async function nameInDatabase(): Promise<string | undefined> {
    const { rows } = await database.query<{ name: string }>("select name from named_site where id = 7");
    return rows[0]?.name;
  }

  test("a rollback invalidates nothing, a commit each thing once", async () => {
    const { cache, broker } = await nodes.start();
    const told: unknown[] = [];
    broker.localBus.on("cache.invalidated", (params: unknown) => told.push(params));
    await cache.set("site:7", "old");
    await cache.set("list:1", "x", { tags: ["sites"] });
    told.length = 0;
    const rename = (fails: boolean) =>
      database.transaction(async (tx) => {
        await tx.query("update named_site set name = 'new' where id = 7");
        cache.afterCommit(tx).delete("site:7", "site:7");
        cache.afterCommit(tx).delete("site:7").invalidateTags("sites").deletePattern("page:*");
        expect(await cache.get("site:7")).toBe("old");
        if (fails) throw new Error("undo");
      });
    await expect(rename(true)).rejects.toThrow("undo");
    expect([await cache.get("site:7"), await cache.get("list:1")]).toEqual(["old", "x"]);
    await rename(false);
    expect(await cache.getMany(["site:7", "list:1"])).toEqual(new Map());
  });

  test("an old row that was read before the commit is never cached after it", async () => {
    const { cache, client } = await nodes.start();
    const computing = gate(undefined);
    const asked = cache.remember("site:7", { ttl: "1m", firstLevel: "1m" }, async () => {
      const name = await nameInDatabase();
      await computing.work();
      return name;
    });
    await computing.begun;
    await database.transaction(async (tx) => {
      await tx.query("update named_site set name = 'new' where id = 7");
      cache.afterCommit(tx).delete("site:7");
    });
    computing.open();
    expect(await asked).toBe("old");
    expect(client.stats().fillsRefused).toBe(1);
    expect(await cache.get("site:7")).toBeUndefined();
    expect(await cache.remember("site:7", { ttl: "1m", firstLevel: "1m" }, nameInDatabase)).toBe("new");
  });

  test("with a plain get and set the same interleaving caches the old row", async () => {
    const { cache } = await nodes.start();
    const name = (await cache.get<string>("site:7")) ?? (await nameInDatabase());
    await database.transaction(async (tx) => {
      await tx.query("update named_site set name = 'new' where id = 7");
      cache.afterCommit(tx).delete("site:7");
    });
    await cache.set("site:7", name);
    expect([await cache.get("site:7"), await nameInDatabase()]).toEqual(["old", "new"]);
  });

  test("after a writer's transaction the writer's own process reads the new row at once, whoever computes", async () => {
    const { cache } = await nodes.start();
    const computing = gate(undefined);
    const reader = cache.remember("site:7", { ttl: "1m" }, async () => {
      const name = await nameInDatabase();
      await computing.work();
      return name;
    });
    await computing.begun;
    await database.transaction(async (tx) => {
      await tx.query("update named_site set name = 'new' where id = 7");
      cache.afterCommit(tx).delete("site:7");
    });
    expect(await cache.remember("site:7", { ttl: "1m" }, nameInDatabase)).toBe("new");
    computing.open();
    expect(await reader).toBe("old");
    expect(await cache.get("site:7")).toBe("new");
  });

  test("invalidated before the commit instead, the old row comes back", async () => {
    const { cache } = await nodes.start();
    await cache.remember("site:7", { ttl: "1m" }, nameInDatabase);
    let seen: string | undefined;
    await database.transaction(async (tx) => {
      await tx.query("update named_site set name = 'new' where id = 7");
      await cache.delete("site:7");
      // Embedded, nobody else can read now: what another process would see is the row before this transaction.
      seen = await cache.remember("site:7", { ttl: "1m" }, () => "old");
    });
    expect([seen, await cache.get("site:7"), await nameInDatabase()]).toEqual(["old", "old", "new"]);
  });
});

describeWith("nats", "the cache client in several processes", () => {
  let nats: ServerHandle;
  let redis: ServerHandle | undefined;
  beforeAll(async () => {
    nats = await startNats();
  }, 400_000);
  afterAll(async () => {
    await nodes.stop();
    await nats.stop();
    await redis?.stop();
  }, 400_000);

  /** Nodes that see each other's cache services. */
  async function startAll(serving: number, using: number, redisUrl?: string): Promise<CacheNode[]> {
    const all: CacheNode[] = [];
    for (let n = 0; n < serving + using; n++) {
      const serves = n < serving;
      all.push(
        await nodes.start({
          natsUrl: nats.url,
          redisUrl,
          serves,
          nodeID: `${serves ? "cache" : "user"}-${n}`,
          timeout: PATIENCE,
        }),
      );
    }
    await seeEachOther(all, serving);
    return all;
  }

  test("one computes, the others wait for its value and are woken by it", async () => {
    const all = await startAll(1, 3);
    const computing = gate("value");
    const asked = all.map(({ cache }) => cache.remember("a", { ttl: "1m", leaseFor: "1m" }, computing.work));
    await computing.begun;
    await later(30);
    computing.open();
    const opened = performance.now();
    expect(await Promise.all(asked)).toEqual(["value", "value", "value", "value"]);
    expect(computing.runs()).toBe(1);
    expect(performance.now() - opened).toBeLessThan(30_000);
  }, 400_000);

  test("a process that was busy for longer than it waits takes that for no outage", async () => {
    await startAll(1, 0);
    const user = await nodes.start({ natsUrl: nats.url, serves: false, nodeID: "busy", timeout: "4s" });
    await eventually(() => user.cache.set("a", 1));
    const { unanswered } = user.client.stats();
    const answers = Array.from({ length: 20 }, () => user.cache.get("a"));
    // What was not sent at once leaves only afterwards, and half the limit is left for its answer.
    for (const until = performance.now() + 4_500; performance.now() < until; );
    expect(await Promise.all(answers)).toEqual(answers.map(() => 1));
    expect(user.client.stats()).toMatchObject({ unanswered });
  }, 400_000);

  test("an error in one process lets the next one compute", async () => {
    const [one, two] = await startAll(1, 1);
    const failing = gate(undefined);
    const first = one?.cache.remember("a", { ttl: "1m" }, async () => {
      await failing.work();
      throw new Error("source is down");
    });
    await failing.begun;
    const second = two?.cache.remember("a", { ttl: "1m" }, () => "fine");
    failing.open();
    await expect(first).rejects.toThrow("source is down");
    await expect(second).resolves.toBe("fine");
  }, 400_000);

  test("nobody waits longer for another's value than its lease", async () => {
    const [one, two] = await startAll(1, 1);
    const hanging = gate("late");
    const first = one?.cache.remember("a", { ttl: "1m", leaseFor: 300 }, hanging.work);
    await hanging.begun;
    const began = performance.now();
    expect(await two?.cache.remember("a", { ttl: "1m", leaseFor: "1m" }, () => "own")).toBe("own");
    expect(performance.now() - began).toBeLessThan(30_000); // The other's lease has 300 ms; its own a minute.
    hanging.open();
    expect(await first).toBe("late");
    expect(await one?.cache.get("a")).toBe("own");
  }, 400_000);

  test("what another process invalidates while a value is computed is not cached, by key, glob or tag", async () => {
    const [one, two, three] = await startAll(1, 2);
    for (const forget of [
      () => three?.cache.delete("a"),
      () => three?.cache.deletePattern("a*"),
      () => three?.cache.invalidateTags(["sites"]),
    ]) {
      const computing = gate("old");
      const asked = two?.cache.remember("a", { ttl: "1m", tags: ["sites"] }, computing.work);
      await computing.begun;
      await forget();
      await later(50);
      computing.open();
      expect(await asked).toBe("old");
      expect(await one?.cache.get("a")).toBeUndefined();
    }
    expect(two?.client.stats().fillsRefused).toBe(3);
  }, 400_000);

  test("a lock is one for all processes, and refusals keep their codes on the way", async () => {
    const [one, two] = await startAll(1, 1);
    const work = gate("done");
    const held = two?.cache.lock("nightly", { ttl: "1m" }, work.work);
    await work.begun;
    await expect(one?.cache.lock("nightly", {}, () => "")).rejects.toMatchObject({ code: "CACHE_LOCKED" });
    await expect(two?.cache.lock("nightly", {}, () => "")).rejects.toMatchObject({ code: "CACHE_LOCKED" });
    await expect(two?.cache.incr("none")).rejects.toMatchObject({ code: "CACHE_KEY_MISSING" });
    await expect(two?.cache.get("")).rejects.toMatchObject({ code: "PARAMS_INVALID", fields: [{ field: "key" }] });
    work.open();
    expect(await held).toBe("done");
    expect(two?.client.stats()).toMatchObject({ unanswered: 0 });
  }, 400_000);

  test("a first level is dropped when another process invalidates", async () => {
    const [one, two, three] = await startAll(1, 2);
    let n = 0;
    const ask = () => two?.cache.remember("a", { ttl: "1m", firstLevel: "1m" }, () => ++n);
    await eventually(async () => (await ask()) === 1 && (two?.client.stats().firstLevelHits ?? 0) > 0);
    await three?.cache.delete("a");
    await eventually(async () => (await ask()) === 2);
    await one?.cache.clear();
    await eventually(async () => (await ask()) === 3);
  }, 400_000);

  test("all calls for one key go to one of two nodes, those of the nodes themselves too", async () => {
    const all = await startAll(2, 2);
    const keys = Array.from({ length: 100 }, (_, n) => `key:${n}`);
    for (const [index, key] of keys.entries()) await all[index % 4]?.cache.set(key, key);
    for (const { cache } of all) for (const key of keys) expect(await cache.get(key)).toBe(key);
    let computed = 0;
    await Promise.all(
      keys.flatMap((key) =>
        all.map(({ cache }) =>
          cache.remember(`r:${key}`, { ttl: "1m", leaseFor: "1m" }, async () => {
            computed++;
            await later(10);
            return key;
          }),
        ),
      ),
    );
    expect(computed).toBe(keys.length);
    const entries = await Promise.all(all.slice(0, 2).map(({ broker }) => heldBy(broker, broker.nodeID, keys)));
    expect(entries.reduce((sum, count) => sum + count, 0)).toBe(keys.length);
    for (const count of entries) expect(count).toBeGreaterThan(10);
  }, 400_000);

  test("a node that leaves takes its values with it and nothing else; keys settle on the others", async () => {
    const [stays, leaves, user] = await startAll(2, 1);
    const keys = Array.from({ length: 20 }, (_, n) => `key:${n}`);
    for (const key of keys) await user?.cache.set(key, key);
    await leaves?.broker.stop();
    await eventually(async () => {
      for (const key of keys) expect(await user?.cache.set(key, "again")).toBe(true);
      return true;
    }, 120_000);
    for (const key of keys) expect(await stays?.cache.get(key)).toBe("again");
  }, 400_000);

  test("the broker's messages lost for a time, the first level ends with its ttl", async () => {
    const [one, two] = await startAll(1, 1);
    let n = 0;
    const ask = () => two?.cache.remember("a", { ttl: "1m", firstLevel: 400 }, () => ++n);
    await eventually(async () => (await ask()) === 1 && (two?.client.stats().firstLevelHits ?? 0) > 0);
    // What a lost broadcast leaves behind: the service has forgotten, this process has not heard.
    await two?.broker.destroyService("cache-client");
    await one?.cache.delete("a");
    const began = performance.now();
    await eventually(async () => (await ask()) === 2);
    expect(performance.now() - began).toBeLessThan(20_000); // Its ttl here is 400 ms, in the cache a minute.
  }, 400_000);

  test("on Redis the lease is one for all nodes", async () => {
    redis = await startRedis();
    const all = await startAll(2, 2, redis.url);
    const computing = gate("value");
    const asked = all.map(({ cache }) => cache.remember("a", { ttl: "1m", leaseFor: "1m" }, computing.work));
    await computing.begun;
    await later(50);
    computing.open();
    expect(await Promise.all(asked)).toEqual(["value", "value", "value", "value"]);
    expect(computing.runs()).toBe(1);
  }, 400_000);
});

async function heldBy(broker: ServiceBroker, nodeID: string, keys: readonly string[]): Promise<number> {
  const answer = await broker.call<{ values: object }, object>("cache.getMany", { keys }, { nodeID });
  return Object.keys(answer.values).length;
}

/** Waits until the users know the services, and the services know that the users listen: Moleculer takes a second. */
function seeEachOther(all: readonly CacheNode[], serving: number): Promise<unknown> {
  return eventually(async () =>
    all.every(({ broker }) => {
      const { registry } = broker as unknown as Registry;
      const listeners = registry.events.events.find(({ name }) => name === "cache.invalidated");
      return (
        registry.getActionEndpoints("cache.lease")?.endpoints.length === serving &&
        listeners?.endpoints.length === all.length
      );
    }),
  );
}

interface Registry {
  readonly registry: {
    getActionEndpoints(name: string): { endpoints: unknown[] } | undefined;
    events: { events: { name: string; endpoints: unknown[] }[] };
  };
}
