/** A process with a watchdog that does as it is told over IPC: blocks its event loop for so many milliseconds. */
import { startWatchdog } from "../../lifecycle/watchdog.ts";

startWatchdog({ patienceMs: Number(process.argv[2]), logFormat: "json" });
process.on("message", (ms: number) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  process.send?.("done");
});
process.send?.("ready");
