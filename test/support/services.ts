/** Services in this process, as `start.ts` puts them together: a runtime on a backend, a broker, and the services' modules. */
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { migrate } from "../../database/index.ts";
import type { AnyTask, Runtime, RuntimeOptions } from "../../runtime/index.ts";
import { TasksMiddleware } from "../../runtime/moleculer/index.ts";
import { type Cache, cacheClient } from "../../services/cache/client/index.ts";
import { SERVICE_MIGRATIONS } from "../../services/migrations.ts";
import type { ServiceModule } from "../../services/service-module.ts";
import type { ServiceParts } from "../../services/service-parts.ts";
import { readSettings } from "../../settings.ts";
import type { Backend } from "./backends.ts";
import { contractKeeper } from "./told.ts";

export interface RunningServices {
  readonly runtime: Runtime;
  readonly broker: ServiceBroker;
  readonly cache: Cache;
  /** What the services were handed: for one that is started later. */
  readonly parts: ServiceParts;
  call<Result>(action: string, params?: object, meta?: object): Promise<Result>;
  stop(): Promise<void>;
}

export interface ServicesOptions {
  readonly modules: readonly ServiceModule[];
  /** Contracts that others' modules would bring. */
  readonly tasks?: readonly AnyTask[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly runtime?: Partial<RuntimeOptions>;
  /** The namespace of a bus that others in this process are on, too. Default: none. */
  readonly bus?: string;
  /** Services of the test's own: listeners. */
  readonly listeners?: readonly ServiceSchema[];
}

const silent = { info() {}, warn() {}, error() {} };

/** Every table of every service. */
export async function migrateServices(backend: Backend): Promise<void> {
  await migrate(backend.database, SERVICE_MIGRATIONS);
}

/** The cache as a service gets it. Before the broker starts. */
export function cacheOf(broker: ServiceBroker, runtime: Runtime): Cache {
  const cache = cacheClient(broker, runtime.parts);
  broker.createService(cache.events);
  return cache.named("default");
}

export async function startServices(backend: Backend, options: ServicesOptions): Promise<RunningServices> {
  const runtime = backend.runtime(options.runtime);
  for (const task of [...options.modules.flatMap(({ tasks }) => tasks), ...(options.tasks ?? [])]) runtime.define(task);
  const broker = new ServiceBroker({
    logger: false,
    validator: false,
    middlewares: [TasksMiddleware(runtime)],
    skipProcessEventRegistration: true,
    // Nobody is taken for gone because the process, which all of them are in, stood still.
    ...(options.bus === undefined ? {} : { namespace: options.bus, transporter: "Fake", heartbeatTimeout: 600 }),
  });
  const breaches: string[] = [];
  for (const listener of [contractKeeper(breaches), ...(options.listeners ?? [])]) broker.createService(listener);
  const cache = cacheOf(broker, runtime);
  const parts: ServiceParts = {
    runtime,
    database: backend.database,
    cache,
    settings: readSettings(options.environment ?? {}),
    log: silent,
  };
  for (const { create } of options.modules) broker.createService(create(parts));
  await runtime.open();
  await broker.start();
  await runtime.work();
  return {
    runtime,
    broker,
    cache,
    parts,
    call: (action, params = {}, meta = {}) => broker.call(action, params, { meta }),
    async stop() {
      await broker.stop();
      if (breaches.length > 0) throw new Error(breaches.join("\n"));
    },
  };
}
