/** Every operation of inspect, control and explain through its three faces: action, REST and command line give one answer. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { z } from "zod";
import { CliError, connect } from "../../cli/client.ts";
import { apiumProgram } from "../../cli/program.ts";
import { defineTask, type Runtime } from "../../runtime/index.ts";
import { controlOperations } from "../../runtime/moleculer/control-operations.ts";
import { runs, type TaskServiceSchema, TasksMiddleware, taskOperations } from "../../runtime/moleculer/index.ts";
import { inspectOperations } from "../../runtime/moleculer/inspect-operations.ts";
import { gatewayModule } from "../../services/gateway/index.ts";
import { readSettings } from "../../settings.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { temporaryFolder } from "../support/programs.ts";
import { cacheOf } from "../support/services.ts";

const TOKENS = {
  viewer: "viewer-token-of-the-test",
  operator: "operator-token-of-the-test",
  admin: "admin-token-of-the-test",
};
const SECRET = "s3cret-canary";

const linger = defineTask({ name: "linger", params: z.object({ note: z.string().optional() }), rateLimit: "100/s" });
const idle = defineTask({ name: "idle", params: z.object({}), queue: "reports", timeLimit: "2m" });
const worker: TaskServiceSchema = {
  name: "lingerer",
  tasks: {
    linger: runs(linger, async (ctx) => {
      const { signal } = ctx.locals.task;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    }),
    idle: runs(idle, async () => {}),
  },
};

interface Case {
  readonly what: string;
  /** What the action takes, and REST as its query or body. */
  readonly params?: object;
  /** The command line's words after `inspect <what>` or `control <what>`. */
  readonly words?: readonly string[];
  /** REST has an address of its own, too. */
  readonly path?: string;
  /** Before each face: what the one before it changed is as it was. */
  readonly reset?: () => unknown;
}

/** What is another number each time it is asked. */
const VOLATILE = new Set(
  [
    "runningMs",
    "memory",
    "loopLag",
    "uptimeS",
    "sample",
    "spaces",
    "updatedAt",
    "bytes",
    "file",
    "top",
    "pausedBy",
  ].concat(["updatedBy", "rssBytes", "heapUsedBytes", "heapTotalBytes", "externalBytes", "arrayBuffersBytes"]),
);
/** Who asks differs, and so do these. */
const steady = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner) => (VOLATILE.has(key) ? typeof inner : inner)));

describe("operations through their faces", () => {
  const folder = temporaryFolder();
  let backend: Backend;
  let runtime: Runtime;
  let broker: ServiceBroker;
  let url = "";
  let id = "";
  let workerId = "";

  beforeAll(async () => {
    backend = await openBackend("pglite");
    runtime = backend.runtime({ concurrency: 8 });
    const tokens = Object.entries(TOKENS).map(([role, token]) => `${role}:${token}`);
    const settings = readSettings({
      PORT: "0",
      DATA_DIR: folder.path,
      API_TOKENS: tokens.join(","),
      REDIS_URL: `redis://user:${SECRET}@localhost:6379`,
      JWT_SECRET: SECRET.repeat(4),
    });
    broker = new ServiceBroker({
      logger: false,
      validator: false,
      nodeID: "the-node",
      middlewares: [TasksMiddleware(runtime)],
      skipProcessEventRegistration: true,
    });
    broker.createService(taskOperations(runtime, { settings, dataDir: folder.path, version: "1.2.3" }));
    broker.createService(worker);
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const log = { info: say, warn: say, error: say };
    broker.createService(
      gatewayModule.create({ runtime, database: backend.database, cache: cacheOf(broker, runtime), settings, log }),
    );
    await runtime.open();
    await broker.start();
    await runtime.work();
    url = /dashboard: (http:\/\/[^/]+)/.exec(said.join("\n"))?.[1] ?? "";
    workerId = runtime.worker?.worker ?? "";
    ({ id } = await linger.enqueue(runtime, { note: "find me" }, { headers: { tenant: "acme" } }));
    await idle.enqueue(runtime, {}, { countdown: "1h" });
    await eventually(async () => (await runtime.getTask(id)).state === "STARTED");
  }, 60_000);
  afterAll(async () => {
    await broker.stop();
    await backend.close();
    folder.remove();
  }, 30_000);

  const meta = { user: { name: "olga", role: "admin" } };

  async function rest(method: "GET" | "POST", path: string, params: object = {}, token = TOKENS.admin) {
    const query = method === "GET" ? `?${new URLSearchParams(params as Record<string, string>)}` : "";
    const response = await fetch(`${url}/api/v1${path}${query}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(method === "POST" ? { body: JSON.stringify(params) } : {}),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }

  /** The program the command line is, in this process; its JSON and the code it would end with. */
  async function command(words: readonly string[]): Promise<{ code: number; answer: unknown }> {
    const out: string[] = [];
    const client = () => connect({ url, token: TOKENS.admin });
    const program = apiumProgram({ client, write: (text) => void out.push(text), writeError: () => {} });
    let code = 0;
    try {
      await program.parseAsync([...words, "--json"], { from: "user" });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      code = error.exitCode;
    }
    return { code, answer: JSON.parse(out.join("")) };
  }

  async function compare(family: "inspect" | "control", { what, params = {}, words = [], path, reset }: Case) {
    await reset?.();
    const own = steady(await broker.call(`tasks.${family}.${what}`, params, { meta }));
    await reset?.();
    expect(steady(await broker.call(`tasks.${family}`, { what, ...params }, { meta }))).toEqual(own);
    await reset?.();
    const answered = await rest(family === "inspect" ? "GET" : "POST", `/${family}/${what}`, params);
    expect(answered.status).toBe(200);
    expect(steady(answered.body)).toEqual(own);
    if (path !== undefined) expect(steady((await rest("GET", path)).body)).toEqual(own);
    await reset?.();
    const typed = await command([family, what, ...words]);
    expect(typed.code).toBe(0);
    expect(steady(typed.answer)).toEqual(own);
    return own as { items: { answer: unknown }[] };
  }

  const inspections = (): Case[] => [
    { what: "ping" },
    { what: "active", path: `/workers/${workerId}/active` },
    { what: "reserved", path: `/workers/${workerId}/reserved` },
    { what: "registered", path: `/workers/${workerId}/registered` },
    { what: "active_queues", path: `/workers/${workerId}/queues` },
    { what: "stats", path: `/workers/${workerId}/stats` },
    { what: "conf", params: { worker: workerId }, words: ["--worker", workerId] },
    { what: "report", params: { worker: "the-node" }, words: ["-w", "the-node"] },
    { what: "memory", params: { sampleMs: "100" }, words: ["--sample-ms", "100"] },
    { what: "scheduled", params: { limit: "5" }, words: ["--limit", "5"] },
    { what: "revoked" },
    { what: "query_task", params: { ids: id }, words: [id] },
    { what: "settings" },
  ];
  const resize = () => runtime.worker?.resize(8);
  const consume = () => runtime.worker?.consumeFrom(["default", "reports"]);
  const controls = (): Case[] => [
    {
      what: "revoke",
      params: { name: "linger", tenant: "acme", text: "FIND", headers: { tenant: "acme" }, dryRun: true },
      words: "--name linger --tenant acme --text FIND --header tenant=acme --dry-run".split(" "),
    },
    { what: "terminate", params: { ids: [id], dryRun: true }, words: [id, "--dry-run"] },
    { what: "rate_limit", params: { task: "linger", rate: "10/m" }, words: ["linger", "10/m"] },
    {
      what: "time_limit",
      params: { task: "idle", soft: "5s", hard: "10s" },
      words: "idle --soft 5s --hard 10s".split(" "),
    },
    { what: "pause", params: { tenant: "globex" }, words: ["--tenant", "globex"] },
    { what: "resume", params: { tenant: "globex" }, words: ["--tenant", "globex"] },
    { what: "pool_grow", params: { n: 2 }, words: ["2"], reset: resize },
    { what: "pool_shrink", params: { n: 2 }, words: ["2"], reset: resize },
    { what: "autoscale", params: { min: 8, max: 9 }, words: ["8", "9"], reset: resize },
    { what: "add_consumer", params: { queue: "email_queue" }, words: ["email_queue"], reset: consume },
    { what: "cancel_consumer", params: { queue: "reports" }, words: ["reports"], reset: consume },
    {
      what: "profile",
      params: { worker: workerId, seconds: 0.2 },
      words: ["--worker", workerId, "--seconds", "0.2"],
    },
  ];

  describe("inspect", () => {
    beforeEach(async () => {
      expect(workerId).not.toBe("");
    });

    test("has no operation that is not compared here", () => {
      expect(
        inspections()
          .map(({ what }) => what)
          .sort(),
      ).toEqual(Object.keys(inspectOperations(runtime)).sort());
    });

    for (const [index, what] of [
      ..."ping active reserved registered active_queues stats conf report memory".split(" "),
      ..."scheduled revoked query_task settings".split(" "),
    ].entries()) {
      test(what, async () => {
        const one = inspections()[index] as Case;
        expect(one.what).toBe(what);
        await compare("inspect", one);
      });
    }

    test("tells what there is", async () => {
      const of = async (what: string, params = {}) => {
        const { items } = await broker.call<{ items: { answer: unknown }[] }, object>(`tasks.inspect.${what}`, params);
        return items[0]?.answer ?? items[0];
      };
      expect(await of("active")).toEqual([{ id, name: "linger", queue: "default", runningMs: expect.any(Number) }]);
      expect(await of("registered")).toEqual([
        expect.objectContaining({ name: "idle", queue: "reports", timeLimit: "2m" }),
        expect.objectContaining({ name: "linger", rateLimit: "100/s" }),
      ]);
      expect(await of("stats")).toMatchObject({ pool: { busy: 1, size: 8, draining: false }, autoscale: null });
      expect(await of("report")).toMatchObject({ apium: "1.2.3", node: process.versions.node, queue: "postgres" });
      expect(await of("scheduled")).toMatchObject({ name: "idle", state: "SCHEDULED", heldFor: null });
      expect(await of("query_task", { ids: id })).toMatchObject({ found: true, state: "STARTED", worker: workerId });
      const memory = (await of("memory", { sampleMs: 50 })) as { heapLimitBytes: number; spaces: unknown[] };
      expect(memory.heapLimitBytes).toBeGreaterThan(1e6);
      expect(memory.spaces.length).toBeGreaterThan(3);
    });

    test("shows no secret", async () => {
      const text = JSON.stringify((await rest("GET", "/inspect/conf", {}, TOKENS.viewer)).body);
      expect(text).toContain("DATA_DIR");
      expect(text).toContain("[redacted]@localhost:6379");
      for (const secret of [SECRET, ...Object.values(TOKENS)]) expect(text).not.toContain(secret);
    });

    test("says so when there is no such worker, or no such question", async () => {
      expect(await rest("GET", "/workers/nobody/active")).toMatchObject({
        status: 404,
        body: { error: { code: "NOT_FOUND" } },
      });
      expect(await rest("GET", "/inspect/constructor")).toMatchObject({ status: 404 });
      expect(await rest("GET", "/inspect/ping", { limit: "1" })).toMatchObject({
        status: 422,
        body: { error: { code: "PARAMS_INVALID" } },
      });
    });

    test("names a worker that does not answer", async () => {
      await backend.database.query(
        "insert into worker (id, host, pid, queues, tasks, concurrency) values ('mute', 'h', 1, '{}', '{}', 1)",
      );
      try {
        const answer = await broker.call<{ items: unknown[]; silent: string[] }, object>("tasks.inspect.ping", {});
        expect(answer.items).toHaveLength(1);
        expect(answer.silent).toEqual(["mute"]);
        const typed = await command(["inspect", "ping"]);
        expect(typed).toMatchObject({ code: 1, answer: { silent: ["mute"] } });
      } finally {
        await backend.database.query("delete from worker where id = 'mute'");
      }
    });
  });

  describe("control", () => {
    test("has no operation that is not compared here", () => {
      // A shutdown cannot be had three times; control-workers.test.ts has it.
      const compared = [...controls().map(({ what }) => what), "shutdown"].sort();
      expect(compared).toEqual(Object.keys(controlOperations(runtime)).sort());
    });

    for (const [index, what] of [
      ..."revoke terminate rate_limit time_limit pause resume pool_grow pool_shrink autoscale".split(" "),
      ..."add_consumer cancel_consumer profile".split(" "),
    ].entries()) {
      test(what, async () => {
        const one = controls()[index] as Case;
        expect(one.what).toBe(what);
        const own = await compare("control", one);
        if (what === "pool_grow") expect(own.items[0]?.answer).toEqual({ size: 10 });
        if (what === "add_consumer") expect(own.items[0]?.answer).toEqual({ queues: ["default", "reports", "email"] });
        if (what === "revoke") expect(own).toMatchObject({ matched: 1, revoked: 0, byState: { STARTED: 1 } });
      });
    }

    test("leaves an audit row for each change, and none for a dry run", async () => {
      const rows = async () =>
        (
          await backend.database.query<{ action: string; target: string }>(
            "select action, target from audit order by id",
          )
        ).rows;
      const before = await rows();
      await rest("POST", "/control/pause", { task: "idle" }, TOKENS.operator);
      await rest("POST", "/control/resume", { task: "idle" }, TOKENS.operator);
      await rest("POST", "/control/revoke", { name: "only-counted", dryRun: true }, TOKENS.operator);
      await rest("POST", "/control/revoke", { name: "nothing" }, TOKENS.operator);
      expect((await rows()).slice(before.length)).toEqual([
        { action: "task-type.pause", target: "idle" },
        { action: "task-type.resume", target: "idle" },
        { action: "task.revoke-many", target: "nothing" },
      ]);
    });

    test("needs its role", async () => {
      const refused = { status: 403, body: { error: { code: "FORBIDDEN" } } };
      expect(await rest("POST", "/control/pause", { task: "idle" }, TOKENS.viewer)).toMatchObject(refused);
      expect(await rest("POST", "/control/profile", { worker: workerId }, TOKENS.operator)).toMatchObject(refused);
    });

    test("refuses what is not meant, field by field", async () => {
      const fields = async (what: string, body: object) => {
        const answer = (await rest("POST", `/control/${what}`, body)).body as {
          error: { code: string; fields?: { field: string }[] };
        };
        return [answer.error.code, ...(answer.error.fields?.map(({ field }) => field) ?? [])];
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
    });

    test("a profile is a file in the data folder that developer tools can read", async () => {
      const { items } = await broker.call<{ items: { answer: { file: string } }[] }, object>(
        "tasks.control.profile",
        { worker: workerId, seconds: 0.2 },
        { meta },
      );
      const file = items[0]?.answer.file ?? "";
      expect(file).toMatch(/^profiles\/cpu-[\w-]+\.cpuprofile$/);
      expect(existsSync(join(folder.path, file))).toBe(true);
      expect(JSON.parse(readFileSync(join(folder.path, file), "utf8"))).toMatchObject({ nodes: expect.any(Array) });
    });
  });

  test("explain", async () => {
    const own = await broker.call("tasks.explain", { id });
    expect(own).toMatchObject({ id, state: "STARTED", reasons: [{ code: "RUNNING" }] });
    const without = (value: unknown) => JSON.stringify(value).replaceAll(/for \d+ s/g, "");
    expect(without((await rest("GET", `/tasks/${id}/explain`, {}, TOKENS.viewer)).body)).toBe(without(own));
    expect(without((await command(["explain", id])).answer)).toBe(without(own));
  });

  test("the command line prints tables, and ends with the right codes", async () => {
    const run = (...words: string[]) => runCommand({ url, token: TOKENS.operator }, words);
    const active = await run("inspect", "active");
    expect(active).toMatchObject({ code: 0, error: "" });
    expect(active.out).toMatch(/TASK +NAME +QUEUE +FOR/);
    expect(active.out).toContain(workerId);
    expect((await run("inspect", "stats")).out).toMatch(/slots +1 of \d+ busy/);
    expect((await run("explain", id)).out).toMatch(/RUNNING +the worker/);
    expect(await run("control", "rate-limit", "linger", "often")).toMatchObject({
      code: 1,
      error: expect.stringContaining("RATE_NOTATION"),
    });
    expect((await run("control", "pool-grow", "many")).code).toBe(2);
    expect((await run("inspect", "query-task", "0190aaaa-0000-7000-8000-000000000001")).code).toBe(1);
    expect((await run("inspect", "settings")).out).toMatch(/task +linger +rate 10\/m/);
    expect((await runCommand({ url: "http://127.0.0.1:9", token: "x" }, ["inspect", "ping"])).code).toBe(3);
  }, 60_000);
});
