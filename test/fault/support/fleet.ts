/**
 * The whole system as it is deployed, as processes of one machine: PostgreSQL, NATS, Redis, the proxy with its own site, and
 * `main.ts` in every role of `deploy/compose.yaml`, as often as it says there. A member that was killed is started again, as
 * its supervisor would.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Database, migrate, openPostgres } from "../../../database/index.ts";
import { messageOf, RUNTIME_MIGRATIONS } from "../../../runtime/index.ts";
import { composeDatabaseSettings, composeRoles } from "../../support/compose.ts";
import { type Program, start } from "../../support/programs.ts";
import { proxySite } from "../../support/proxy-site.ts";
import { freePort } from "../../support/servers/free-port.ts";
import { type ServerHandle, startNats, startNginx, startPostgres, startRedis } from "../../support/servers/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { FLEET_TABLES } from "./fleet-tasks.ts";

const SERVICE = new URL("./fleet-service.ts", import.meta.url);
/** On two cores that others may want too. */
const START = { withinMs: 240_000 };
/** Longer than the compose file's: on a busy machine all members take their time, and one that hangs ends with 1 all the same. */
const DRAIN_TIMEOUT = "120s";
export const TOKEN = "operator-token-of-the-fleet";

export interface Kill {
  readonly name: string;
  readonly pid: number;
  readonly at: number;
}

export interface Stop {
  readonly name: string;
  readonly exitCode: number | null;
  readonly stopMs: number;
  readonly startMs: number;
}

export interface Fleet {
  /** Of the proxy. */
  readonly url: string;
  readonly database: Database;
  readonly nginx: ServerHandle;
  /** Where workers leave their evidence. */
  readonly folder: string;
  /** `gateway-1`, `gateway-2`, `scheduler-1`, … in the order of the compose file. */
  readonly names: readonly string[];
  readonly kills: readonly Kill[];
  /** What a member's processes have printed, one after the other. */
  output(name: string): string;
  /** The lines of all members that name it. */
  linesWith(text: string): string[];
  /** Its own address, past the proxy. */
  addressOf(name: string): string;
  /** What the proxy has had to say about gateways, and how often. */
  proxyErrors(): string[];
  /** `kill -9`; resolves when the new one is ready. */
  kill(name: string): Promise<void>;
  /** SIGTERM, wait for the end, start anew; `during` runs while it is on its way out. */
  restart(name: string, during?: () => Promise<void>): Promise<Stop>;
  close(): Promise<void>;
}

export async function openFleet(): Promise<Fleet> {
  const folder = temporaryFolder();
  const [postgres, nats, redis] = await Promise.all([
    startPostgres({ durable: true, settings: composeDatabaseSettings() }),
    startNats(),
    startRedis(),
  ]);
  const database = openPostgres({ url: postgres.url });
  await migrate(database, [RUNTIME_MIGRATIONS]);
  await database.script(FLEET_TABLES);

  const shared = {
    DATABASE_URL: postgres.url,
    NATS_URL: nats.url,
    REDIS_URL: redis.url,
    // Nothing here sends mail; an embedded mail server would be one for each process.
    SMTP_URL: "smtp://127.0.0.1:1",
    API_TOKENS: `admin:${TOKEN}`,
    JWT_SECRET: "a-secret-that-all-of-the-fleet-share",
    DATA_DIR: folder.path,
    NODE_OPTIONS: `--import=${SERVICE.href}`,
    NODE_COMPILE_CACHE: join(folder.path, "compiled"),
    FLEET_FOLDER: folder.path,
  };
  const settings = new Map<string, Readonly<Record<string, string>>>();
  const ports: number[] = [];
  for (const { role, replicas, environment } of composeRoles()) {
    for (let n = 1; n <= replicas; n += 1) {
      const PORT = role === "gateway" ? String(await freePort()) : "0";
      if (role === "gateway") ports.push(Number(PORT));
      const { SERVICES = "", QUEUES = "" } = environment;
      settings.set(`${role}-${n}`, { ...shared, PORT, SERVICES, QUEUES, DRAIN_TIMEOUT });
    }
  }
  const printed = new Map<string, Program[]>();
  /** One whose servers do not answer in time ends, and is started again, as a supervisor does. */
  const launch = async (name: string, triesLeft = 3): Promise<Program> => {
    try {
      const program = await start(settings.get(name) ?? {}, START);
      printed.set(name, [...(printed.get(name) ?? []), program]);
      return program;
    } catch (error) {
      if (triesLeft === 0 || !messageOf(error).includes("STORE_UNAVAILABLE")) throw error;
      return launch(name, triesLeft - 1);
    }
  };
  const current = (name: string): Program => {
    const program = printed.get(name)?.at(-1);
    if (program === undefined) throw new Error(`there is no ${name}`);
    return program;
  };
  const names = [...settings.keys()];
  const launchInTurn = async (some: readonly string[]) => {
    for (const name of some) await launch(name);
  };
  const started = await Promise.allSettled([names.slice(0, 4), names.slice(4)].map(launchInTurn));
  const nginx = await startNginx({ site: (port) => proxySite(port, ports) });
  const kills: Kill[] = [];

  const fleet: Fleet = {
    url: nginx.url,
    database,
    nginx,
    folder: folder.path,
    names,
    kills,
    output: (name) => (printed.get(name) ?? []).map((program) => program.output()).join("\n"),
    linesWith: (text) =>
      names.flatMap((name) => {
        const lines = fleet.output(name).split("\n");
        return lines.filter((line) => line.includes(text)).map((line) => `${name}: ${line}`);
      }),
    addressOf: (name) => `http://127.0.0.1:${settings.get(name)?.PORT}`,
    proxyErrors() {
      const lines = readFileSync(join(nginx.dir, "server.log"), "utf8").matchAll(
        /\] .*?: (?:\*\d+ )?(.*?)(?:, client|$)/gm,
      );
      const counts = Map.groupBy(lines, ([, what = ""]) => what);
      return [...counts].map(([what, times]) => `${times.length} × ${what}`);
    },
    async kill(name) {
      const { process: child, exited } = current(name);
      kills.push({ name, pid: child.pid ?? 0, at: Date.now() });
      child.kill("SIGKILL");
      await exited;
      await launch(name);
    },
    async restart(name, during = async () => {}) {
      const begin = performance.now();
      const stopping = current(name).stop();
      await during();
      const exitCode = await stopping;
      const gone = performance.now();
      await launch(name);
      const ms = (from: number, to: number) => Math.round(to - from);
      return { name, exitCode, stopMs: ms(begin, gone), startMs: ms(gone, performance.now()) };
    },
    async close() {
      const programs = [...printed.values()].flat();
      for (const { process: child } of programs) child.kill("SIGKILL");
      await Promise.all(programs.map(({ exited }) => exited));
      await database.close();
      await Promise.all([nginx.stop(), redis.stop(), nats.stop(), postgres.stop()]);
      folder.remove();
    },
  };
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await fleet.close();
    throw failed.reason;
  }
  return fleet;
}
