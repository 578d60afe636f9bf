/** The gateway on a real broker and a real runtime: what it answers, what it refuses before anything ran, how it stops. */
import { once } from "node:events";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { z } from "zod";
import { ApiumError, defineTask, type Runtime } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema, TasksMiddleware, taskOperations } from "../../runtime/moleculer/index.ts";
import { cacheClient } from "../../services/cache/client/index.ts";
import { cacheModule } from "../../services/cache/index.ts";
import { Access } from "../../services/gateway/access.ts";
import { AccountBook } from "../../services/gateway/account-book.ts";
import { gatewayModule } from "../../services/gateway/index.ts";
import { addressOf } from "../../services/gateway/request.ts";
import { Leaving } from "../../services/leaving.ts";
import { readSettings } from "../../settings.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";
import { client } from "../support/programs.ts";
import { cacheOf, startServices } from "../support/services.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const OPERATOR = "operator-token-of-the-test";
const ADMIN = "admin-token-of-the-test-suite";
const CANARY = "s3cret-canary";
const JSON_TYPE = { "Content-Type": "application/json" };

const double = defineTask({ name: "double", params: z.object({ n: z.number() }), result: z.number() });
const linger = defineTask({ name: "linger", params: z.object({}) });
const stumble = defineTask({ name: "stumble", params: z.object({}), maxRetries: 0 });
const worker: TaskServiceSchema = {
  name: "worker",
  tasks: {
    double: runs(double, async (ctx) => ctx.params.n * 2),
    linger: runs(linger, async ({ locals }) => {
      await new Promise((resolve) => locals.task.signal.addEventListener("abort", resolve));
    }),
    stumble: runs(stumble, async () => {
      throw new Error("it stumbled");
    }),
  },
};

describe("the gateway", () => {
  let backend: Backend;
  const cleanups: (() => unknown)[] = [];
  beforeAll(async () => {
    backend = await openBackend("pglite");
  }, 400_000);
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await backend.reset();
  }, 400_000);
  afterAll(() => backend.close());

  function folder(): string {
    const made = temporaryFolder();
    cleanups.push(() => made.remove());
    return made.path;
  }

  /** A process with a gateway; with `runtime` the real task operations, else whatever `services` fake. */
  async function open(
    services: readonly ServiceSchema[],
    {
      settings = {},
      runtime = backend.runtime(),
      real = false,
      broker: options = {} as object,
      leaving = new Leaving(),
    } = {},
  ) {
    const broker = new ServiceBroker({
      logger: false,
      validator: false,
      middlewares: [TasksMiddleware(runtime)],
      skipProcessEventRegistration: true,
      ...options,
    });
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    if (real) broker.createService(taskOperations(runtime));
    for (const service of services) broker.createService(service);
    const tokens = `operator:${OPERATOR},admin:${ADMIN}`;
    broker.createService(
      gatewayModule.create({
        runtime,
        database: backend.database,
        cache: cacheOf(broker, runtime),
        settings: readSettings({ PORT: "0", DATA_DIR: folder(), API_TOKENS: tokens, ...settings }),
        leaving,
        log: { info: say, warn: say, error: say },
      }),
    );
    if (real) await runtime.open();
    await broker.start();
    if (real) await runtime.work();
    cleanups.push(() => broker.stop());
    const url = /dashboard: (http:\/\/[^/]+)/.exec(said.join("\n"))?.[1] ?? "";
    const ask = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, { redirect: "manual", ...init });
    return { broker, url, said, ask, api: client(url, OPERATOR), runtime };
  }
  const openReal = (runtime: Runtime = backend.runtime()) => open([worker], { runtime, real: true });

  describe("tasks over REST", () => {
    test("are accepted, waited for, listed and retried, and the audit names the token", async () => {
      const { api } = await openReal();
      const accepted = await api.post("/tasks", { name: "double", params: { n: 4 } });
      expect(accepted).toMatchObject({ status: 202, body: { state: "QUEUED", queue: "default" } });
      const waited = await api.post("/tasks?wait=60s", { name: "double", params: { n: 21 } });
      expect(waited).toMatchObject({ status: 200, body: { state: "SUCCESS", result: 42 } });
      const id = waited.body.id as string;
      expect(await api.get(`/tasks/${id}`)).toMatchObject({ status: 200, body: { id, name: "double", result: 42 } });
      expect((await api.get("/tasks?name=double&limit=1")).body.items).toHaveLength(1);
      expect(await api.post(`/tasks/${id}/retry`)).toMatchObject({ status: 202, body: { queue: "default" } });
      expect(await api.post(`/tasks/${id}/revoke`)).toMatchObject({
        status: 409,
        body: { error: { code: "TASK_FINISHED" } },
      });
      const later = await api.post("/tasks", { name: "double", params: { n: 1 }, options: { countdown: "1h" } });
      expect(await api.post(`/tasks/${later.body.id}/revoke`)).toMatchObject({
        status: 200,
        body: { id: later.body.id },
      });
      const { rows } = await backend.database.query<{ actor: string }>(
        "select actor from audit where action = 'task.enqueue' and target = $1",
        [id],
      );
      expect(rows[0]?.actor).toMatch(/^operator:[0-9a-f]{6}$/);
    }, 180_000);

    test("steer queues and dead letters", async () => {
      const { api } = await openReal();
      expect(await api.post("/queues/reports/pause")).toMatchObject({ status: 200, body: { paused: true } });
      expect(await api.post("/queues/reports/resume")).toMatchObject({ status: 200, body: { paused: false } });
      expect(await api.post("/queues/reports/purge")).toMatchObject({ status: 200, body: { purged: 0 } });
      expect((await api.get("/workers")).body.items).toHaveLength(1);
      const failed = await api.post("/tasks?wait=60s", { name: "stumble" });
      expect(failed).toMatchObject({ status: 500, body: { error: { code: "TASK_FAILED" } } });
      expect(JSON.stringify(failed.body)).not.toContain("gateway.test.ts"); // no stack
      const [letter] = (await api.get("/dead-letters?name=stumble")).body.items as { id: string }[];
      expect(await api.post(`/dead-letters/${letter?.id}/dismiss`)).toMatchObject({ body: { dismissed: true } });
      expect(await api.post(`/dead-letters/${letter?.id}/requeue`)).toMatchObject({
        status: 409,
        body: { error: { code: "DEAD_LETTER_HANDLED" } },
      });
    }, 180_000);

    test("are accepted once for an Idempotency-Key, which is the asker's own", async () => {
      const { ask } = await openReal();
      const key = `"${Date.now()}"`;
      const post = async (token: string, n: number) => {
        const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}`, "Idempotency-Key": key };
        const body = JSON.stringify({ name: "double", params: { n } });
        const response = await ask("/api/v1/tasks?wait=60s", { method: "POST", headers, body });
        return { status: response.status, body: (await response.json()) as { id: string } };
      };
      const first = await post(OPERATOR, 1);
      expect(first).toMatchObject({ status: 200, body: { result: 2 } });
      expect(await post(OPERATOR, 1)).toEqual(first);
      expect(await post(OPERATOR, 2)).toMatchObject({ status: 409, body: { error: { code: "TASK_ID_CONFLICT" } } });
      expect((await post(ADMIN, 1)).body.id).not.toBe(first.body.id);
      const { rows } = await backend.database.query<{ details: object }>(
        "select details from audit where action = 'task.enqueue' and target = $1 order by id",
        [first.body.id],
      );
      expect(rows.map(({ details }) => details)).toEqual([
        { name: "double", queue: "default" },
        { name: "double", queue: "default", again: true },
      ]);
    }, 180_000);

    test.each([
      ["POST", "/tasks", "with a space"],
      ["POST", "/tasks", "x".repeat(256)],
      ["POST", "/queues/reports/resume", "a-good-one"],
    ])("and whatever else refuse an Idempotency-Key that means nothing: %s %s", async (method, path, key) => {
      const { ask } = await openReal();
      const headers = { ...JSON_TYPE, Authorization: `Bearer ${OPERATOR}`, "Idempotency-Key": key };
      const response = await ask(`/api/v1${path}`, { method, headers, body: "{}" });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ error: { fields: [{ field: "Idempotency-Key" }] } });
    });

    test("that outlast the wait go on, and say so", async () => {
      const { api } = await openReal();
      const late = await api.post("/tasks?wait=50ms", { name: "linger" });
      expect(late).toMatchObject({
        status: 504,
        body: { error: { code: "WAIT_TIMEOUT", details: { id: expect.any(String) } } },
      });
    }, 180_000);

    test.each(["soon", "30", "10m", "-1s"])("are not accepted when the wait is %s", async (wait) => {
      const { api, runtime } = await openReal();
      const before = (await runtime.listTasks({ name: "double" })).items.length;
      const refused = await api.post(`/tasks?wait=${wait}`, { name: "double", params: { n: 1 } });
      expect(refused).toMatchObject({ status: 422, body: { error: { fields: [{ field: "wait" }] } } });
      expect((await runtime.listTasks({ name: "double" })).items).toHaveLength(before);
    });

    test.each([
      ["/tasks?limit=many", "limit"],
      ["/tasks?state=SLEEPING", "state"],
      ["/tasks?state=QUEUED,SLEEPING", "state"],
      ["/tasks?order=name", "order"],
    ])("name the field that is wrong in %s", async (path, field) => {
      const { api } = await openReal();
      expect(await api.get(path)).toMatchObject({
        status: 422,
        body: { error: { code: "PARAMS_INVALID", fields: [{ field }] } },
      });
    });
  });

  describe("what is not in the table", () => {
    test("is not there: no action answers to its own name, not even for an admin", async () => {
      const { broker, ask } = await openReal();
      const actions = broker.registry.getActionList({}).map(({ name }: { name: string }) => name);
      expect(actions).toEqual(expect.arrayContaining(["tasks.purge", "$node.list"]));
      for (const name of actions) {
        const tilde = name.replace("$", "~");
        const paths = [
          `/${name}`,
          `/api/${name}`,
          `/api/v1/${name}`,
          `/${tilde.replace(".", "/")}`,
          `/api/v1/${tilde}`,
        ];
        for (const path of paths) {
          const response = await ask(path, { headers: { Authorization: `Bearer ${ADMIN}` } });
          // A worker's page has this address in Flower, and leads to ours whoever that worker is.
          const [, worker] = /^\/worker\/(.+)/.exec(path) ?? [];
          const there = worker === undefined ? [404, null] : [303, `/workers/${worker}`];
          expect([path, response.status, response.headers.get("location")]).toEqual([path, ...there]);
        }
      }
    }, 180_000);

    test("says which methods an address has, where it has another than the one asked with", async () => {
      const { ask } = await openReal();
      const headers = { Authorization: `Bearer ${OPERATOR}` };
      const said = async (method: string, path: string, init: RequestInit = { headers }) => {
        const response = await ask(path, { method, ...init });
        const { error } = (await response.json()) as { error: { code: string } };
        return [response.status, error.code, response.headers.get("allow")];
      };
      expect(await said("PUT", "/api/v1/tasks")).toEqual([405, "METHOD_NOT_ALLOWED", "GET, POST"]);
      expect(await said("DELETE", "/api/v1/tasks/one/")).toEqual([405, "METHOD_NOT_ALLOWED", "GET"]);
      expect(await said("PUT", "/api/v1/schedules/x")).toEqual([405, "METHOD_NOT_ALLOWED", "DELETE, GET, PATCH"]);
      expect(await said("POST", "/healthz", {})).toEqual([405, "METHOD_NOT_ALLOWED", "GET"]);
      expect(await said("DELETE", "/login", {})).toEqual([405, "METHOD_NOT_ALLOWED", "GET, POST"]);
      expect(await said("PUT", "/api/v1/nothing")).toEqual([404, "NOT_FOUND", null]);
      // What an action does not find has the right method; and a stranger is told nothing.
      expect(await said("GET", "/api/v1/tasks/0190aaaa-0000-7000-8000-000000000000")).toEqual([
        404,
        "TASK_NOT_FOUND",
        null,
      ]);
      expect(await said("PUT", "/api/v1/tasks", {})).toEqual([401, "UNAUTHENTICATED", null]);
    });

    test("is not mistaken for a wrong method when an action says that it found nothing", async () => {
      const list = () => Promise.reject(Object.assign(new Error("nothing"), { name: "NotFoundError" }));
      const { ask } = await open([{ name: "tickets", actions: { list } }]);
      const answer = await ask("/api/v1/tickets", { headers: { Authorization: `Bearer ${OPERATOR}` } });
      expect([answer.status, answer.headers.get("allow")]).toEqual([404, null]);
    });

    test("cannot be added over the bus", async () => {
      const { broker } = await open([]);
      const added = broker.call("gateway.addRoute", { route: { path: "/x", mappingPolicy: "all" } });
      await expect(added).rejects.toMatchObject({ type: "SERVICE_NOT_FOUND" });
    });

    test("is refused before the action: surplus fields, other ids, OPTIONS in another method's name", async () => {
      const seen: unknown[] = [];
      const revoke = ({ params }: { params: unknown }) => ({ seen: seen.push(params) });
      const { api, url } = await open([{ name: "tasks", actions: { revoke } }]);
      for (const [query, body] of [
        ["", '{"id":"other"}'],
        ["?id=other", "{}"],
        ["", '{"__proto__":{"terminate":true}}'],
        ["", "[]"],
      ] as const) {
        const response = await fetch(`${url}/api/v1/tasks/one/revoke${query}`, {
          method: "POST",
          headers: { ...JSON_TYPE, Authorization: `Bearer ${OPERATOR}` },
          body,
        });
        expect([400, 422]).toContain(response.status);
      }
      const status = await new Promise((resolve, reject) => {
        const headers = { Authorization: `Bearer ${OPERATOR}`, "Access-Control-Request-Method": "POST" };
        httpRequest(`${url}/api/v1/tasks/one/revoke`, { method: "OPTIONS", headers }, (response) => {
          expect(response.headers["access-control-allow-origin"]).toBeUndefined();
          resolve(response.resume().statusCode);
        })
          .on("error", reject)
          .end();
      });
      expect(status).toBe(404);
      expect(seen).toEqual([]);
      await api.post("/tasks/one/revoke", { terminate: true });
      expect(seen).toEqual([{ id: "one", terminate: true }]);
    });
  });

  describe("failures", () => {
    const throwing = (error: unknown): ServiceSchema => ({
      name: "tickets",
      actions: {
        list() {
          throw error;
        },
      },
    });

    test.each([
      ["an unexpected error", new Error(`password ${CANARY}`), 500, "INTERNAL"],
      ["a code that is none of ours", Object.assign(new Error(CANARY), { code: "toString" }), 500, "INTERNAL"],
      ["a database that is away", new ApiumError("STORE_UNAVAILABLE", `host ${CANARY}`), 503, "STORE_UNAVAILABLE"],
      ["something that is no error", { type: "constructor", secret: CANARY }, 500, "INTERNAL"],
    ])("of %s keep their words for the log", async (_what, error, status, code) => {
      const { api, said } = await open([throwing(error)]);
      const answer = await api.get("/tickets");
      expect(answer).toMatchObject({ status, body: { error: { code } } });
      expect(JSON.stringify(answer.body)).not.toContain(CANARY);
      const { correlationId } = answer.body.error as { correlationId: string };
      expect(said.some((line) => line.includes(correlationId))).toBe(true);
    });

    test("to read a body do not quote it, and strangers' bodies are not read", async () => {
      const { ask } = await open([]);
      const headers = { ...JSON_TYPE, Authorization: `Bearer ${OPERATOR}` };
      const broken = await ask("/api/v1/tasks", { method: "POST", headers, body: `{"a": ${CANARY}}` });
      expect(broken.status).toBe(400);
      expect(await broken.text()).not.toContain(CANARY);
      const stranger = await ask("/api/v1/tasks", { method: "POST", headers: JSON_TYPE, body: "{" });
      expect([stranger.status, stranger.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="apium"']);
      for (const response of [broken, stranger]) {
        expect(response.headers.get("x-correlation-id")).toMatch(/^[0-9a-f-]{36}$/);
        expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      }
    });

    test("of services that run nowhere or hang say when to ask again", async () => {
      const hang = () => new Promise((resolve) => setTimeout(resolve, 600));
      const fakes = [
        { name: "email", actions: { mailbox: hang } },
        { name: "tasks", actions: { enqueue: () => ({}) } },
      ];
      const { ask, api } = await open(fakes, { broker: { requestTimeout: 200 } });
      for (const path of ["/tickets", "/mailbox"]) {
        const response = await ask(`/api/v1${path}`, { headers: { Authorization: `Bearer ${OPERATOR}` } });
        expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
      }
      expect((await api.post("/tasks", { name: "x" })).status).toBe(202);
      expect((await api.get("/mailbox")).status).toBe(503); // the long time-out of /tasks is its own
    });

    test("keep their fields over the bus", async () => {
      const bus = { namespace: `fields-${Math.random()}`, transporter: "Fake" as const };
      const remote = new ServiceBroker({ logger: false, nodeID: "remote", skipProcessEventRegistration: true, ...bus });
      remote.createService(
        throwing(new ApiumError("PARAMS_INVALID", "no", { fields: [{ field: "siteId", message: "is wrong" }] })),
      );
      await remote.start();
      cleanups.push(() => remote.stop());
      const { api, broker } = await open([], { broker: { nodeID: "gateway", ...bus } });
      await broker.waitForServices("tickets", 60_000);
      expect(await api.get("/tickets")).toMatchObject({
        status: 422,
        body: { error: { code: "PARAMS_INVALID", message: "no", fields: [{ field: "siteId", message: "is wrong" }] } },
      });
    });

    test("of the database make it unready, and it stays alive", async () => {
      const ready = () => Promise.reject(new ApiumError("STORE_UNAVAILABLE"));
      const { ask } = await open([{ name: "tasks", actions: { ready } }]);
      const answer = await ask("/readyz");
      expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: "STORE_UNAVAILABLE" } }]);
      expect((await ask("/healthz")).status).toBe(200);
    });
  });

  describe("the token of the first start", () => {
    const generated = { API_TOKENS: undefined };

    test("is kept for its owner, used again, and exchanged for a session without staying in the address", async () => {
      const DATA_DIR = folder();
      const first = await open([], { settings: { DATA_DIR, ...generated } });
      const file = join(DATA_DIR, "admin-token");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const token = readFileSync(file, "utf8").trim();
      expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
      chmodSync(file, 0o644);
      const second = await open([], { settings: { DATA_DIR, ...generated } });
      expect(second.said).toContain(`dashboard: ${second.url}/?token=${token}`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const exchanged = await first.ask(`/?token=${token}`);
      expect([exchanged.status, exchanged.headers.get("location")]).toEqual([303, "/"]);
      const cookie = exchanged.headers.get("set-cookie") ?? "";
      expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/);
      const page = await first.ask("/", { headers: { Cookie: cookie.split(";")[0] ?? "" } });
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      expect(await page.text()).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
    });

    test("is never empty: a file without one stops the start, and no empty token signs in", async () => {
      const DATA_DIR = folder();
      writeFileSync(join(DATA_DIR, "admin-token"), "");
      const settings = { DATA_DIR, ...generated };
      await expect(open([], { settings })).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
      const { ask, url } = await open([]);
      const headers = { ...JSON_TYPE, Origin: url };
      for (const body of ['{"token":""}', "{}", '{"token":["x"]}']) {
        const login = await ask("/login", { method: "POST", headers, body });
        expect([login.headers.get("location"), login.headers.get("set-cookie")]).toEqual(["/login?again", null]);
      }
      expect((await ask("/?token=")).headers.get("set-cookie")).toBeNull();
    });
  });

  describe("a session", () => {
    const request = (cookie: string) => ({ method: "GET", headers: { cookie } }) as never;
    const settings = (tokens: string) =>
      readSettings({ API_TOKENS: tokens, JWT_SECRET: "a secret that is long enough for it" });
    const noPhone = () => Promise.reject(new ApiumError("UNAUTHENTICATED"));
    const nobody = new AccountBook(async () => null, Date.now);

    test("ends after twelve hours, with its token, and when its owner signs out", async () => {
      const services = await startServices(backend, { modules: [cacheModule] });
      cleanups.push(() => services.stop());
      let now = 0;
      const begin = async (access: Access) => {
        const known = await access.userOf(ADMIN);
        if (known === undefined) throw new Error("the token is not known");
        return (await access.beginSession(known)).split(";")[0] ?? "";
      };
      const open = (tokens: string) =>
        new Access({
          ...{ settings: settings(tokens), sessions: services.cache.named("sessions"), now: () => now },
          ...{ accounts: nobody, phones: noPhone },
        });
      const access = open(`admin:${ADMIN}`);
      const cookie = await begin(access);
      expect(await access.identify(request(cookie))).toMatchObject({
        name: expect.stringMatching(/^session:admin/),
        role: "admin",
      });
      expect(await open(`admin:${ADMIN}-changed`).identify(request(cookie))).toBeUndefined();
      const other = await begin(access);
      expect(await access.endSession(request(cookie))).toContain("Max-Age=0");
      expect(await access.identify(request(cookie))).toBeUndefined();
      expect(await access.identify(request(other))).toBeDefined();
      now = 12 * 3_600_000;
      expect(await access.identify(request(other))).toBeUndefined();
    });

    test("cannot be guessed at: after ten failures an address waits, also with the right token", async () => {
      const { broker, ask, runtime } = await open([], { settings: { TRUSTED_PROXIES: "1" } });
      const parts = { runtime, database: backend.database, cache: cacheClient(broker, runtime.parts).named("default") };
      broker.createService(
        cacheModule.create({ ...parts, settings: readSettings({}), log: { info() {}, warn() {}, error() {} } }),
      );
      await broker.waitForServices("cache", 60_000);
      const login = async (token: string, address = "10.0.0.1") => {
        const headers = { ...JSON_TYPE, "X-Forwarded-For": `9.9.9.${token.length}, ${address}` };
        return (await ask("/login", { method: "POST", headers, body: JSON.stringify({ token }) })).status;
      };
      for (let n = 0; n < 10; n += 1) expect(await login(`guess-${n}`)).toBe(303);
      expect(await login(OPERATOR)).toBe(429);
      // Whoever else comes through the same proxy is not held up by that.
      expect(await login(OPERATOR, "10.0.0.2")).toBe(303);
    });

    test("goes on by its signature while nobody runs the cache", async () => {
      const { broker, runtime } = await open([]);
      const sessions = cacheClient(broker, runtime.parts).named("sessions");
      const access = new Access({
        settings: settings(`admin:${ADMIN}`),
        sessions,
        now: () => 0,
        accounts: nobody,
        phones: noPhone,
      });
      const known = await access.userOf(ADMIN);
      const cookie = (known && (await access.beginSession(known)).split(";")[0]) ?? "";
      expect(await access.identify(request(cookie))).toMatchObject({ role: "admin" });
      expect(await access.identify(request(`${cookie.slice(0, -4)}AAAA`))).toBeUndefined();
    });

    test("cannot be begun from another origin", async () => {
      const { ask } = await open([]);
      const headers = { ...JSON_TYPE, Origin: "https://evil.example" };
      const login = await ask("/login", { method: "POST", headers, body: JSON.stringify({ token: OPERATOR }) });
      expect([login.status, login.headers.get("set-cookie")]).toEqual([403, null]);
    });

    test.each([
      ["cross-site", "/login", false],
      ["same-site", "/login", false],
      ["none", "/", true],
      ["same-origin", "/", true],
    ])("begun by an address with a token that was come to from %s leads to %s", async (from, to, hasBegun) => {
      const { url } = await open([]);
      const asking = httpRequest(`${url}/?token=${OPERATOR}`, { headers: { "Sec-Fetch-Site": from } }).end();
      const [response] = (await once(asking, "response")) as [IncomingMessage];
      const { statusCode, headers } = response.resume();
      expect([statusCode, headers.location, headers["set-cookie"] !== undefined]).toEqual([303, to, hasBegun]);
    });
  });

  test.each([
    [0, "6.6.6.6, 5.5.5.5", "127.0.0.1"],
    [1, "6.6.6.6, 5.5.5.5", "5.5.5.5"],
    [2, "7.7.7.7,6.6.6.6,5.5.5.5", "6.6.6.6"],
    [2, "5.5.5.5", "5.5.5.5"],
    [1, "", "127.0.0.1"],
  ])("behind %s proxies that say %j a request is %s's", (proxies, told, address) => {
    const request = { headers: { "x-forwarded-for": told }, socket: { remoteAddress: "127.0.0.1" } };
    expect(addressOf(request as unknown as IncomingMessage, proxies)).toBe(address);
  });

  test("told to leave, it says so and ends each connection, and still answers; then it closes", async () => {
    const leaving = new Leaving();
    const { ask, api } = await open([], { real: true, leaving });
    // On a busy machine the database may not answer within the two seconds it has here.
    await eventually(async () => (await ask("/readyz")).status === 200);
    leaving.announce();
    const ready = await ask("/readyz");
    expect([ready.status, ready.headers.get("connection"), ready.headers.get("retry-after")]).toEqual([
      503,
      "close",
      "2",
    ]);
    expect(await api.get("/tasks")).toMatchObject({ status: 200 });
    await leaving.finish();
    await expect(ask("/healthz")).rejects.toThrow();
  });

  test("answers what is in flight when it is stopped, takes nothing new, and does not wait for idle clients", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let arrived = () => {};
    const inFlight = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const list = async () => {
      arrived();
      await held;
      return { items: [] };
    };
    const { api, broker, ask } = await open([{ name: "tickets", actions: { list } }], {
      broker: { tracking: { enabled: true, shutdownTimeout: 10_000 } },
    });
    await Promise.all([ask("/healthz"), ask("/healthz")]); // connections that stay open
    const answer = api.get("/tickets");
    await inFlight;
    const began = performance.now();
    const stopped = broker.stop();
    for (;;)
      if (
        await ask("/healthz").then(
          () => false,
          () => true,
        )
      )
        break;
    release();
    await expect(answer).resolves.toEqual({ status: 200, body: { items: [] } });
    await stopped;
    expect(performance.now() - began).toBeLessThan(9_000); // After ten seconds it cuts off whoever is still there.
  });
});
