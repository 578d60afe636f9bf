// The watchdog's thread. It counts its own looks instead of reading a clock: a machine that sleeps, a process that is
// stopped and a starved processor hold up both threads alike.
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { holdMainThread } from "./held-thread.ts";
import { SIGNS, type WatchdogOrders } from "./watchdog-protocol.ts";

const LOOK_EVERY_MS = 1_000;
const KILLED_WITHIN_MS = 1_000;
/** As a shell says it of what was killed. */
const KILLED = 137;
const STDERR = 2;

const { signs, patienceMs, logFormat } = workerData as WatchdogOrders;
let turns = -1;
let silentMs = 0;

while (silentMs < patienceMs) {
  await sleep(LOOK_EVERY_MS);
  const now = Atomics.load(signs, SIGNS.turns);
  const isAlive = now !== turns || Atomics.load(signs, SIGNS.debugged) === 1;
  silentMs = isAlive ? 0 : silentMs + LOOK_EVERY_MS;
  turns = now;
}
const held = await holdMainThread().catch(() => undefined);
await sayWhy(held?.stack ?? "\n    (in native code: there is no stack)").catch(() => {});
process.kill(process.pid, "SIGKILL");
// Process 1 of a container cannot be killed from inside it.
await sleep(KILLED_WITHIN_MS);
held?.exit(KILLED);
await sleep(KILLED_WITHIN_MS);

async function sayWhy(stack: string): Promise<void> {
  const { lineWriter, secretsOf } = await import("../telemetry/index.ts");
  const write = lineWriter(logFormat, secretsOf(process.env));
  const seconds = Math.round(silentMs / 1_000);
  const message = `PROCESS_HANGS: the event loop has not turned for ${seconds} s; this process ends itself${stack}`;
  // The stream of a thread is written by the main thread, which hangs.
  writeSync(STDERR, `${write("fatal", [message], { mod: "watchdog" })}\n`);
}
