/**
 * A private PostgreSQL cluster. PostgreSQL refuses to run as root, so for root the programs run as the `postgres`
 * user (or `nobody`) in a folder given to that user. By default it does not wait for the disk: a killed server keeps
 * its data, a killed machine would not; `durable` keeps PostgreSQL's own settings.
 */
import { execFile, execFileSync } from "node:child_process";
import { chownSync, existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ask } from "./ask.ts";
import { findBinary } from "./find-binary.ts";
import {
  type LaunchCommand,
  type Place,
  type ServerHandle,
  type ServerOptions,
  type ServerProgram,
  startServer,
} from "./server.ts";

const run = promisify(execFile);
const SUPERUSER = "postgres";
const LOCALE = process.platform === "linux" ? "C.UTF-8" : "C";
const CANNOT_CONNECT_NOW = "57P03";

const NOT_WAITING_FOR_DISK = {
  // synchronous_commit stays on: without it even a killed process loses what it said was committed. With fsync off
  // it costs one write to the system's cache.
  fsync: "off",
  full_page_writes: "off",
  // In its own folder, because segments in /dev/shm outlive a kill.
  dynamic_shared_memory_type: "mmap",
};

export interface PostgresOptions extends ServerOptions {
  /** Server settings, as on its command line; one given here wins. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Keep PostgreSQL's own durable defaults. */
  readonly durable?: boolean;
}

export function startPostgres(options: PostgresOptions = {}): Promise<ServerHandle> {
  return startServer(postgresProgram(options), options);
}

function postgresProgram({ settings = {}, durable = false }: PostgresOptions): ServerProgram {
  return {
    name: "postgres",
    orderlySignal: "SIGINT", // "Fast": disconnects its clients instead of waiting for them.
    immediateSignal: "SIGQUIT",
    url: (port) => `postgres://${SUPERUSER}@127.0.0.1:${port}/postgres`,
    async prepare(place) {
      const owner = serverOwner();
      const folder = binaryFolder();
      const data = dataFolder(place);
      if (!existsSync(path.join(data, "PG_VERSION"))) await createCluster(folder, place, owner, durable);
      const all = {
        listen_addresses: "127.0.0.1",
        port: String(place.port),
        unix_socket_directories: "",
        // Several test files at once, each with the processes it starts.
        max_connections: "300",
        ...(durable ? {} : NOT_WAITING_FOR_DISK),
        ...settings,
      };
      const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      return { file: path.join(folder, "postgres"), args: ["-D", data, ...args], ...owner };
    },
    async greet(place, pid) {
      if (readPidFile(place)[0] !== String(pid)) throw new Error("postmaster.pid is not this server's yet");
      const answer = await ask(place.port, startupMessage(), (received) => lastMessage(received) !== undefined);
      if (lastMessage(answer) === "E" && answer.includes(CANNOT_CONNECT_NOW)) throw new Error("still starting up");
    },
    tidy(place) {
      // Only a killed server leaves its pid file; line 7 names its marker segment in System V shared memory.
      const segment = readPidFile(place)[6]?.trim().split(/\s+/)[1];
      if (segment === undefined) return;
      try {
        execFileSync("ipcrm", ["-m", segment], { stdio: "ignore" });
      } catch {
        // Gone already, or a system without ipcrm: 56 bytes remain until the next boot.
      }
    },
  };
}

type Owner = Pick<LaunchCommand, "uid" | "gid">;

async function createCluster(folder: string, place: Place, owner: Owner, durable: boolean): Promise<void> {
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(place.dir, owner.uid, owner.gid);
  const args = ["-D", dataFolder(place), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", `--locale=${LOCALE}`];
  if (!durable) args.push("--no-sync");
  try {
    await run(path.join(folder, "initdb"), args, { cwd: place.dir, ...owner });
  } catch (error) {
    throw new Error(`initdb failed in ${place.dir}: ${(error as { stderr?: string }).stderr ?? error}`, {
      cause: error,
    });
  }
}

/** initdb and postgres must be of one version, so both come from the folder that really holds them. */
function binaryFolder(): string {
  const initdb = findBinary("initdb");
  if (initdb === undefined) throw new Error("PostgreSQL is not installed (no initdb found)");
  return path.dirname(realpathSync(initdb));
}

function serverOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined)
    throw new Error("PostgreSQL refuses to run as root and there is no postgres user to run it as");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

function dataFolder(place: Place): string {
  return path.join(place.dir, "data");
}

function readPidFile(place: Place): string[] {
  const file = path.join(dataFolder(place), "postmaster.pid");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
}

/** Protocol 3.0 start-up for the superuser: length, version, then name and value pairs ending in zero bytes. */
function startupMessage(): Buffer {
  const body = Buffer.from(`user\0${SUPERUSER}\0database\0postgres\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}

/** "Z" (ready for a query), "E" (refused) or "R" (wants a password); undefined while the answer is incomplete. */
function lastMessage(answer: Buffer): "Z" | "E" | "R" | undefined {
  for (let at = 0; at + 5 <= answer.length; ) {
    const type = String.fromCharCode(answer[at] ?? 0);
    const end = at + 1 + answer.readInt32BE(at + 1);
    if (end > answer.length) return undefined;
    if (type === "Z" || type === "E") return type;
    if (type === "R" && answer.readInt32BE(at + 5) !== 0) return type;
    at = end;
  }
  return undefined;
}
