// A deputy repeats one statement from a thread of its own, over a connection of its own, while the thread whose duty it
// is does not get to it: somebody computes on the event loop. While the owner keeps up it only watches, without a
// connection. A process that is frozen or gone has no deputy either.
import { Worker } from "node:worker_threads";
import { messageOf } from "../runtime/contract/errors.ts";
import type { Deputy, Duty } from "./database.ts";
import { ageOf, type DeputyOrders, SIGNS, type Sign, sign } from "./deputy-protocol.ts";

export function startDeputy(url: string, { onRefused, onError, ...duty }: Duty): Deputy {
  const signs = new BigInt64Array(new SharedArrayBuffer(8 * Object.keys(SIGNS).length));
  for (const which of Object.keys(SIGNS) as Sign[]) sign(signs, which);
  const orders: DeputyOrders = { url, duty, signs };
  const thread = new Worker(new URL("./deputy-thread.ts", import.meta.url), { workerData: orders, name: "deputy" });
  thread.on("message", onRefused);
  thread.on("error", (error) => onError(messageOf(error)));
  thread.unref(); // after the listeners, each of which holds the process
  return {
    alive: () => sign(signs, "alive"),
    done: () => sign(signs, "owner"),
    ageMs: () => Math.min(ageOf(signs, "owner"), ageOf(signs, "deputy")),
    async stop() {
      await thread.terminate();
    },
  };
}
