/**
 * What the cache service costs beside raw ioredis, and what `remember` saves. Starts servers of its own, prints a table;
 * medians of three rounds, the systems in turn. `node_modules/.bin/node bench/cache.ts`
 */
import { setTimeout as sleep } from "node:timers/promises";
import Table from "cli-table3";
import { Redis } from "ioredis";
import { ServiceBroker } from "moleculer";
import { migrate, openPGlite } from "../database/index.ts";
import { PostgresQueue, RUNTIME_MIGRATIONS, Runtime } from "../runtime/index.ts";
import { type Cache, cacheClient } from "../services/cache/client/index.ts";
import { cacheModule } from "../services/cache/index.ts";
import { readSettings } from "../settings.ts";
import { startNats, startRedis } from "../test/support/servers/index.ts";

const ROUNDS = 3;
const SEQUENTIAL = 3_000;
const PARALLEL = 30_000;
const AT_ONCE = 64;
const silent = { info() {}, warn() {}, error() {} };

const [redisServer, natsServer] = await Promise.all([startRedis(), startNats()]);
const database = await openPGlite({ dataDir: "memory" });
await migrate(database, [RUNTIME_MIGRATIONS]);

async function node(name: string, options: { serves: boolean; natsUrl?: string; redisUrl?: string }) {
  const runtime = new Runtime({ database, queue: (parts, expect) => new PostgresQueue(database, parts, expect) });
  const broker = new ServiceBroker({
    nodeID: name,
    logger: false,
    validator: false,
    transporter:
      options.natsUrl === undefined
        ? null
        : { type: "NATS" as const, options: { servers: options.natsUrl.replace("nats://", "") } },
  });
  const client = cacheClient(broker, runtime.parts);
  broker.createService(client.events);
  const settings = readSettings({ ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}) });
  const cache = client.named("default");
  if (options.serves) {
    broker.createService(cacheModule.create({ runtime, database, cache, settings, log: silent }) as never);
  }
  await broker.start();
  return { broker, cache, client };
}

const redisUrl = redisServer.url;
const local = await node("local", { serves: true, redisUrl });
const memory = await node("memory", { serves: true });
const server = await node("server", { serves: true, natsUrl: natsServer.url, redisUrl });
const remote = await node("remote", { serves: false, natsUrl: natsServer.url });
await remote.broker.waitForServices("cache", 5_000);
await sleep(500);
const raw = new Redis(redisUrl, { db: 1 });

const VALUE = { id: 7, name: "A site", jobs: Array.from({ length: 10 }, (_, n) => ({ n, status: "ASSIGNED" })) };
await Promise.all([local, memory, server].map(({ cache }) => cache.set("bench", VALUE, { ttl: "1h" })));

const SYSTEMS: Readonly<Record<string, () => Promise<unknown>>> = {
  "raw ioredis GET + JSON.parse": async () => JSON.parse((await raw.get("youtility4:1:bench")) ?? ""),
  "cache.get, service in this process, Redis": () => local.cache.get("bench"),
  "cache.get, service in this process, memory": () => memory.cache.get("bench"),
  "cache.get, service over NATS, Redis": () => remote.cache.get("bench"),
  "remember with a first level, over NATS": () =>
    remote.cache.remember("bench", { ttl: "1h", firstLevel: "5s" }, () => VALUE),
};

async function latency(ask: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < SEQUENTIAL; n += 1) {
    const began = performance.now();
    await ask();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b);
}

async function throughput(ask: () => Promise<unknown>): Promise<number> {
  let left = PARALLEL;
  const began = performance.now();
  const lane = async () => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return PARALLEL / ((performance.now() - began) / 1_000);
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const figures = new Map(
  Object.keys(SYSTEMS).map((name) => [name, { p50: [] as number[], p99: [] as number[], rate: [] as number[] }]),
);
for (const ask of Object.values(SYSTEMS)) for (let n = 0; n < 500; n += 1) await ask();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, ask] of Object.entries(SYSTEMS)) {
    const times = await latency(ask);
    figures.get(name)?.p50.push(times[Math.floor(times.length * 0.5)] ?? 0);
    figures.get(name)?.p99.push(times[Math.floor(times.length * 0.99)] ?? 0);
    figures.get(name)?.rate.push(await throughput(ask));
  }
}

const table = new Table({
  head: ["read of a 0.4 kB value", "p50 ms", "p99 ms", `reads /s, ${AT_ONCE} at once`],
  style: { head: [] },
});
for (const [name, { p50, p99, rate }] of figures) {
  table.push([name, median(p50).toFixed(3), median(p99).toFixed(3), Math.round(median(rate)).toLocaleString("en")]);
}
console.log(table.toString());

const second = await node("second", { serves: false, natsUrl: natsServer.url });
await second.broker.waitForServices("cache", 5_000);
let computed = 0;
const began = performance.now();
const cold = await Promise.all(
  Array.from({ length: 1_000 }, (_, n) =>
    (n % 2 === 0 ? remote : second).cache.remember("cold", { ttl: "1m" }, async () => {
      computed += 1;
      await sleep(50);
      return { computed };
    }),
  ),
);
const waited = performance.now() - began;
const firsts = new Set(cold.map((value) => JSON.stringify(value))).size;
console.log(
  `1000 remember at once on a cold key, two processes' brokers: ${computed} source calls, ${firsts} value, ${waited.toFixed(0)} ms (the source takes 50)`,
);

for (const [label, options] of [
  ["ttl 60 s", { ttl: "60s" }],
  ["with a first level of 1 s", { ttl: "60s", firstLevel: "1s" }],
] as const) {
  await zipf(label, remote.cache, options);
}

/** 10 000 keys asked for by rank (s = 1), 40 000 times. */
async function zipf(label: string, cache: Cache, options: { ttl: string; firstLevel?: string }): Promise<void> {
  const keys = 10_000;
  const weights = Array.from({ length: keys }, (_, n) => 1 / (n + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sums: number[] = [];
  weights.reduce((sum, weight, n) => (sums[n] = sum + weight / total), 0);
  const draw = () => {
    const at = Math.random();
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 1) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let sources = 0;
  let left = 40_000;
  const asked = left;
  const start = performance.now();
  const lane = async () => {
    while (left-- > 0) {
      const key = `${label}:${draw()}`;
      await cache.remember(key, options, () => {
        sources += 1;
        return { key };
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const seconds = (performance.now() - start) / 1_000;
  console.log(
    `Zipf over ${keys} keys, ${label}: hit ratio ${(100 * (1 - sources / asked)).toFixed(1)} %, ${Math.round(asked / seconds).toLocaleString("en")} remember/s`,
  );
}

for (const { broker } of [second, remote, server, local, memory]) await broker.stop();
raw.disconnect();
await database.close();
await Promise.all([redisServer.stop(), natsServer.stop()]);
process.exit(0);
