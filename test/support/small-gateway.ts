/**
 * A gateway with tasks behind it, in this process and in memory, without the facility and its services: what a test of the
 * faces needs is there within a second.
 */
import { type BrokerOptions, ServiceBroker } from "moleculer";
import { brokerOptions } from "../../moleculer.config.ts";
import type { Runtime, RuntimeOptions } from "../../runtime/index.ts";
import { type TaskServiceSchema, TasksMiddleware, taskOperations } from "../../runtime/moleculer/index.ts";
import { gatewayModule } from "../../services/gateway/index.ts";
import type { ServiceModule } from "../../services/service-module.ts";
import { readSettings } from "../../settings.ts";
import { type Backend, openBackend } from "./backends.ts";
import { cacheOf } from "./services.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const TOKENS = {
  viewer: "viewer-token-of-the-test",
  operator: "operator-token-of-the-test",
  admin: "admin-token-of-the-test",
} as const;

export interface SmallGateway {
  readonly url: string;
  readonly backend: Backend;
  readonly runtime: Runtime;
  readonly broker: ServiceBroker;
  /** Its DATA_DIR. */
  readonly folder: string;
  /** Another broker on the same bus, for a runtime of its own; stopped with the gateway. */
  brokerFor(nodeID: string, runtime: Runtime): ServiceBroker;
  close(): Promise<void>;
}

export interface SmallGatewayOptions {
  readonly services?: readonly TaskServiceSchema[];
  /** Besides the gateway's. */
  readonly modules?: readonly ServiceModule[];
  readonly runtime?: Partial<RuntimeOptions>;
  readonly environment?: Readonly<Record<string, string>>;
  /** A server of the test's own, for processes that join the bus as the product does. Default: a bus in this process. */
  readonly natsUrl?: string;
}

export async function openSmallGateway(options: SmallGatewayOptions = {}): Promise<SmallGateway> {
  const folder = temporaryFolder();
  const backend = await openBackend("pglite");
  const runtime = backend.runtime(options.runtime);
  const settings = readSettings({
    PORT: "0",
    DATA_DIR: folder.path,
    API_TOKENS: Object.entries(TOKENS)
      .map(([role, token]) => `${role}:${token}`)
      .join(","),
    ...options.environment,
  });
  const bus: BrokerOptions =
    options.natsUrl === undefined
      ? { namespace: folder.path, transporter: "Fake" }
      : brokerOptions({ NATS_URL: options.natsUrl, LOG_LEVEL: "fatal" });
  const brokers: ServiceBroker[] = [];
  const brokerFor = (nodeID: string, of: Runtime) => {
    const made = new ServiceBroker({
      ...bus,
      // Nobody is taken for gone because the process, which all of them are in, stood still.
      ...{ logger: false, validator: false, nodeID, heartbeatTimeout: 600 },
      ...{ middlewares: [TasksMiddleware(of)], skipProcessEventRegistration: true },
    });
    brokers.push(made);
    return made;
  };
  const broker = brokerFor("the-node", runtime);
  broker.createService(taskOperations(runtime, { settings, dataDir: folder.path, version: "1.2.3" }));
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const log = { info: say, warn: say, error: say };
  const parts = { runtime, database: backend.database, cache: cacheOf(broker, runtime), settings, log };
  for (const { create } of [...(options.modules ?? []), gatewayModule]) broker.createService(create(parts));
  for (const service of options.services ?? []) broker.createService(service);
  await runtime.open();
  await broker.start();
  await runtime.work();
  return {
    ...{ backend, runtime, broker, brokerFor },
    url: /dashboard: (http:\/\/[^/]+)/.exec(said.join("\n"))?.[1] ?? "",
    folder: folder.path,
    async close() {
      for (const one of brokers.reverse()) await one.stop();
      await backend.close();
      folder.remove();
    },
  };
}
