/**
 * A program that starts one endless handler in a process and tells the handler's pid, to be killed with -9 by a test.
 */
import { SystemClock, silentLog } from "../../../runtime/index.ts";
import { createProcessIsolation } from "../../../runtime/worker/isolation/index.ts";

const isolation = createProcessIsolation({ max: 1, clock: new SystemClock(), log: silentLog });
isolation.run({
  module: new URL(process.argv[2] ?? "./spins.ts", import.meta.url).href,
  params: {},
  task: { id: "1", name: "spins", attempt: 1, retries: 0, idempotencyKey: "1", headers: {} },
  onProgress: (_fraction, pid) => console.log(pid),
});
