/** Where faults are played: a nats-server and a durable PostgreSQL of the test's own, and workers as processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type Database, migrate, openPostgres } from "../../../database/index.ts";
import { JetStreamQueue, type Log, RUNTIME_MIGRATIONS, Runtime, type RuntimeOptions } from "../../../runtime/index.ts";
import { bareEnvironment } from "../../support/bare-environment.ts";
import { type ServerHandle, startNats, startPostgres } from "../../support/servers/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { STORM_TABLES } from "./storm-tasks.ts";

const LOG = "runtimes.log";
const WORKER = fileURLToPath(new URL("./storm-worker.ts", import.meta.url));
const SCHEDULER = fileURLToPath(new URL("./scheduler-process.ts", import.meta.url));

export interface StormWorker {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves when it says that it works, or has ended. */
  readonly ready: Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

export interface Stage {
  readonly nats: ServerHandle;
  readonly postgres: ServerHandle;
  readonly database: Database;
  /** Where workers leave their evidence and their logs. */
  readonly folder: string;
  /** A runtime in this process that is not started yet; stopped with the stage. */
  runtime(options?: Partial<RuntimeOptions>): Runtime;
  /** A worker process. */
  worker(concurrency?: number): StormWorker;
  /** A process that fires schedules. */
  scheduler(): StormWorker;
  /** Asks JetStream as an operator would, over a connection of its own. */
  withJetStream<Value>(ask: (manager: JetStreamManager, connection: NatsConnection) => Promise<Value>): Promise<Value>;
  /** What all runtimes have logged, those of the workers and those here. */
  log(): string;
  /** Stops the runtimes and ends the workers of the test that just ended. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const [nats, postgres] = await Promise.all([startNats(), startPostgres({ durable: true })]);
  const folder = temporaryFolder();
  const database = openPostgres({ url: postgres.url });
  await migrate(database, [RUNTIME_MIGRATIONS]);
  await database.script(STORM_TABLES);
  const runtimes: Runtime[] = [];
  const workers: StormWorker[] = [];

  const stage: Stage = {
    nats,
    postgres,
    database,
    folder: folder.path,
    runtime(options = {}) {
      const made = new Runtime({
        database,
        queue: (parts, expect) => new JetStreamQueue({ url: nats.url, database }, parts, expect),
        parts: { log: logTo(join(folder.path, LOG)) },
        ...options,
      });
      runtimes.push(made);
      return made;
    },
    worker(concurrency = 8) {
      const worker = startProcess(WORKER, folder.path, {
        STORM_DATABASE_URL: postgres.url,
        STORM_NATS_URL: nats.url,
        STORM_FOLDER: folder.path,
        STORM_CONCURRENCY: String(concurrency),
      });
      workers.push(worker);
      return worker;
    },
    scheduler() {
      const scheduler = startProcess(SCHEDULER, folder.path, {
        STORM_DATABASE_URL: postgres.url,
        STORM_NATS_URL: nats.url,
      });
      workers.push(scheduler);
      return scheduler;
    },
    async withJetStream(ask) {
      const connection = await connect({ servers: nats.url });
      try {
        return await ask(await jetstreamManager(connection), connection);
      } finally {
        await connection.close();
      }
    },
    log: () => readFileSync(join(folder.path, LOG), "utf8"),
    async reset() {
      for (const { process: child } of workers) child.kill("SIGKILL");
      await Promise.all(workers.splice(0).map(({ exited }) => exited));
      // A test that failed may have left a server down.
      await stage.withJetStream(async () => {}).catch(() => nats.restart());
      await database.now().catch(() => postgres.restart());
      await Promise.all(runtimes.splice(0).map((runtime) => runtime.stop(1_000)));
      await database.script("delete from task; delete from worker; update task_lane set published_seq = null");
    },
    async close() {
      await stage.reset();
      await database.close();
      await Promise.all([nats.stop(), postgres.stop()]);
      folder.remove();
    },
  };
  return stage;
}

function startProcess(script: string, folder: string, settings: Readonly<Record<string, string>>): StormWorker {
  const log = openSync(join(folder, LOG), "a");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    env: { ...bareEnvironment(), ...settings },
    stdio: ["pipe", "pipe", log],
  });
  closeSync(log);
  const exited = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "SIGKILL")),
  );
  const said = new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
  if (child.pid === undefined) throw new Error("a worker could not be started");
  return { pid: child.pid, process: child, exited, ready: Promise.race([said, exited.then(() => {})]) };
}

function logTo(file: string): Log {
  const write = (level: string) => (message: string) => appendFileSync(file, `${level} ${message}\n`);
  return { debug() {}, info: write("info"), warn: write("warn"), error: write("error") };
}

/** Messages without a task that the upkeep of all runtimes has removed, as they say. */
export function deadMessagesRemoved(stage: Stage): number {
  return [...stage.log().matchAll(/removed (\d+) dead messages/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}
