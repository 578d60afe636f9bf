/** Scripts written for Flower: its addresses, its keys, its messages; and nobody without a token. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";
import { FLOWER_ENDPOINTS } from "../../services/gateway/flower/flower-endpoints.ts";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";

// biome-ignore lint/suspicious/noExplicitAny: Flower's answers, read field by field.
type Any = any;

const add = defineTask({ name: "tasks.add", params: z.object({ a: z.number(), b: z.number() }), queue: "reports" });
const fails = defineTask({ name: "tasks.fails", params: z.object({}), queue: "reports", maxRetries: 0 });

let facility: Facility;
let gateway: AccountsGateway;
let worker: string;
beforeAll(async () => {
  facility = await openFacility("pglite");
  gateway = await startTaskGateway(facility.backend, {
    modules: [
      {
        name: "datasets",
        tasks: [add, fails],
        create: () => ({
          name: "adder",
          tasks: {
            add: runs(add, async ({ params }) => params.a + params.b),
            fails: runs(fails, async () => {
              throw new Error("no such thing");
            }),
          },
        }),
      },
    ],
    queues: ["reports"],
  });
  worker = (await gateway.runtime.workers())[0]?.id ?? "";
}, 180_000);
afterAll(async () => {
  await gateway.stop();
  await facility.backend.reset();
  await facility.backend.close();
}, 180_000);

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
  const { body: failed } = await flower("GET", `/task/result/${id}?timeout=20`);
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

test("workers, types and queues", async () => {
  // On a busy machine the worker may not answer within its two seconds.
  const workers = await eventually(async () => {
    const { body } = await flower("GET", "/workers?refresh=1");
    return body[worker]?.registered !== undefined && body;
  });
  expect(workers[worker]).toMatchObject({
    registered: expect.arrayContaining(["tasks.add", "tasks.fails"]),
    active_queues: [expect.objectContaining({ name: "reports" })],
    stats: expect.objectContaining({ pool: expect.anything() }),
    timestamp: expect.any(Number),
  });
  // A worker that was too busy to answer a ping in time is offline, for a moment.
  await eventually(async () => (await flower("GET", "/workers?status=1")).body[worker] === true);
  expect(Object.keys((await flower("GET", "/workers?status=1")).body)).toEqual([worker]);
  expect((await flower("GET", "/workers?workername=nobody")).status).toBe(404);
  expect((await flower("GET", "/task/types")).body["task-types"]).toEqual(expect.arrayContaining(["tasks.add"]));
  expect((await flower("GET", "/queues/length")).body.active_queues).toContainEqual({ name: "reports", messages: 0 });
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
