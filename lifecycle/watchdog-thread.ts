// The watchdog's thread. It counts its own looks instead of reading a clock: a machine that sleeps, a process that is
// stopped and a starved processor hold up both threads alike.
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { SIGNS, type WatchdogOrders } from "./watchdog-protocol.ts";
import { whereItHangs } from "./where-it-hangs.ts";

const LOOK_EVERY_MS = 1_000;
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
await sayWhy().catch(() => {});
process.kill(process.pid, "SIGKILL");

async function sayWhy(): Promise<void> {
  const { lineWriter, secretsOf } = await import("../telemetry/index.ts");
  const write = lineWriter(logFormat, secretsOf(process.env));
  const stack = await whereItHangs();
  const message = `PROCESS_HANGS: the event loop has not turned for ${Math.round(silentMs / 1_000)} s; this process ends itself${stack}`;
  // The stream of a thread is written by the main thread, which hangs.
  writeSync(STDERR, `${write("fatal", [message], { mod: "watchdog" })}\n`);
}
