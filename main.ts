// The entry: settings, database, runtime, services, in that order; and the same backwards when it is told to stop.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { ServiceBroker } from "moleculer";
import { type Database, migrate, openPGlite, openPostgres } from "./database/index.ts";
import { brokerOptions } from "./moleculer.config.ts";
import {
  ApiumError,
  codeOf,
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
import { lateLog, lineWriter, openTracing, secretsOf, type Tracing } from "./telemetry/index.ts";

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

/** How long a server that is down at the start is waited for. */
const WAIT_FOR_SERVERS_MS = 30_000;
const TRY_EVERY_MS = 1_000;
/** A stop that hangs (a database that does not answer) ends this long after the drain's own time-out. */
const LEAVE_ANYWAY_MS = 15_000;
const RECYCLE_LOOK_MS = 5_000;
const SHOW_LIFE_MS = 5_000;
const MB = 1024 * 1024;

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
  showLife(settings.ALIVE_FILE, log);
  log.info(`ready after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

async function openDatabase(settings: Settings, log: Log): Promise<Database> {
  const onError = (message: string) => log.warn(message);
  if (settings.DATABASE_URL === undefined) return openPGlite({ dataDir: settings.DATA_DIR, onError });
  const database = openPostgres({ url: settings.DATABASE_URL, onError });
  await untilThere("PostgreSQL", log, () => database.now());
  return database;
}

/** Tries until a server answers; gives up, with its last word, when it has been away for too long. */
async function untilThere<Value>(what: string, log: Log, reach: () => Promise<Value>): Promise<Value> {
  for (const since = performance.now(); ; ) {
    try {
      return await reach();
    } catch (error) {
      const isAway = codeOf(error) === "STORE_UNAVAILABLE" || codeOf(error) === "QUEUE_UNAVAILABLE";
      if (!isAway || performance.now() - since > WAIT_FOR_SERVERS_MS) throw error;
      log.warn(`waiting for ${what}: ${messageOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
  }
}

interface Stopped {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly farewells: Leaving;
  readonly broker: ServiceBroker;
  readonly database: Database;
  readonly tracing: Tracing;
  readonly log: Log;
}

/**
 * SIGTERM and SIGINT: stop taking work, finish or hand back what runs, leave. A second signal leaves at once. What is
 * answered does the same for whoever asks this process to leave, once.
 */
function stopper({ settings, runtime, farewells, broker, database, tracing, log }: Stopped): () => void {
  let isLeaving = false;
  const leave = () => {
    if (isLeaving) return;
    isLeaving = true;
    setTimeout(() => process.exit(1), settings.DRAIN_TIMEOUT + LEAVE_ANYWAY_MS).unref();
    log.info("stopping: no new tasks; what runs may finish");
    farewells.announce();
    runtime
      .drain(settings.DRAIN_TIMEOUT)
      .then(() => farewells.finish())
      .then(() => broker.stop())
      .then(() => runtime.stop(0))
      .then(() => database.close())
      .then(() => tracing.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error("could not stop in order", error);
          process.exit(1);
        },
      );
  };
  let isTold = false;
  const onSignal = () => {
    if (isTold) {
      log.warn("told to stop a second time: leaving at once; what runs is rescued elsewhere");
      process.exit(1);
    }
    isTold = true;
    leave();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return leave;
}

/** A worker that has done its share, or has grown too large, leaves for its supervisor to start it anew. */
function recycle(settings: Settings, runtime: Runtime, log: Log, leave: () => void): void {
  const { WORKER_MAX_TASKS: mostTasks, WORKER_MAX_MEMORY: mostMb } = settings;
  if (mostTasks === undefined && mostMb === undefined) return;
  const timer = setInterval(() => {
    const stats = runtime.worker?.stats();
    if (stats === undefined) return;
    const tasks = stats.done + stats.failed;
    const mb = process.memoryUsage.rss() / MB;
    if (tasks < (mostTasks ?? Number.POSITIVE_INFINITY) && mb < (mostMb ?? Number.POSITIVE_INFINITY)) return;
    clearInterval(timer);
    log.info(`recycling this worker after ${tasks} tasks at ${Math.round(mb)} MB`);
    leave();
  }, RECYCLE_LOOK_MS);
  timer.unref();
}

/** The file is as old as the last turn of this process' event loop: cli/healthcheck.mjs looks at it. */
function showLife(file: string | undefined, log: Log): void {
  if (file === undefined) return;
  const touch = () => writeFile(file, `${process.pid}\n`).catch((error) => log.warn("ALIVE_FILE", error));
  void touch();
  setInterval(touch, SHOW_LIFE_MS).unref();
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
