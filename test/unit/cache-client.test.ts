/** The client of the cache with nobody to answer it, and with a service that hangs, breaks or refuses. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { ApiumError, SeededRandom, silentLog, VirtualClock } from "../../runtime/index.ts";
import { FirstLevel } from "../../services/cache/client/first-level.ts";
import { type CacheClient, cacheClient } from "../../services/cache/client/index.ts";

const brokers: ServiceBroker[] = [];
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.stop();
});

async function start(services: readonly ServiceSchema[] = [], timeout = 30) {
  const broker = new ServiceBroker({ logger: false, validator: false, skipProcessEventRegistration: true });
  brokers.push(broker);
  const clock = new VirtualClock();
  const client = cacheClient(broker, { clock, random: new SeededRandom(1), log: silentLog, timeout });
  broker.createService(client.events);
  for (const service of services) broker.createService(service);
  await broker.start();
  return { broker, clock, client, cache: client.named("default") };
}

const never = () => new Promise<never>(() => {});
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("the first level", () => {
  test("keeps so many and lets the least recently used go", () => {
    const level = new FirstLevel(new VirtualClock(), 2);
    level.keep("a", "1", 1_000);
    level.keep("b", "2", 1_000);
    expect(level.get("a")).toBe("1");
    level.keep("c", "3", 1_000);
    expect(["a", "b", "c"].map((key) => level.get(key))).toEqual(["1", undefined, "3"]);
    expect(level.size).toBe(2);
  });

  test("gives nothing out after its time", async () => {
    const clock = new VirtualClock();
    const level = new FirstLevel(clock, 10);
    level.keep("a", "1", 1_000);
    await clock.advance(999);
    expect(level.get("a")).toBe("1");
    await clock.advance(1);
    expect(level.get("a")).toBeUndefined();
    expect(level.size).toBe(0);
  });
});

describe("without a cache service", () => {
  test("reads miss, writes are dropped and counted, and nothing throws", async () => {
    const { client, cache } = await start();
    expect(await cache.get("a")).toBeUndefined();
    expect(await cache.getMany(["a", "b"])).toEqual(new Map());
    expect(await cache.set("a", 1)).toBe(false);
    expect(await cache.setMany({ a: 1 })).toBe(0);
    expect(await cache.incr("a")).toBeUndefined();
    expect(await cache.touch("a", "1m")).toBe(false);
    expect(await cache.delete("a")).toBe(0);
    expect(await cache.invalidateTags(["t"])).toBe(0);
    expect(client.stats()).toMatchObject({ unanswered: 8, writesDropped: 4, invalidationsPostponed: 2 });
  });

  test("remember computes, once for all who ask at the same time, each with a copy of its own", async () => {
    const { client, cache } = await start();
    let computed = 0;
    const ask = () =>
      cache.remember("site", { ttl: "1m" }, async () => {
        computed++;
        await later(5);
        return { names: ["a"] };
      });
    const [first, second] = await Promise.all([ask(), ask(), ask()]);
    first?.names.push("changed");
    expect(second).toEqual({ names: ["a"] });
    expect(computed).toBe(1);
    expect(client.stats()).toMatchObject({ computed: 1, computedAlone: 1, joined: 2 });
    await ask();
    expect(computed).toBe(2);
  });

  test("an error of compute is thrown to all who waited, and the next one computes again", async () => {
    const { cache } = await start();
    let computed = 0;
    const ask = () =>
      cache.remember("site", { ttl: "1m" }, async () => {
        if (++computed === 1) throw new ApiumError("STORE_TIMEOUT");
        return "fine";
      });
    const both = await Promise.allSettled([ask(), ask()]);
    expect(both.map((one) => one.status === "rejected" && one.reason.code)).toEqual(["STORE_TIMEOUT", "STORE_TIMEOUT"]);
    await expect(ask()).resolves.toBe("fine");
  });

  test("the first level still answers, for its time and until it hears of an invalidation", async () => {
    const { broker, clock, cache } = await start();
    let computed = 0;
    const ask = () => cache.remember("site", { ttl: "1m", firstLevel: "2s" }, () => ({ n: ++computed }));
    expect([await ask(), await ask()]).toEqual([{ n: 1 }, { n: 1 }]);
    await clock.advance(2_000);
    expect([await ask(), await ask()]).toEqual([{ n: 2 }, { n: 2 }]);
    await broker.broadcast("cache.invalidated", { cache: "default", version: 1, keys: ["other"], from: "x" });
    expect(await ask()).toEqual({ n: 2 });
    await broker.broadcast("cache.invalidated", { cache: "sessions", version: 1, all: true, from: "x" });
    expect(await ask()).toEqual({ n: 2 });
    await broker.broadcast("cache.invalidated", { cache: "default", version: 1, keys: ["site"], from: "x" });
    expect(await ask()).toEqual({ n: 3 });
    for (const how of [{ pattern: "s*" }, { tags: ["t"] }, { all: true }, "rubbish"]) {
      const before = await ask();
      await broker.broadcast("cache.invalidated", typeof how === "string" ? how : { cache: "default", ...how });
      expect((await ask()).n).toBe(before.n + 1);
    }
  });

  test("a value that was invalidated while it was computed is kept nowhere, and nobody who asks later gets it", async () => {
    const { broker, cache } = await start();
    const gates: (() => void)[] = [];
    let computed = 0;
    const ask = () =>
      cache.remember("site", { ttl: "1m", firstLevel: "1m" }, async () => {
        const n = ++computed;
        await new Promise<void>((resolve) => gates.push(resolve));
        return n;
      });
    const old = ask();
    while (gates.length < 1) await later(1);
    await broker.broadcast("cache.invalidated", { cache: "default", version: 1, keys: ["site"], from: "x" });
    const fresh = ask();
    while (gates.length < 2) await later(1);
    gates[1]?.();
    expect(await fresh).toBe(2);
    gates[0]?.();
    expect(await old).toBe(1);
    expect(await ask()).toBe(2);
  });

  test("nobody waits longer for a computation that hangs, or that waits for itself, than two leases", async () => {
    const { clock, cache } = await start();
    const options = { ttl: "1m", leaseFor: "2s" };
    void cache.remember("a", options, never);
    let second: string | undefined;
    void cache
      .remember("a", options, () => "second")
      .then((value) => {
        second = value;
      });
    await clock.advance(3_999);
    expect(second).toBeUndefined();
    await clock.advance(1);
    expect(second).toBe("second");

    const inner = () => cache.remember("b", options, () => "inner");
    const outer = cache.remember("b", options, inner);
    await clock.advance(4_000);
    expect(await outer).toBe("inner");
  });

  test("locks are refused", async () => {
    const { cache } = await start();
    let worked = false;
    await expect(
      cache.lock("nightly", { wait: "1s" }, () => {
        worked = true;
      }),
    ).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    expect(worked).toBe(false);
  });

  test("wrong durations are refused at once, what is not JSON when it is computed", async () => {
    const { cache } = await start();
    await expect(cache.remember("a", { ttl: "soon" }, () => 1)).rejects.toMatchObject({ code: "DURATION_NOTATION" });
    await expect(cache.remember("a", { ttl: "1s" }, () => 1n)).rejects.toMatchObject({ code: "RESULT_NOT_JSON" });
  });

  test("what is computed is what a later reader would be given", async () => {
    const { cache } = await start();
    const value = await cache.remember<unknown>("a", { ttl: "1s" }, () => ({ at: new Date(0), none: undefined }));
    expect(value).toEqual({ at: "1970-01-01T00:00:00.000Z" });
    expect(Object.keys(value as object)).toEqual(["at"]);
  });

  test("the signal of compute aborts when the process stops", async () => {
    const { broker, cache } = await start();
    const asked = cache.remember("a", { ttl: "1s" }, (signal) => {
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("stopping"))));
    });
    const seen = expect(asked).rejects.toThrow("stopping");
    await later(1);
    await broker.stop();
    await seen;
  });
});

describe("with a service that does not answer", () => {
  const hanging = (action: () => unknown): ServiceSchema => ({
    name: "cache",
    actions: { get: action, lease: action, set: action, delete: action },
  });

  test("a call ends at the limit, and after three of them the node is left alone for a second", async () => {
    let calls = 0;
    let isWell = false;
    const { clock, client, cache } = await start([
      hanging(() => {
        calls++;
        return isWell ? { found: true, value: calls } : never();
      }),
    ]);
    const giveUp = async <Value>(asked: Promise<Value>): Promise<Value> => {
      await clock.advance(30);
      return asked;
    };
    for (let n = 0; n < 3; n++) expect(await giveUp(cache.get("a"))).toBeUndefined();
    expect([await cache.get("a"), await cache.set("a", 1), calls]).toEqual([undefined, false, 3]);
    expect(client.stats()).toMatchObject({ unanswered: 5, spared: 2, writesDropped: 1 });

    await clock.advance(1_000);
    const both = giveUp(Promise.all([cache.get("a"), cache.get("a")]));
    expect([...(await both), calls]).toEqual([undefined, undefined, 4]);
    isWell = true;
    await clock.advance(1_000);
    expect(await cache.get("a")).toBe(5);
    expect(await Promise.all([cache.get("a"), cache.get("a")])).toEqual([6, 7]);
  });

  test("a lease or a lock that is granted too late is given back", async () => {
    const answers: (() => void)[] = [];
    const returned: unknown[] = [];
    const slowly = (answer: object) => () => new Promise((resolve) => answers.push(() => resolve(answer)));
    const give = (ctx: { params: object }) => void returned.push(ctx.params);
    const { clock, cache } = await start([
      {
        name: "cache",
        actions: {
          lease: slowly({ state: "granted", lease: "l1" }),
          lock: slowly({ token: "t1" }),
          release: give,
          unlock: give,
        },
      },
    ]);
    const value = cache.remember("a", { ttl: "1m" }, () => "computed");
    const locked = expect(cache.lock("nightly", {}, () => "")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    await clock.advance(30);
    expect(await value).toBe("computed");
    await locked;
    expect(returned).toEqual([]);
    for (const answer of answers) answer();
    while (returned.length < 2) await later(1);
    expect(returned).toMatchObject([
      { key: "a", lease: "l1" },
      { name: "nightly", token: "t1" },
    ]);
  });

  test("errors without a name count as silence, refusals are thrown", async () => {
    let error: Error = new Error("something broke");
    const { cache } = await start([
      hanging(() => {
        throw error;
      }),
    ]);
    expect(await cache.get("a")).toBeUndefined();
    error = new ApiumError("PARAMS_INVALID", "no such key", { fields: [{ field: "key", message: "too long" }] });
    await expect(cache.get("a")).rejects.toMatchObject({ code: "PARAMS_INVALID", fields: [{ field: "key" }] });
    await expect(cache.remember("a", { ttl: "1s" }, () => "computed")).resolves.toBe("computed");
  });

  test("that its store is away is no fault of the node", async () => {
    const { client, cache } = await start([
      hanging(() => {
        throw new ApiumError("CACHE_UNAVAILABLE");
      }),
    ]);
    for (let n = 0; n < 5; n++) expect(await cache.get("a")).toBeUndefined();
    expect(client.stats()).toMatchObject({ unanswered: 5, spared: 0 });
  });

  test("an invalidation that nobody heard is sent again until it is heard, each one once", async () => {
    let calls = 0;
    let isWell = false;
    const { clock, client, cache } = await start([
      hanging(() => {
        if (!isWell) throw new Error("broken");
        calls++;
        return { deleted: 1 };
      }),
    ]);
    await cache.delete("a");
    await cache.delete("a");
    await cache.delete("b");
    isWell = true;
    await clock.advance(1_000);
    await clock.advance(1_000);
    expect(calls).toBe(2);
    await clock.advance(10_000);
    expect(calls).toBe(2);
    expect(client.stats()).toMatchObject({ invalidationsPostponed: 3, invalidationsLost: 0 });
  });
});

test("one object a name and version", async () => {
  const { client, cache }: { client: CacheClient; cache: ReturnType<CacheClient["named"]> } = await start();
  expect(client.named("default")).toBe(cache);
  expect(cache.named("sessions")).toBe(client.named("sessions"));
  expect(cache.named("default", 2)).not.toBe(cache);
});
