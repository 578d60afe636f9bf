// Runs in each thread of the pool: one call at a time, handed over by piscina with a port of its own, over which the
// abort comes in and reports go out. The host closes the port.
import { getHeapStatistics } from "node:v8";
import { isMainThread, type MessagePort } from "node:worker_threads";
import type { Ending, SentCall } from "./cells.ts";
import { scrubEnvironment } from "./environment.ts";
import type { AbortReason } from "./isolation.ts";
import { errorFor } from "./portable-error.ts";
import { runHandler } from "./run-handler.ts";

if (!isMainThread) scrubEnvironment();

export interface ThreadCall {
  readonly call: SentCall;
  readonly port: MessagePort;
}

export async function runInThread({ call, port }: ThreadCall): Promise<Ending> {
  const ending = new AbortController();
  port.on("message", (reason: AbortReason) => ending.abort(errorFor(reason)));
  const outcome = await runHandler(call, ending.signal, (report) => port.postMessage(report));
  return { outcome, heldMb: heldMb() };
}

/** The thread's own heap; resident memory belongs to the whole process. */
function heldMb(): number {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return (total_heap_size + external_memory) / 2 ** 20;
}
