/**
 * Runs the `sh` blocks of a document as a reader would who has just started the product: in bash, in the folder of the
 * project. What differs from the reader's own machine is put in: the port, the folder of data, ids in angle brackets.
 * `curl` fails where the answer is an error, and a command that fails ends its block. A machine that is too busy to answer in
 * time (503, a worker's silence) is asked again, a little later: what the doctor says holds for three seconds.
 *
 * A fence that says more than `sh` is not run: ```` ```sh no-run: why ````.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./backends.ts";
import { bareEnvironment } from "./bare-environment.ts";
import { type Block, ROOT } from "./documents.ts";

/** `npm start`, with settings before it: the product in a process of its own. */
const START = /^((?:[A-Z_]+=\S* )*)npm start\b.*$/gm;
/** It is what runs this. */
const ITSELF = /^npm test\b.*$/gm;
const BLOCK_MS = 300_000;
const READY_MS = 240_000;

/** Quick, and as package.json has it: npm itself is run for other commands, and for the product. */
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
const PRELUDE = `set -eEu -o pipefail
trap 'echo "FAILED with $?: $BASH_COMMAND" >&2' ERR
curl() { command curl --fail-with-body --silent --show-error --max-time 60 --retry 10 --retry-delay 1 "$@"; }
npm() {
  if [ "\${1-} \${2-} \${3-}" != "run apium --" ]; then command npm "$@"; return; fi
  shift 3
  case "\${1-}" in inspect | doctor) apium "$@" || again "$@" || again "$@" ;; *) apium "$@" ;; esac
}
apium() { ${scripts.apium} "$@"; }
again() { sleep 3; apium "$@"; }
`;

/** Whoever starts it holds the other end of 3: when that is gone, however it ended, so is everything that was started. */
const GUARD = `{ read -r _ <&3; kill -TERM 0; } >/dev/null 2>&1 &
exec 3<&-
`;

export interface Surroundings {
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
  readonly dataDir: string;
  /** What stands for `<task id>` and the like. */
  readonly placeholders: Readonly<Record<string, string>>;
}

/** Settings of the processes that a block starts, in its order. */
export function startsIn({ text }: Block): readonly string[] {
  return [...text.matchAll(START)].map(([, settings = ""]) => settings);
}

/** The block as it is run here. @throws Error naming a placeholder that stands for nothing. */
export function scriptOf({ place, text }: Block, { port, dataDir, placeholders }: Surroundings): string {
  return text
    .replaceAll(START, "")
    .replaceAll(ITSELF, "")
    .replaceAll("localhost:3000", `127.0.0.1:${port}`)
    .replaceAll(/(?<![\w./])data\//g, `${dataDir}/`)
    .replaceAll(/(?<= )<([a-z][a-z -]*)>/g, (_, name: string) => {
      const value = placeholders[name];
      if (value === undefined) throw new Error(`${place}: nothing stands for <${name}>`);
      return value;
    });
}

/** @throws Error with what was printed, when a command of it failed. */
export async function runBlock(block: Block, surroundings: Surroundings): Promise<void> {
  const script = scriptOf(block, surroundings);
  const child = launch(`${PRELUDE}${script}`, surroundings.environment);
  const deadline = setTimeout(() => child.end("SIGKILL"), BLOCK_MS);
  const code = await child.exited;
  clearTimeout(deadline);
  if (code !== 0) throw new Error(`${block.place} ended with ${code}:\n${child.output().slice(-3_000)}`);
}

export interface Started {
  output(): string;
  isRunning(): boolean;
  /** Tells it, and whatever it has started, to stop. */
  stop(): Promise<unknown>;
}

/** `npm start`, until it says that it is ready. */
export async function npmStart(settings: string, environment: Readonly<Record<string, string>>): Promise<Started> {
  const child = launch(`exec env ${settings}npm start`, environment);
  let isOver = false;
  void child.exited.then(() => {
    isOver = true;
  });
  await eventually(async () => {
    if (isOver) throw new Error(`npm start ended:\n${child.output()}`);
    return child.output().includes("ready after");
  }, READY_MS).catch((error: unknown) => {
    if (!isOver) child.end("SIGKILL");
    throw new Error(`npm start was not ready in ${READY_MS / 1_000} s:\n${child.output()}`, { cause: error });
  });
  return {
    output: child.output,
    isRunning: () => !isOver,
    stop() {
      if (!isOver) child.end("SIGTERM");
      return child.exited;
    },
  };
}

interface Launched {
  output(): string;
  readonly exited: Promise<number | null>;
  end(signal: NodeJS.Signals): void;
}

/** In a process group of its own, so that an end reaches what npm and bash have started. */
function launch(script: string, environment: Readonly<Record<string, string>>): Launched {
  const bare = bareEnvironment();
  const child: ChildProcess = spawn("bash", ["-c", `${GUARD}${script}`], {
    cwd: ROOT,
    detached: true,
    env: { ...bare, PATH: `${join(ROOT, "node_modules/.bin")}:${bare.PATH}`, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  return {
    output: () => printed,
    exited: ended(child),
    end(signal) {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    },
  };
}

/** Its exit code, once whatever it has started is gone, too: npm ends before the product has drained. */
async function ended(child: ChildProcess): Promise<number | null> {
  const outputs = [child.stdout, child.stderr].map((stream) => stream && once(stream, "close"));
  const [[code]] = await Promise.all([once(child, "exit"), ...outputs]);
  child.stdio[3]?.destroy();
  return code as number | null;
}
