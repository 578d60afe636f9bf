/** A program that runs one handler apart, `host.ts <thread|process> <module>`, and prints its progress and result. */
import { SystemClock } from "../../../runtime/contract/clock.ts";
import { silentLog } from "../../../runtime/contract/log.ts";
import { createProcessIsolation, createThreadIsolation } from "../../../runtime/worker/isolation/index.ts";

const [kind, module] = process.argv.slice(2);
const create = kind === "thread" ? createThreadIsolation : createProcessIsolation;
const isolation = create({ max: 1, clock: new SystemClock(), log: silentLog });
const { result } = isolation.run({
  module: new URL(`./${module}.ts`, import.meta.url).href,
  params: {},
  task: { id: "1", name: "hosted", attempt: 1, retries: 0, idempotencyKey: "1", headers: {} },
  onProgress: (_fraction, message) => console.log(message),
  onLine: () => {},
});
console.log(JSON.stringify(await result));
await isolation.stop();
