/** Prometheus' figures: who may read them, that they are those of the books, and that they do not grow with tasks. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";
import { metricsModule } from "../../services/metrics/index.ts";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const add = defineTask({ name: "add", params: z.object({ n: z.number() }), queue: "reports" });
const later = defineTask({ name: "later", params: z.object({}), queue: "critical" });

let facility: Facility;
let gateway: AccountsGateway;
beforeAll(async () => {
  facility = await openFacility("pglite");
  gateway = await startTaskGateway(facility.backend, {
    modules: [
      metricsModule,
      {
        name: "datasets",
        tasks: [add, later],
        create: () => ({ name: "adder", tasks: { add: runs(add, async ({ params }) => params.n + 1) } }),
      },
    ],
    queues: ["reports"],
  });
}, 400_000);
afterAll(async () => {
  await gateway.stop();
  await facility.backend.reset();
  await facility.backend.close();
}, 400_000);

const scrape = async (token?: string) => {
  const response = await fetch(`${gateway.url}/metrics`, {
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
};
/** Samples by name and labels. */
const samples = (text: string) =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))] as const),
  );

test("is for operators of the whole system", async () => {
  expect((await scrape()).status).toBe(401);
  const clientId = await facility.makeClient();
  const made = await gateway.ask(TOKENS.admin, "POST", "/accounts/tokens", { name: "x", role: "admin", clientId });
  expect((await scrape(made.body.token)).status).toBe(403);
});

test("says what the books say, with as many series for a thousand tasks as for ten", async () => {
  await later.enqueue(gateway.runtime, {}, { countdown: "1h" });
  const run = async (count: number) => {
    const accepted = await add.enqueueMany(
      gateway.runtime,
      Array.from({ length: count }, (_, n) => ({ n })),
    );
    await Promise.all(accepted.map(({ id }) => gateway.runtime.result(id, "150s")));
  };
  await run(10);
  // A source that takes longer than three seconds is left out of a scrape, figures are given again for five seconds, and
  // counts of queues for ten.
  const scrapeOnceTheyAre = (ended: number) =>
    eventually(async () => {
      const seen = await scrape(TOKENS.viewer);
      const figures = samples(seen.text);
      const isUp = (source: string) => figures.get(`apium_metrics_source_up{source="${source}"}`) === 1;
      const isOf = ([name, value]: [string, number]) => name.startsWith("apium_worker_tasks_ended") && value === ended;
      const isWhole = ["queues", "dead letters", "workers", "cache"].every(isUp) && [...figures].some(isOf);
      return isWhole && figures.get('apium_queue_tasks{queue="critical",state="scheduled"}') === 1 && seen;
    }, 60_000);
  const first = await scrapeOnceTheyAre(10);
  expect(first).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
  const before = samples(first.text);
  expect(before.get('apium_queue_tasks{queue="critical",state="scheduled"}')).toBe(1);
  expect(before.get("apium_dead_letters_open")).toBe(0);
  // Nobody runs the scheduler here: its figures are left out, and it is said.
  expect(before.get('apium_metrics_source_up{source="schedules"}')).toBe(0);
  const [worker] = [...before.keys()].filter((name) => name.startsWith("apium_worker_tasks_ended"));
  expect(before.get(worker ?? "")).toBe(10);
  await run(1_000);
  const after = samples((await scrapeOnceTheyAre(1_010)).text);
  expect(after.get(worker ?? "")).toBe(1_010);
  const ours = (seen: Map<string, number>) => [...seen.keys()].filter((name) => name.startsWith("apium_")).length;
  expect(ours(after)).toBe(ours(before));
}, 400_000);

test("scrapes that come at once ask once", async () => {
  let asked = 0;
  const call = gateway.broker.call.bind(gateway.broker);
  gateway.broker.call = ((action: string, ...rest: []) => {
    if (action === "tasks.queues") asked += 1;
    return call(action, ...rest);
  }) as typeof gateway.broker.call;
  await new Promise((resolve) => setTimeout(resolve, 5_100));
  await Promise.all(Array.from({ length: 10 }, () => scrape(TOKENS.viewer)));
  gateway.broker.call = call;
  expect(asked).toBe(1);
}, 400_000);
