// The composition: settings, database, runtime, services, in that order; and the same backwards when it is told to stop.
import { readFileSync } from "node:fs";
import { ServiceBroker } from "moleculer";
import { type Database, migrate, openPGlite, openPostgres } from "./database/index.ts";
import { stopper } from "./lifecycle/leave.ts";
import { recycle } from "./lifecycle/recycle.ts";
import { showLife } from "./lifecycle/show-life.ts";
import { untilThere } from "./lifecycle/until-there.ts";
import { startWatchdog } from "./lifecycle/watchdog.ts";
import { brokerOptions } from "./moleculer.config.ts";
import {
  ApiumError,
  JetStreamQueue,
  type Log,
  messageOf,
  PostgresQueue,
  RUNTIME_MIGRATIONS,
  Runtime,
  TASK_EVENTS_SUBJECT,
} from "./runtime/index.ts";
import { REVOCATION_EVENT, TasksMiddleware, TracingMiddleware, taskOperations } from "./runtime/moleculer/index.ts";
import { cacheClient } from "./services/cache/client/index.ts";
import { SERVICES } from "./services/index.ts";
import { Leaving } from "./services/leaving.ts";
import { SERVICE_MIGRATIONS } from "./services/migrations.ts";
import { readSettings, type Settings } from "./settings.ts";
import { lateLog, lineWriter, openTracing, secretsOf } from "./telemetry/index.ts";

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

/** The settings may be what is wrong, so of these two only the one that matters is read before them. */
const writeLine = lineWriter(process.env.LOG_FORMAT === "json" ? "json" : "text", secretsOf(process.env));

async function main(): Promise<void> {
  const began = performance.now();
  const settings = readSettings(process.env);
  const log = lateLog(writeLine);
  const tracing = await openTracing(settings, { version, log });
  const database = await openDatabase(settings, log);
  await migrate(database, [RUNTIME_MIGRATIONS, ...SERVICE_MIGRATIONS]);

  const runtime = new Runtime({
    database,
    queue: (parts, expect) =>
      settings.NATS_URL === undefined
        ? new PostgresQueue(database, parts, expect)
        : new JetStreamQueue({ url: settings.NATS_URL, database }, parts, expect),
    routes: settings.TASK_ROUTES,
    concurrency: settings.CONCURRENCY,
    resultExpiresMs: settings.RESULT_EXPIRES,
    historyRetentionMs: settings.HISTORY_RETENTION,
    auditRetentionMs: settings.AUDIT_RETENTION,
    soleProcess: settings.DATABASE_URL === undefined,
    parts: { log },
    onEvents: (batch) => void broker.broadcast(TASK_EVENTS_SUBJECT, batch).catch(() => {}),
    onRevocation: () => void broker.broadcast(REVOCATION_EVENT).catch(() => {}),
    ...(settings.QUEUES === undefined ? {} : { queues: settings.QUEUES }),
  });
  for (const { tasks } of SERVICES) for (const task of tasks) runtime.define(task);

  const options = brokerOptions(settings, writeLine);
  const middlewares = [
    TasksMiddleware(runtime),
    ...(tracing.isOn ? [TracingMiddleware()] : []),
    ...(options.middlewares ?? []),
  ];
  const broker = new ServiceBroker({ ...options, middlewares });
  log.use(broker.getLogger("runtime"));
  const leaving = { leave: () => {} };
  const leave = () => leaving.leave();
  broker.createService(taskOperations(runtime, { settings, dataDir: settings.DATA_DIR, version, leave }));
  const cache = cacheClient(broker, runtime.parts);
  broker.createService(cache.events);
  const farewells = new Leaving();
  const parts = { runtime, database, cache: cache.named("default"), settings, leaving: farewells, log };
  for (const { name, alongside = [], create } of SERVICES) {
    if ([name, ...alongside].some((wanted) => settings.SERVICES.includes(wanted))) broker.createService(create(parts));
  }

  leaving.leave = stopper({ settings, runtime, farewells, broker, database, tracing, log });
  await untilThere("NATS", log, () => runtime.open());
  await broker.start();
  await runtime.work();
  recycle(settings, runtime, log, leave);
  await showLife(settings.ALIVE_FILE, log);
  if (settings.HANG_TIMEOUT > 0) startWatchdog({ patienceMs: settings.HANG_TIMEOUT, logFormat: settings.LOG_FORMAT });
  log.info(`ready after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

async function openDatabase(settings: Settings, log: Log): Promise<Database> {
  const onError = (message: string) => log.warn(message);
  if (settings.DATABASE_URL === undefined) return openPGlite({ dataDir: settings.DATA_DIR, onError });
  const database = openPostgres({ url: settings.DATABASE_URL, onError });
  // A connection through each door, which is kept: on a server that gets full later, every door goes on with its own.
  const doors = [database, database.hot, database.relaxed];
  await untilThere("PostgreSQL", log, () => Promise.all(doors.map((door) => door.query("select 1"))));
  return database;
}

main().catch((error: unknown) => {
  // The words of an error and no more: what it carries besides (the address it could not read) may hold a password.
  const said = error instanceof ApiumError ? `${error.code}\n${error.message}` : stackOf(error);
  lateLog(writeLine).error(`Apium could not start: ${said}`);
  process.exit(1);
});

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const cause = error.cause === undefined ? "" : `\nbecause of: ${messageOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
