/** Brokers that run the cache service, use it, or both; over NATS where a URL is given. Stopped all together. */
import { ServiceBroker } from "moleculer";
import { SeededRandom } from "../../runtime/index.ts";
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
}

export class CacheNodes {
  readonly #brokers: ServiceBroker[] = [];
  #backend: Promise<Backend> | undefined;

  async start({ natsUrl, redisUrl, serves = true, nodeID }: CacheNodeOptions = {}): Promise<CacheNode> {
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
        : { transporter: { type: "NATS", options: { servers: natsUrl.replace("nats://", "") } } }),
    });
    this.#brokers.push(broker);
    const runtime = makeRuntime({ parts: { random: new SeededRandom(7) } });
    const client = cacheClient(broker, runtime.parts);
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
