/**
 * The life of one private server: start, ready, kill, restart, stop. The files named after a server say only how to
 * launch it and how to tell that it answers. What is promised here: `start` resolves when the server really answers,
 * `kill` reaches the server itself (never a wrapper, never a process found by name), and `stop` leaves neither a
 * process nor a folder.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { type Guard, startGuard } from "./guard.ts";
import { allGone, childrenOf, signal as signalPids } from "./process-family.ts";

const READY_MS = 60_000;
const ORDERLY_STOP_MS = 10_000;
const GONE_MS = 30_000;
const POLL_MS = 10;
const PORT_ATTEMPTS = 5;
const LOG_TAIL_LINES = 30;

export type ServerName = "nats" | "postgres" | "redis" | "mosquitto" | "nginx";

export interface ServerOptions {
  /** A folder of the caller's, kept after `stop`; without it one is made in the system's temp folder and removed. */
  readonly dir?: string;
  readonly port?: number;
  /** Keep the folder after `stop` (default: only when `dir` was given). */
  readonly keepDir?: boolean;
  readonly readyTimeoutMs?: number;
}

export interface RestartOptions {
  /** `fast` lets it shut down in order, `immediate` is a crash. A server already gone is only started again. */
  readonly mode?: "fast" | "immediate";
}

export interface ServerHandle {
  readonly name: ServerName;
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** The server itself, not a wrapper; a new one after `restart`. */
  readonly pid: number;
  /** Orderly; removes the folder unless it is to be kept. Safe to call twice. */
  stop(): Promise<void>;
  /** SIGKILL and other ending signals resolve when the server and its children are gone, all others when sent. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Same port, same folder; resolves when it answers again. */
  restart(options?: RestartOptions): Promise<void>;
}

/** Where one server lives. */
export interface Place {
  readonly dir: string;
  readonly port: number;
  /** Unique, for servers that can tell who they are. */
  readonly label: string;
}

export interface LaunchCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** What one kind of server must say about itself. */
export interface ServerProgram {
  readonly name: ServerName;
  /** Ends it in order. */
  readonly orderlySignal: NodeJS.Signals;
  /** Ends it at once, as a crash would. */
  readonly immediateSignal: NodeJS.Signals;
  url(port: number): string;
  /** Called before every launch; creates what the folder still lacks. */
  prepare(place: Place): Promise<LaunchCommand>;
  /** Resolves when the server with this pid answers a protocol greeting, rejects while it does not. */
  greet(place: Place, pid: number): Promise<void>;
  /** Frees what a crashed server leaves in the system outside its folder. */
  tidy?(place: Place): void;
}

interface Running {
  readonly pid: number;
  readonly exited: Promise<void>;
  hasExited: boolean;
}

const ENDING_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(["SIGKILL", "SIGTERM", "SIGINT", "SIGQUIT", "SIGABRT"]);

export async function startServer(program: ServerProgram, options: ServerOptions): Promise<ServerHandle> {
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), `apium-${program.name}-`)));
  mkdirSync(dir, { recursive: true });
  const keepDir = options.keepDir ?? options.dir !== undefined;
  const readyTimeoutMs = options.readyTimeoutMs ?? READY_MS;
  const guard = startGuard({ dir, removeDir: !keepDir });

  let place: Place = { dir, port: options.port ?? (await freePort()), label: path.basename(dir) };
  let running: Running;
  let isStopped = false;

  const start = async (mayChangePort: boolean): Promise<Running> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await launch(program, place, guard, readyTimeoutMs);
      } catch (error) {
        // Between choosing a free port and binding it another process may have taken it.
        if (attempt === PORT_ATTEMPTS || !/address already in use/i.test(String(error))) throw error;
        if (mayChangePort) place = { ...place, port: await freePort() };
        else await sleep(200);
      }
    }
  };
  const clear = async () => {
    program.tidy?.(place);
    if (!keepDir) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    guard.release();
  };

  try {
    running = await start(options.port === undefined);
  } catch (error) {
    await clear();
    throw error;
  }

  return {
    name: program.name,
    dir,
    get port() {
      return place.port;
    },
    get url() {
      return program.url(place.port);
    },
    get pid() {
      return running.pid;
    },
    async kill(signal) {
      if (isStopped || running.hasExited) return;
      await kill(running, signal);
    },
    async restart({ mode = "fast" } = {}) {
      if (isStopped) throw new Error(`${program.name} in ${dir} was stopped; start a new one`);
      if (mode === "fast") await end(running, program);
      else await kill(running, program.immediateSignal);
      running = await start(false);
    },
    async stop() {
      if (isStopped) return;
      isStopped = true;
      await end(running, program);
      await clear();
    },
  };
}

async function launch(program: ServerProgram, place: Place, guard: Guard, timeoutMs: number): Promise<Running> {
  const command = await program.prepare(place);
  const logFile = path.join(place.dir, "server.log");
  const logStart = existsSync(logFile) ? readFileSync(logFile).length : 0;
  const running = await spawnServer(command, place.dir, logFile, guard);
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown = new Error("not asked yet");
  while (!running.hasExited && Date.now() < deadline) {
    try {
      await program.greet(place, running.pid);
      return running;
    } catch (error) {
      lastError = error;
    }
    await Promise.race([sleep(POLL_MS), running.exited]);
  }
  const why = running.hasExited ? "ended before it answered" : `did not answer within ${timeoutMs} ms`;
  await kill(running, "SIGKILL");
  throw new Error(`${program.name} ${why}\n${logTail(logFile, logStart)}`, { cause: lastError });
}

async function spawnServer(command: LaunchCommand, dir: string, logFile: string, guard: Guard): Promise<Running> {
  const log = openSync(logFile, "a");
  const { file, args, uid, gid } = command;
  const child = spawn(file, args, {
    cwd: dir,
    stdio: ["ignore", log, log],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`cannot run ${file}`, { cause: (await once(child, "error"))[0] });
  guard.watch(child.pid);
  child.unref(); // A forgotten server must not keep its process alive; the guard ends it.
  const { promise: exited, resolve } = Promise.withResolvers<void>();
  const running: Running = { pid: child.pid, exited, hasExited: false };
  child.once("exit", () => {
    running.hasExited = true;
    guard.forget();
    resolve();
  });
  return running;
}

/** An orderly end, and if that is not enough, a kill. */
async function end(running: Running, program: ServerProgram): Promise<void> {
  if (running.hasExited) return;
  const family = [...childrenOf(running.pid), running.pid];
  signalPids(family, "SIGCONT"); // It may have been frozen by kill("SIGSTOP").
  signalPids([running.pid], program.orderlySignal);
  const isGone = await waitUntil(() => running.hasExited && allGone(family), ORDERLY_STOP_MS);
  if (!isGone) await kill(running, "SIGKILL");
}

async function kill(running: Running, signal: NodeJS.Signals): Promise<void> {
  if (running.hasExited) return;
  const { pid } = running;
  switch (signal) {
    case "SIGSTOP":
      signalPids([pid], signal); // The parent first, so that it cannot have a child we do not see.
      signalPids(childrenOf(pid), signal);
      return;
    case "SIGCONT":
      signalPids([...childrenOf(pid), pid], signal);
      return;
    case "SIGKILL": {
      signalPids([pid], "SIGSTOP");
      const family = [pid, ...childrenOf(pid)];
      signalPids(family, signal);
      return expectGone(running, family, signal);
    }
    default: {
      const family = [pid, ...childrenOf(pid)];
      signalPids([pid], signal);
      if (ENDING_SIGNALS.has(signal)) await expectGone(running, family, signal);
    }
  }
}

async function expectGone(running: Running, family: readonly number[], signal: string): Promise<void> {
  if (await waitUntil(() => running.hasExited && allGone(family), GONE_MS)) return;
  throw new Error(`process ${running.pid} is still there ${GONE_MS} ms after ${signal}`);
}

async function waitUntil(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > deadline) return false;
    await sleep(2);
  }
  return true;
}

function logTail(logFile: string, from: number): string {
  const text = readFileSync(logFile).subarray(from).toString();
  return text.trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}
