/** Runs the product as its users do: `main.ts` in processes of its own, with settings in the environment. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./backends.ts";
import { bareEnvironment } from "./bare-environment.ts";
import { furnish } from "./embedded-database.ts";

/** Two to four seconds on a quiet machine; on a busy one many times that. */
const READY_WITHIN_MS = 240_000;
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

export interface Program {
  readonly process: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  /** Base URL of its gateway, once it listens. */
  readonly url: string;
  /** Resolves with its exit code. */
  readonly exited: Promise<number | null>;
  stop(): Promise<number | null>;
}

/** What it is started by, instead of by the test itself. */
export interface Starter {
  readonly file: string;
  readonly args: readonly string[];
}

/** Starts it without waiting for anything. */
export function launch(settings: Readonly<Record<string, string>>, by?: Starter): Omit<Program, "url" | "stop"> {
  const [file = "", ...args] = [
    ...(by === undefined ? [] : [by.file, ...by.args]),
    ...[process.execPath, "--disable-warning=ExperimentalWarning", MAIN],
  ];
  const child = spawn(file, args, {
    env: { ...bareEnvironment(), PORT: "0", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return { process: child, output: () => printed, exited };
}

export interface StartOptions {
  readonly withinMs?: number;
  /** Let an embedded product make its own tables, as on a machine where it has never run; else it finds them made. */
  readonly isFirst?: boolean;
}

/** Starts it and waits until it says that it is ready. @throws with what it printed, when it ends or is not ready in time. */
export async function start(
  settings: Readonly<Record<string, string>>,
  { withinMs = READY_WITHIN_MS, isFirst = false }: StartOptions = {},
): Promise<Program> {
  const { DATA_DIR, DATABASE_URL } = settings;
  if (!isFirst && DATABASE_URL === undefined && DATA_DIR !== undefined && !existsSync(join(DATA_DIR, "pglite"))) {
    await furnish(DATA_DIR);
  }
  const program = launch(settings);
  let code: number | null | undefined;
  void program.exited.then((exitCode) => {
    code = exitCode;
  });
  try {
    await eventually(async () => {
      if (code !== undefined) throw new Error(`it ended with ${code}:\n${program.output()}`);
      return program.output().includes("ready after");
    }, withinMs);
  } catch (error) {
    // Whoever waits for it will not stop it.
    program.process.kill("SIGKILL");
    throw error;
  }
  return {
    ...program,
    url: /dashboard: (http:\/\/[^/]+)/.exec(program.output())?.[1] ?? "",
    stop() {
      program.process.kill("SIGTERM");
      return program.exited;
    },
  };
}

/** A client of a gateway under a token. */
export function client(url: string, token: string) {
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return {
    get: (path: string) => ask("GET", path),
    post: (path: string, body: unknown = {}) => ask("POST", path, body),
  };
}

export function adminToken(dataDir: string): string {
  return readFileSync(join(dataDir, "admin-token"), "utf8").trim();
}
