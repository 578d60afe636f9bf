/** Processes whose event loop stops, and those that only seem so. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { bareEnvironment } from "../support/bare-environment.ts";
import { CONTAINER, hasContainers } from "../support/container.ts";
import { start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const WATCHED = fileURLToPath(new URL("../support/watched-process.ts", import.meta.url));
const PATIENCE_MS = 3_000;
/** A signal that no program uses makes it hang. */
const HANGS = `data:text/javascript,${encodeURIComponent('process.on("SIGUSR2", function neverLetsGo() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); })')}`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

async function watched(
  execArgv: readonly string[] = [],
  { isInContainer = false } = {},
): Promise<{ child: ChildProcess; said: () => string }> {
  const child = fork(WATCHED, [String(PATIENCE_MS)], {
    ...(isInContainer ? { execPath: CONTAINER.file } : {}),
    execArgv: [
      ...(isInContainer ? [...CONTAINER.args, process.execPath] : []),
      ...["--disable-warning=ExperimentalWarning", ...execArgv],
    ],
    env: bareEnvironment(),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  cleanups.push(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await once(child, "message");
  return { child, said: () => said };
}

test("a product that hangs says where and ends; started anew it has what it had", async () => {
  const folder = temporaryFolder();
  cleanups.push(() => folder.remove());
  const settings = { DATA_DIR: folder.path, HANG_TIMEOUT: "10s", LOG_FORMAT: "text" };
  const first = await start({ ...settings, NODE_OPTIONS: `--import=${HANGS}` });
  const ended = once(first.process, "close");
  first.process.kill("SIGUSR2");
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(first.output()).toMatch(
    /FATAL .*PROCESS_HANGS: the event loop has not turned for \d+ s.*\n {4}at neverLetsGo \(data:/,
  );

  const second = await start(settings);
  cleanups.push(() => second.stop());
  // A machine that is busy answers 503 while its database takes longer than a probe waits.
  await eventually(async () => (await fetch(`${second.url}/readyz`)).status === 200);
}, 700_000);

describe("a process is left alone", () => {
  test("that blocks its event loop for less", async () => {
    const { child } = await watched();
    for (const ms of [PATIENCE_MS / 2, PATIENCE_MS / 2, PATIENCE_MS / 2]) {
      child.send(ms);
      expect(await once(child, "message")).toContain("done");
    }
    expect(child.signalCode).toBeNull();
  }, 400_000);

  test("that was stopped and goes on", async () => {
    const { child, said } = await watched();
    child.kill("SIGSTOP");
    await sleep(2 * PATIENCE_MS);
    child.kill("SIGCONT");
    child.send(0);
    expect(await once(child, "message")).toContain("done");
    await sleep(2_000);
    expect(child.signalCode).toBeNull();
    expect(said()).toBe("");
  }, 400_000);

  test("that has a debugger", async () => {
    const { child } = await watched(["--inspect=127.0.0.1:0"]);
    await sleep(5_000); // Its first sign tells the watchdog of the debugger.
    child.send(2 * PATIENCE_MS);
    expect(await once(child, "message")).toContain("done");
    expect(child.signalCode).toBeNull();
  }, 400_000);
});

test("a process without a debugger is ended, with its last words as one line for machines", async () => {
  const { child, said } = await watched();
  const ended = once(child, "close");
  child.send(600_000);
  expect(await ended).toEqual([null, "SIGKILL"]);
  const line = JSON.parse(said());
  expect(line).toMatchObject({ level: "fatal", module: "watchdog" });
  expect(line.message).toMatch(/^PROCESS_HANGS: .*\n {4}at .*watched-process\.ts:\d+:\d+/);
}, 400_000);

(hasContainers ? test : test.skip)(
  "process 1 of a container, which cannot be killed from inside, ends all the same",
  async () => {
    const { child, said } = await watched([], { isInContainer: true });
    const ended = once(child, "close");
    child.send(600_000);
    expect(await ended).toEqual([137, null]);
    expect(said()).toContain("PROCESS_HANGS");
  },
  400_000,
);
