/** Scripts written for Flower: its addresses, its keys, its messages; and nobody without a token. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";
import { FLOWER_ENDPOINTS } from "../../services/gateway/flower/flower-endpoints.ts";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { eventually } from "../support/backends.ts";
import { missingKeys } from "../support/celery-keys.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { waitForAnswers } from "../support/patient-broker.ts";

// biome-ignore lint/suspicious/noExplicitAny: Flower's answers, read field by field.
type Any = any;

const add = defineTask({ name: "tasks.add", params: z.object({ a: z.number(), b: z.number() }), queue: "reports" });
const fails = defineTask({ name: "tasks.fails", params: z.object({}), queue: "reports", maxRetries: 0 });
const lingers = defineTask({
  name: "tasks.lingers",
  params: z.object({ n: z.number() }),
  queue: "reports",
  concurrency: 1,
});
const secret = defineTask({
  name: "tasks.secret",
  params: z.object({ pin: z.string() }),
  queue: "reports",
  sensitive: true,
});

let facility: Facility;
let gateway: AccountsGateway;
let worker: string;
beforeAll(async () => {
  facility = await openFacility("pglite");
  gateway = await startTaskGateway(facility.backend, {
    modules: [
      {
        name: "datasets",
        tasks: [add, fails, lingers, secret],
        create: () => ({
          name: "adder",
          tasks: {
            add: runs(add, async ({ params }) => params.a + params.b),
            fails: runs(fails, async () => {
              throw new Error("no such thing");
            }),
            lingers: runs(lingers, async (ctx) => {
              const { signal } = ctx.locals.task;
              await new Promise((resolve) => signal.addEventListener("abort", resolve));
            }),
            secret: runs(secret, async () => {}),
          },
        }),
      },
    ],
    queues: ["reports"],
  });
  waitForAnswers(gateway.broker);
  worker = (await gateway.runtime.workers())[0]?.id ?? "";
}, 400_000);
afterAll(async () => {
  await gateway.stop();
  await facility.backend.reset();
  await facility.backend.close();
}, 400_000);

const flower = async (method: string, path: string, body?: object | string, token: string = TOKENS.operator) => {
  const response = await fetch(`${gateway.url}/api${path}`, {
    method,
    headers: {
      Authorization: `Basic ${btoa(`flower:${token}`)}`,
      ...(body === undefined
        ? {}
        : { "Content-Type": typeof body === "string" ? "application/x-www-form-urlencoded" : "application/json" }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Any };
};

describe.each(FLOWER_ENDPOINTS.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
  "%s",
  (_name, { method, path }) => {
    const address = path.replace(":id", "0190aaaa-0000-7000-8000-000000000000");
    test("is refused without a token", async () => {
      const init = {
        method,
        ...(method === "POST" ? { body: "{}", headers: { "Content-Type": "application/json" } } : {}),
      };
      expect((await fetch(`${gateway.url}/api${address}`, init)).status).toBe(401);
      expect((await flower(method, address, method === "POST" ? {} : undefined, "no-such-token-here")).status).toBe(
        401,
      );
    });
  },
);

test("a task is applied, waited for, and seen with Flower's keys", async () => {
  const { body: applied } = await flower("POST", "/task/apply/tasks.add", { kwargs: { a: 1, b: 2 } });
  expect(applied).toEqual({ "task-id": expect.any(String), state: "SUCCESS", result: 3 });
  const id = applied["task-id"];
  expect((await flower("GET", `/task/result/${id}`)).body).toEqual({ "task-id": id, state: "SUCCESS", result: 3 });
  const { body: info } = await flower("GET", `/task/info/${id}`);
  expect(info).toMatchObject({
    ...{ uuid: id, name: "tasks.add", state: "SUCCESS", kwargs: '{"a":1,"b":2}', result: "3", worker, retries: 0 },
    ...{ received: expect.any(Number), started: expect.any(Number), succeeded: expect.any(Number), failed: null },
  });
  const { body: listed } = await flower("GET", "/tasks?taskname=tasks.add&state=SUCCESS&limit=10&sort_by=-received");
  expect(listed[id]).toEqual(expect.objectContaining({ uuid: id, state: "SUCCESS" }));
  expect((await flower("GET", "/tasks?state=NONSENSE")).body).toEqual({});
  expect(await flower("GET", "/tasks?offset=10000")).toMatchObject({ status: 200, body: {} });
  expect(await flower("GET", "/tasks?offset=10001")).toMatchObject({ status: 422 });
  expect((await flower("GET", "/tasks?received_start=2099-01-01 00:00")).body).toEqual({});
});

test("a failure shows its error; positional arguments are refused by name; what is unknown is PENDING or not found", async () => {
  const { body: sent } = await flower("POST", "/task/async-apply/tasks.fails", {});
  const id = sent["task-id"];
  const { body: failed } = await flower("GET", `/task/result/${id}?timeout=60`);
  expect(failed).toMatchObject({ state: "FAILURE", result: expect.stringContaining("no such thing") });
  const refused = await flower("POST", "/task/send-task/tasks.add", { args: [1, 2] });
  expect(refused).toMatchObject({ status: 422, body: { error: { fields: [{ field: "args" }] } } });
  const unknown = "0190aaaa-0000-7000-8000-000000000000";
  expect((await flower("GET", `/task/result/${unknown}`)).body).toEqual({ "task-id": unknown, state: "PENDING" });
  expect((await flower("GET", `/task/info/${unknown}`)).status).toBe(404);
});

test("options of apply_async: a countdown in seconds; revoked by its id", async () => {
  const { body: sent } = await flower("POST", "/task/async-apply/tasks.add", {
    kwargs: { a: 1, b: 1 },
    countdown: 3_600,
  });
  expect(sent.state).toBe("PENDING");
  const revoked = await flower("POST", `/task/revoke/${sent["task-id"]}?terminate=true`);
  expect(revoked.body).toEqual({ message: `Revoked '${sent["task-id"]}'` });
  expect((await flower("GET", `/task/info/${sent["task-id"]}`)).body.state).toBe("REVOKED");
});

test("a task that fails while it is waited for is an answer: its state, its error, its traceback", async () => {
  const { status, body } = await flower("POST", "/task/apply/tasks.fails", {});
  expect(status).toBe(200);
  expect(body).toEqual({
    ...{ "task-id": expect.any(String), state: "FAILURE" },
    ...{ result: "no such thing", traceback: expect.stringContaining("Error: no such thing") },
  });
  const unknown = await flower("POST", "/task/apply/tasks.unheard", {});
  expect(unknown.status).toBe(404);
});

test("PENDING is what waits for a worker and what waits for its time; nothing else is shown for it", async () => {
  const { body: later } = await flower("POST", "/task/async-apply/tasks.add", {
    ...{ kwargs: { a: 2, b: 2 }, countdown: 3_600 },
  });
  const { body: waiting } = await flower("POST", "/task/async-apply/tasks.add", {
    ...{ kwargs: { a: 3, b: 3 }, queue: "email" },
  });
  const { body: pending } = await flower("GET", "/tasks?state=PENDING");
  expect(Object.keys(pending)).toEqual(expect.arrayContaining([later["task-id"], waiting["task-id"]]));
  expect(new Set(Object.values<Any>(pending).map(({ state }) => state))).toEqual(new Set(["PENDING"]));
  await flower("POST", `/task/revoke/${later["task-id"]}`);
});

test("a list is sorted as a whole before a page of it is shown", async () => {
  const ids: string[] = [];
  for (const a of [1, 2, 3]) {
    const { body } = await flower("POST", "/task/apply/tasks.add", { kwargs: { a, b: 77_777_777 } });
    ids.push(body["task-id"]);
  }
  const page = async (sortBy: string, offset: number) =>
    Object.keys((await flower("GET", `/tasks?search=77777777&sort_by=${sortBy}&limit=1&offset=${offset}`)).body);
  expect([await page("received", 0), await page("received", 2)]).toEqual([[ids[0]], [ids[2]]]);
  expect([await page("-started", 0), await page("-started", 2)]).toEqual([[ids[2]], [ids[0]]]);
  expect([await page("-received", 0), await page("-received", 2)]).toEqual([[ids[2]], [ids[0]]]);
  expect(await flower("GET", "/tasks?sort_by=colour")).toMatchObject({
    ...{ status: 422, body: { error: { fields: [{ field: "sort_by" }] } } },
  });
});

test("a worker's answers have Celery's keys, all the way in, and say what is so", async () => {
  const apply = async (name: string, body: object): Promise<string> =>
    (await flower("POST", `/task/async-apply/${name}`, body)).body["task-id"];
  await flower("POST", "/task/apply/tasks.add", { kwargs: { a: 1, b: 1 } });
  // Accepted together they are claimed together, and one finds its type full.
  await lingers.enqueueMany(gateway.runtime, [{ n: 5 }, { n: 5 }]);
  const parked = (await eventually(async () => gateway.runtime.worker?.reserved()[0])).id;
  // What has ended by the books may be with the worker for a moment more.
  const active = () => gateway.runtime.worker?.active() ?? [];
  const { id: running } = await eventually(async () => active().length === 1 && active()[0]);
  const later = await apply("tasks.add", { kwargs: { a: 4, b: 5 }, countdown: 3_600, priority: 7 });
  const hidden = await apply("tasks.secret", { kwargs: { pin: "1234" }, countdown: 3_600 });
  const elsewhere = await apply("tasks.add", { kwargs: { a: 4, b: 5 }, countdown: 3_600, queue: "email" });
  const revoked = await apply("tasks.add", { kwargs: { a: 6, b: 7 }, countdown: 3_600 });
  await flower("POST", `/task/revoke/${revoked}`);

  const told = (await flower("GET", `/workers?refresh=1&workername=${worker}`)).body[worker];
  expect(missingKeys(told)).toEqual([]);

  const { stats } = told;
  const asStarted = (await gateway.runtime.workers())[0];
  expect(stats).toMatchObject({
    ...{ pid: process.pid, clock: null, uptime: expect.any(Number), prefetch_count: asStarted?.concurrency },
    pool: { "max-concurrency": asStarted?.concurrency, processes: [process.pid], timeouts: [0, 0] },
    broker: { transport: "pglite", hostname: null, port: null, ssl: false },
  });
  expect(stats.total["tasks.lingers"]).toBe(1);
  expect(stats.total["tasks.add"]).toBeGreaterThan(0);
  expect(stats.rusage.utime).toBeGreaterThan(0);
  expect(stats.rusage.maxrss).toBeGreaterThan(10_000);

  expect(told.active).toHaveLength(1);
  expect(told.active[0]).toMatchObject({
    ...{ id: running, name: "tasks.lingers", type: "tasks.lingers", args: [], kwargs: { n: 5 } },
    ...{ hostname: worker, acknowledged: true, worker_pid: process.pid },
    delivery_info: { exchange: "", routing_key: "reports", redelivered: false },
  });
  const { body: info } = await flower("GET", `/task/info/${running}`);
  expect(Math.abs(told.active[0].time_start - info.started)).toBeLessThan(30);
  expect(told.reserved).toHaveLength(1);
  expect(told.reserved[0]).toMatchObject({ id: parked, kwargs: { n: 5 }, time_start: null, worker_pid: null });

  const scheduled = new Map<string, Any>(told.scheduled.map((one: Any) => [one.request.id, one]));
  expect(scheduled.get(later)).toMatchObject({
    ...{ eta: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), priority: 7 },
    request: { kwargs: { a: 4, b: 5 }, acknowledged: false, time_start: null, delivery_info: { priority: 7 } },
  });
  expect(scheduled.get(hidden).request.kwargs).toBeNull();
  expect(scheduled.has(elsewhere)).toBe(false);
  expect(told.revoked).toContain(revoked);
  expect(told.active_queues).toEqual([
    expect.objectContaining({ name: "reports", routing_key: "reports", durable: true, auto_delete: false }),
  ]);
  expect(told.active_queues[0].exchange).toMatchObject({ name: "reports", type: "direct" });

  for (const id of [parked, running]) await flower("POST", `/task/revoke/${id}?terminate=true`);
});

test("Flower's pages lead to ours", async () => {
  const leads = async (path: string) => {
    const { status, headers } = await fetch(`${gateway.url}${path}`, { redirect: "manual" });
    return [status, headers.get("location")];
  };
  expect(await leads("/task/0190aaaa")).toEqual([303, "/tasks/0190aaaa"]);
  expect(await leads("/worker/node%2F..%2F1")).toEqual([303, "/workers/node%2F..%2F1"]);
  expect(await leads("/broker")).toEqual([303, "/queues"]);
  expect(await leads("/dashboard")).toEqual([303, "/"]);
});

test("workers, types and queues", async () => {
  const { body: workers } = await flower("GET", "/workers?refresh=1");
  expect(workers[worker]).toMatchObject({
    registered: expect.arrayContaining(["tasks.add", "tasks.fails"]),
    active_queues: [expect.objectContaining({ name: "reports" })],
    stats: expect.objectContaining({ pool: expect.anything() }),
    timestamp: expect.any(Number),
  });
  expect((await flower("GET", "/workers?status=1")).body).toEqual({ [worker]: true });
  expect((await flower("GET", "/workers?workername=nobody")).status).toBe(404);
  expect((await flower("GET", "/task/types")).body["task-types"]).toEqual(expect.arrayContaining(["tasks.add"]));
  // A count may be some seconds old.
  await eventually(async () => {
    const { body } = await flower("GET", "/queues/length");
    expect(body.active_queues).toContainEqual({ name: "reports", messages: 0 });
    return true;
  });
});

test("a pool grows and shrinks, a queue is added and cancelled, limits are set", async () => {
  const grown = await flower("POST", `/worker/pool/grow/${worker}?n=2`);
  expect(grown.body).toEqual({ message: `Growing '${worker}' worker's pool by 2` });
  expect((await flower("POST", `/worker/pool/shrink/${worker}?n=2`)).status).toBe(200);
  expect((await flower("POST", `/worker/queue/add-consumer/${worker}`, "queue=email")).body).toEqual({
    message: "add consumer email",
  });
  expect((await flower("POST", `/worker/queue/cancel-consumer/${worker}?queue=email`)).status).toBe(200);
  expect((await flower("POST", "/worker/pool/grow/nobody")).status).toBe(404);
  const limited = await flower("POST", "/task/rate-limit/tasks.add", `workername=${worker}&ratelimit=200`);
  expect(limited.body).toEqual({ message: "new rate limit set successfully" });
  expect((await flower("POST", "/task/timeout/tasks.add", "soft=30&hard=60")).status).toBe(200);
});
