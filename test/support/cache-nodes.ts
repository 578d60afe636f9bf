/** Brokers that run the cache service, use it, or both; over NATS where a URL is given. Stopped all together. */
import { ServiceBroker } from "moleculer";
import { type Clock, type Duration, SeededRandom, SystemClock } from "../../runtime/index.ts";
import { type Cache, type CacheClient, cacheClient } from "../../services/cache/client/index.ts";
import { cacheModule } from "../../services/cache/index.ts";
import { readSettings } from "../../settings.ts";
import { type Backend, eventually, openBackend } from "./backends.ts";

const silent = { info() {}, warn() {}, error() {} };

export interface CacheNode {
  readonly broker: ServiceBroker;
  readonly client: CacheClient;
  readonly cache: Cache;
}

export interface CacheNodeOptions {
  readonly natsUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  /** Whether this node runs the service. Default true. */
  readonly serves?: boolean;
  readonly nodeID?: string;
  /** The longest its client waits for an answer. Default: the client's own. */
  readonly timeout?: Duration | undefined;
  readonly clock?: Clock;
}

export class CacheNodes {
  readonly #brokers: ServiceBroker[] = [];
  #backend: Promise<Backend> | undefined;

  async start(options: CacheNodeOptions = {}): Promise<CacheNode> {
    const { natsUrl, redisUrl, serves = true, nodeID, timeout, clock = new SystemClock() } = options;
    this.#backend ??= openBackend("pglite");
    const { runtime: makeRuntime, database } = await this.#backend;
    const broker = new ServiceBroker({
      logger: false,
      validator: false,
      namespace: "cache-test",
      nodeID: nodeID ?? `node-${this.#brokers.length}`,
      skipProcessEventRegistration: true,
      ...(natsUrl === undefined
        ? {}
        : {
            transporter: { type: "NATS", options: { servers: natsUrl.replace("nats://", "") } },
            // Nobody is taken for gone because the process, which all of them are in, stood still.
            heartbeatTimeout: 600,
          }),
    });
    this.#brokers.push(broker);
    const runtime = makeRuntime({ parts: { random: new SeededRandom(7), clock } });
    const client = cacheClient(broker, { ...runtime.parts, timeout });
    broker.createService(client.events);
    const cache = client.named("default");
    const settings = readSettings(redisUrl === undefined ? {} : { REDIS_URL: redisUrl });
    if (serves) broker.createService(cacheModule.create({ runtime, database, cache, settings, log: silent }));
    await broker.start();
    if (serves) await eventually(() => cache.set("is it there?", true));
    return { broker, client, cache };
  }

  /** Stops the brokers; those that use the service before those that run it. */
  async stop(): Promise<void> {
    for (const broker of this.#brokers.splice(0).reverse()) await broker.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await (await this.#backend)?.close();
  }
}
