// Runs in each isolated process: takes calls from the worker one at a time and sends back what became of them. It
// belongs to its worker: it ends when the channel closes, and ignores the signals a terminal or a supervisor sends to
// the whole group, because a draining worker still waits for it. The guard covers what a busy event loop cannot.
import { Worker } from "node:worker_threads";
import { scrubEnvironment } from "./environment.ts";
import type { Charge } from "./guard.ts";
import { errorFor } from "./portable-error.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";
import { runHandler } from "./run-handler.ts";

const BYTES_PER_MB = 2 ** 20;

scrubEnvironment();
process.on("disconnect", () => process.exit());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
startGuard();

let current: { readonly run: number; readonly ending: AbortController } | undefined;

process.on("message", (message: ToProcess) => {
  if (message.kind === "run") void serve(message.run, message.call);
  else if (message.run === current?.run) current.ending.abort(errorFor(message.reason));
});

async function serve(run: number, call: Extract<ToProcess, { kind: "run" }>["call"]): Promise<void> {
  const ending = new AbortController();
  current = { run, ending };
  const outcome = await runHandler(call, ending.signal, (report) => send({ kind: "report", run, report }));
  send({ kind: "ended", run, ending: { outcome, heldMb: process.memoryUsage.rss() / BYTES_PER_MB } });
}

function send(message: FromProcess): void {
  process.send?.(message, undefined, undefined, () => {}); // A channel that closes meanwhile ends this process anyway.
}

function startGuard(): void {
  const limit = Number(process.argv[2]);
  const charge: Charge = { parentPid: process.ppid, memoryLimitMb: limit > 0 ? limit : undefined };
  new Worker(new URL("./guard.ts", import.meta.url), { workerData: charge }).unref();
}
