/**
 * What inspect and control say and refuse, beyond what every face says alike (parity.test.ts has that): their content, no
 * secrets, who is silent, what is not meant, and the command line's tables and codes.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { command, overRest } from "../support/parity-faces.ts";
import { waitForAnswers } from "../support/patient-broker.ts";
import { openSmallGateway, type SmallGateway, TOKENS } from "../support/small-gateway.ts";

const SECRET = "s3cret-canary";

const linger = defineTask({ name: "linger", params: z.object({ note: z.string().optional() }), rateLimit: "100/s" });
const idle = defineTask({ name: "idle", params: z.object({}), queue: "reports", timeLimit: "2m" });
const narrow = defineTask({ name: "narrow", params: z.object({}), concurrency: 1 });
const untilAborted = async ({ signal }: { readonly signal: AbortSignal }) => {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
};
const worker: TaskServiceSchema = {
  name: "lingerer",
  tasks: {
    linger: runs(linger, (ctx) => untilAborted(ctx.locals.task)),
    narrow: runs(narrow, (ctx) => untilAborted(ctx.locals.task)),
    idle: runs(idle, async () => {}),
  },
};

describe("inspect and control", () => {
  let gateway: SmallGateway;
  let id = "";
  let workerId = "";

  beforeAll(async () => {
    gateway = await openSmallGateway({
      services: [worker],
      runtime: { concurrency: 8 },
      environment: { REDIS_URL: `redis://user:${SECRET}@localhost:6379`, JWT_SECRET: SECRET.repeat(4) },
    });
    waitForAnswers(gateway.broker);
    const { runtime } = gateway;
    workerId = runtime.worker?.worker ?? "";
    ({ id } = await linger.enqueue(runtime, { note: "find me" }, { headers: { tenant: "acme" } }));
    await idle.enqueue(runtime, {}, { countdown: "1h" });
    await eventually(async () => (await runtime.getTask(id)).state === "STARTED");
  }, 400_000);
  afterAll(() => gateway.close());

  const rest = (route: string, params: object = {}, token: string = TOKENS.admin) =>
    overRest(gateway.url, route, params, token);
  const typed = (...words: string[]) => command(gateway.url, words, TOKENS.admin);
  const heard = <Item>(action: string, params: object = {}) =>
    gateway.broker.call<{ items: Item[]; silent?: string[] }, object>(action, params);

  test("tell what there is", async () => {
    const of = async (what: string, params = {}) => {
      const { items } = await heard<{ answer: unknown }>(`tasks.inspect.${what}`, params);
      return items[0]?.answer ?? items[0];
    };
    expect(await of("active")).toEqual([{ id, name: "linger", queue: "default", runningMs: expect.any(Number) }]);
    expect(await of("registered")).toEqual([
      expect.objectContaining({ name: "idle", queue: "reports", timeLimit: "2m" }),
      expect.objectContaining({ name: "linger", rateLimit: "100/s" }),
      expect.objectContaining({ name: "narrow", concurrency: 1 }),
    ]);
    expect(await of("stats")).toMatchObject({ pool: { busy: 1, size: 8, draining: false }, autoscale: null });
    expect(await of("report")).toMatchObject({ apium: "1.2.3", node: process.versions.node, queue: "postgres" });
    expect(await of("scheduled")).toMatchObject({ name: "idle", state: "SCHEDULED", heldFor: null });
    expect(await of("query_task", { ids: id })).toMatchObject({ found: true, state: "STARTED", worker: workerId });
    const memory = (await of("memory", { sampleMs: 50 })) as { heapLimitBytes: number; spaces: unknown[] };
    expect(memory.heapLimitBytes).toBeGreaterThan(1e6);
    expect(memory.spaces.length).toBeGreaterThan(3);
    const clock = (await of("clock")) as { now: string; machineAheadMs: number };
    expect(Math.abs(Date.parse(clock.now) + clock.machineAheadMs - Date.now())).toBeLessThan(60_000);
  });

  test("take an operation's name as `what`, too", async () => {
    const meta = { user: { name: "olga", role: "admin" } };
    const { broker } = gateway;
    const own = await heard("tasks.inspect.ping");
    expect(await heard("tasks.inspect", { what: "ping" })).toEqual(own);
    const grown = await broker.call("tasks.control", { what: "pool_grow", n: 1 }, { meta });
    expect(grown).toMatchObject({ items: [{ answer: { size: 9 } }] });
    await broker.call("tasks.control", { what: "pool_shrink", n: 1 }, { meta });
  });

  test("show no secret", async () => {
    for (const route of ["GET /inspect/conf", "GET /report"]) {
      const text = JSON.stringify((await rest(route, {}, TOKENS.viewer)).body);
      expect(text).toContain("DATA_DIR");
      expect(text).toContain("[redacted]@localhost:6379");
      for (const secret of [SECRET, ...Object.values(TOKENS)]) expect(text).not.toContain(secret);
    }
  });

  test("say so when there is no such worker, or no such question", async () => {
    expect(await rest("GET /workers/nobody/active")).toMatchObject({
      status: 404,
      body: { error: { code: "NOT_FOUND" } },
    });
    expect(await rest("GET /inspect/constructor")).toMatchObject({ status: 404 });
    expect(await rest("GET /inspect/ping", { limit: "1" })).toMatchObject({
      status: 422,
      body: { error: { code: "PARAMS_INVALID" } },
    });
  });

  test("name a worker that does not answer", async () => {
    const { backend } = gateway;
    await backend.database.query(
      // Never given up, however long the test takes.
      `insert into worker (id, host, pid, queues, tasks, concurrency, heartbeat_at)
       values ('mute', 'h', 1, '{}', '{}', 1, now() + interval '1 hour')`,
    );
    try {
      const answer = await heard("tasks.inspect.ping");
      expect(answer.items).toHaveLength(1);
      expect(answer.silent).toEqual(["mute"]);
      expect(await typed("inspect", "ping")).toMatchObject({
        code: "SILENT",
        body: { silent: expect.arrayContaining(["mute"]) },
      });
      expect((await rest("GET /report")).body.silent).toContain("mute");
    } finally {
      await backend.database.query("delete from worker where id = 'mute'");
    }
  });

  test("count what a filter means, and do nothing when told so", async () => {
    const filter = { name: "linger", tenant: "acme", text: "FIND", headers: { tenant: "acme" }, dryRun: true };
    expect((await rest("POST /control/revoke", filter)).body).toEqual({
      ...{ dryRun: true, matched: 1, byState: { STARTED: 1 }, revoked: 0, requested: 0 },
    });
    const words = "--name linger --tenant acme --text FIND --header tenant=acme --dry-run".split(" ");
    expect((await typed("control", "revoke", ...words)).body).toMatchObject({ matched: 1, revoked: 0 });
  });

  test("refuse what is not meant, field by field", async () => {
    const fields = async (what: string, body: object, family = "/control") => {
      const { error } = (await rest(`POST ${family}/${what}`, body)).body as {
        error: { code: string; fields?: { field: string }[] };
      };
      return [error.code, ...(error.fields?.map(({ field }) => field) ?? [])];
    };
    expect(await fields("revoke", {})).toEqual(["PARAMS_INVALID", "filter"]);
    expect(await fields("revoke", { states: ["QUEUED"] })).toEqual(["PARAMS_INVALID", "filter"]);
    expect(await fields("revoke", { ids: ["x"] })).toEqual(["PARAMS_INVALID", "ids"]);
    expect(await fields("revoke", { name: "linger", rate: "1/s" })).toEqual(["PARAMS_INVALID", "rate"]);
    expect((await fields("pause", { task: "idle", queue: "email" }))[0]).toBe("PARAMS_INVALID");
    expect((await fields("pause", { task: "idel" }))[0]).toBe("TASK_UNKNOWN");
    expect((await fields("rate_limit", { task: "idle", rate: "often" }))[0]).toBe("RATE_NOTATION");
    expect(await fields("time_limit", { task: "idle", soft: "3m" })).toEqual(["PARAMS_INVALID", "soft"]);
    expect(await fields("pool_shrink", { n: 100 })).toEqual(["PARAMS_INVALID", "worker"]);
    expect(await fields("shutdown", {})).toEqual(["PARAMS_INVALID", "worker"]);
    expect(await fields("profile", {})).toEqual(["PARAMS_INVALID", "worker"]);
    expect((await fields("add_consumer", { queue: "nope" }))[0]).toBe("QUEUE_UNKNOWN");
    expect(await fields("run-now", {}, "/tasks")).toEqual(["PARAMS_INVALID", "filter"]);
    expect(await fields("retry", { states: ["FAILURE"] }, "/tasks")).toEqual(["PARAMS_INVALID", "filter"]);
    expect(await fields("retry", { ids: ["x"] }, "/tasks")).toEqual(["PARAMS_INVALID", "ids"]);
    expect((await fields("requeue", { rate: "often" }, "/dead-letters"))[0]).toBe("RATE_NOTATION");
    expect(await fields("requeue", { ids: ["x"] }, "/dead-letters")).toEqual(["PARAMS_INVALID", "ids"]);
    // Nothing comes back from it, so "all" must be said.
    expect(await fields("dismiss", {}, "/dead-letters")).toEqual(["PARAMS_INVALID", "filter"]);
    expect((await rest("POST /dead-letters/dismiss", { all: true })).body).toMatchObject({ dismissed: 0 });
    expect((await fields("email/purge", { olderThan: "soon" }, "/queues"))[0]).toBe("PARAMS_INVALID");
  });

  test("a profile is a file in the data folder that developer tools can read", async () => {
    const meta = { user: { name: "olga", role: "admin" } };
    const { items } = await gateway.broker.call<{ items: { answer?: { file: string } }[] }, object>(
      "tasks.control.profile",
      { worker: workerId, seconds: 0.2 },
      { meta },
    );
    const file = items[0]?.answer?.file ?? "";
    expect(file).toMatch(/^profiles\/cpu-[\w-]+\.cpuprofile$/);
    expect(existsSync(join(gateway.folder, file))).toBe(true);
    expect(JSON.parse(readFileSync(join(gateway.folder, file), "utf8"))).toMatchObject({ nodes: expect.any(Array) });
  });

  test("the command line prints tables, and ends with the right codes", async () => {
    const { url } = gateway;
    const run = (...words: string[]) => runCommand({ url, token: TOKENS.operator }, words);
    const active = await run("inspect", "active");
    expect(active).toMatchObject({ code: 0, error: "" });
    expect(active.out).toMatch(/TASK +NAME +QUEUE +FOR/);
    expect(active.out).toContain(workerId);
    expect((await run("inspect", "stats")).out).toMatch(/slots +1 of \d+ busy/);
    expect((await run("explain", id)).out).toMatch(/RUNNING +the worker/);
    // A worker that stood still for longer than its lease is none, until its next heartbeat.
    await eventually(async () => /idle +reports +definition +1\n/.test((await run("routes")).out), 120_000);
    expect((await run("report")).out).toMatch(/database +pglite \d+[\s\S]*worker .*[\s\S]*settings/);
    expect(await run("control", "rate-limit", "linger", "10/m")).toMatchObject({ code: 0 });
    expect(await run("control", "rate-limit", "linger", "often")).toMatchObject({
      code: 1,
      error: expect.stringContaining("RATE_NOTATION"),
    });
    expect((await run("control", "pool-grow", "many")).code).toBe(2);
    expect((await run("inspect", "query-task", "0190aaaa-0000-7000-8000-000000000001")).code).toBe(1);
    expect((await run("inspect", "settings")).out).toMatch(/task +linger +rate 10\/m/);
    expect(await run("tasks", "result", id)).toMatchObject({ code: 1, out: expect.stringMatching(/STARTED/) });
    expect((await runCommand({ url: "http://127.0.0.1:9", token: "x" }, ["inspect", "ping"])).code).toBe(3);
  }, 400_000);

  test("explain tells what runs from what its worker has claimed and not begun", async () => {
    const { runtime, broker } = gateway;
    // Accepted together they are claimed together, and one finds its type full.
    await narrow.enqueueMany(runtime, [{}, {}]);
    const parked = await eventually(async () => runtime.worker?.reserved()[0]);
    const running = await eventually(async () => runtime.worker?.active().find((task) => task.name === "narrow"));
    const explain = (task: string) =>
      broker.call<{ state: string; reasons: { code: string }[] }, object>("tasks.explain", { id: task });
    const reason = { code: "CONCURRENCY_FULL", detail: { worker: workerId, concurrency: 1 } };
    expect(await explain(parked.id)).toMatchObject({ state: "STARTED", reasons: [reason] });
    expect((await explain(running.id)).reasons).toMatchObject([{ code: "RUNNING" }]);
    for (const task of [parked.id, running.id]) await runtime.revoke(task, { terminate: true });
  });
});
