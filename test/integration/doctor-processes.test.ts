/** The doctor, and processes of several versions on one bus: those that say theirs, and one from before there was a doctor. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { taskOperations } from "../../runtime/moleculer/index.ts";
import { examine } from "../../services/doctor/examine.ts";
import { schedulerModule } from "../../services/scheduler/index.ts";
import { eventually } from "../support/backends.ts";
import { openSmallGateway, type SmallGateway } from "../support/small-gateway.ts";

const PATIENCE_MS = 90_000;

let gateway: SmallGateway;
beforeAll(async () => {
  gateway = await openSmallGateway({ modules: [schedulerModule] });
}, 400_000);
afterAll(() => gateway.close(), 400_000);

const versions = async () => {
  // A round of its own each time, where the doctor's may be one of three seconds ago.
  const findings = await examine(gateway.broker, gateway.runtime);
  return findings.find(({ code }) => code === "VERSIONS_DIFFER")?.message.replace(/^.*: /, "");
};
const until = (said: string | undefined) =>
  eventually(async () => {
    expect(await versions()).toBe(said);
    return true;
  }, PATIENCE_MS);

test("names the processes that were left behind, for as long as they are there", async () => {
  await until(undefined);
  const second = gateway.brokerFor("second", gateway.runtime);
  second.createService(taskOperations(gateway.runtime, { version: "1.2.3" }));
  await second.start();
  await until(undefined);

  const behind = gateway.brokerFor("behind", gateway.runtime);
  behind.createService({ ...taskOperations(gateway.runtime, { version: "1.2.2" }), started() {}, stopped() {} });
  await behind.start();
  await until("1.2.2 (behind); 1.2.3 (the-node, second)");

  const ancient = gateway.brokerFor("ancient", gateway.runtime);
  ancient.createService({ name: "tasks", actions: { here: () => null } });
  await ancient.start();
  await until("1.2.2 (behind); 1.2.3 (the-node, second); an older one (ancient)");

  await Promise.all([behind.stop(), ancient.stop()]);
  await until(undefined);
}, 400_000);
