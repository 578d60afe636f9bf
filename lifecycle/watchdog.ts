// Ends a process whose event loop has stopped: nothing in it works any more, but it still holds its place, its
// connections and its name on the books, and no supervisor sees that. A thread looks whether the main thread gives signs.
import { url as debuggerUrl } from "node:inspector";
import { Worker } from "node:worker_threads";
import { SIGNS, type WatchdogOptions, type WatchdogOrders } from "./watchdog-protocol.ts";

const SIGN_EVERY_MS = 1_000;

/**
 * From here on the process ends with SIGKILL once its event loop has been silent for `patienceMs`: SIGTERM would wait for
 * that same loop. Its last words on stderr say where it hangs. What it ran is rescued elsewhere, or after its restart.
 *
 * @returns Ends the watch.
 */
export function startWatchdog(options: WatchdogOptions): () => void {
  const signs = new Int32Array(new SharedArrayBuffer(Object.keys(SIGNS).length * Int32Array.BYTES_PER_ELEMENT));
  const orders: WatchdogOrders = { ...options, signs };
  const thread = new Worker(new URL("./watchdog-thread.ts", import.meta.url), { workerData: orders, name: "watchdog" });
  thread.unref();
  const timer = setInterval(() => {
    Atomics.add(signs, SIGNS.turns, 1);
    Atomics.store(signs, SIGNS.debugged, debuggerUrl() === undefined ? 0 : 1);
  }, SIGN_EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    void thread.terminate();
  };
}
