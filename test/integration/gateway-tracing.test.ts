/** Traces of requests: what they are called, what they go on with, what they leave out. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { ApiumError, silentLog } from "../../runtime/index.ts";
import { TasksMiddleware, TracingMiddleware } from "../../runtime/moleculer/index.ts";
import { gatewayModule } from "../../services/gateway/index.ts";
import { readSettings } from "../../settings.ts";
import { openTracing, type Tracing } from "../../telemetry/index.ts";
import { type Backend, openBackend } from "../support/backends.ts";
import { childrenOf, type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { cacheOf } from "../support/services.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKEN = "operator-token-of-the-test";
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const CANARY = "s3cret-canary";
const OPERATOR = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };

/** Stands where the tasks' operations would. */
const tasks: ServiceSchema = {
  name: "tasks",
  actions: {
    get: (ctx) => ctx.call("tasks.more"),
    more: () => ({ found: true }),
    async enqueue(ctx) {
      await ctx.call("tasks.more");
      throw new Error(`the database at postgres://apium:${CANARY}@db is away`);
    },
    ready: () => ({ ready: true }),
    revoke() {
      throw new ApiumError("TASK_FINISHED", `it is over: ${CANARY}`);
    },
  },
};

describe("traces of requests", () => {
  let backend: Backend;
  let receiver: OtlpReceiver;
  let tracing: Tracing;
  let broker: ServiceBroker;
  let url: string;
  const folder = temporaryFolder();

  beforeAll(async () => {
    backend = await openBackend("pglite");
  }, 400_000);
  beforeEach(async () => {
    receiver = await startOtlpReceiver();
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.url;
    const runtime = backend.runtime();
    const settings = readSettings({
      PORT: "0",
      DATA_DIR: folder.path,
      API_TOKENS: `operator:${TOKEN}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    });
    tracing = await openTracing(settings, { version: "0.0.0", log: silentLog });
    broker = new ServiceBroker({
      logger: false,
      validator: false,
      middlewares: [TasksMiddleware(runtime), TracingMiddleware()],
      skipProcessEventRegistration: true,
    });
    broker.createService(tasks);
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const log = { info: say, warn: say, error: say };
    const { database } = backend;
    broker.createService(gatewayModule.create({ runtime, database, cache: cacheOf(broker, runtime), settings, log }));
    await broker.start();
    url = /dashboard: (http:\/\/[^/]+)/.exec(said.join("\n"))?.[1] ?? "";
  }, 400_000);
  afterEach(async () => {
    await broker.stop();
    await tracing.stop();
    await receiver.close();
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  }, 400_000);
  afterAll(async () => {
    await backend.close();
    folder.remove();
  }, 400_000);

  async function ask(path: string, init: RequestInit = {}): Promise<number> {
    const response = await fetch(`${url}${path}`, { redirect: "manual", headers: OPERATOR, ...init });
    await response.arrayBuffer();
    return response.status;
  }

  async function sent(): Promise<OtlpReceiver["spans"]> {
    await broker.stop();
    await tracing.stop();
    return receiver.spans;
  }

  test("a request is named by its route, and what it calls stands below it", async () => {
    const id = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    expect(await ask(`/api/v1/tasks/${id}`)).toBe(200);
    const spans = await sent();
    const [root] = spans.filter(({ parentId }) => parentId === "");
    expect(root).toMatchObject({
      name: "GET /api/v1/tasks/:id",
      kind: "server",
      isError: false,
      attributes: { "http.route": "/api/v1/tasks/:id", "http.response.status_code": 200 },
    });
    const [get] = root === undefined ? [] : childrenOf(spans, root);
    expect(get).toMatchObject({ name: "tasks.get", attributes: { "rpc.method": "tasks.get" } });
    expect(get === undefined ? [] : childrenOf(spans, get)).toMatchObject([{ name: "tasks.more" }]);
    expect(spans).toHaveLength(3);
    expect(receiver.raw()).not.toContain(id);
  });

  test("it goes on with the trace that it brings, or leaves it alone as its beginner wished", async () => {
    const bringing = (flags: string) => ({
      headers: { ...OPERATOR, traceparent: `00-${TRACE_ID}-b7ad6b7169203331-${flags}` },
    });
    expect(await ask("/api/v1/tasks/one", bringing("00"))).toBe(200);
    expect(await ask("/api/v1/tasks/two", bringing("01"))).toBe(200);
    const spans = await sent();
    expect(spans.filter(({ kind }) => kind === "server")).toMatchObject([
      { traceId: TRACE_ID, parentId: "b7ad6b7169203331" },
    ]);
  });

  test("a failure is one by its status and its code, whatever it says", async () => {
    const body = JSON.stringify({ name: "x", params: { password: CANARY } });
    expect(await ask("/api/v1/tasks", { method: "POST", body })).toBe(500);
    expect(await ask("/api/v1/tasks/x/revoke", { method: "POST", body: "{}" })).toBe(409);
    const spans = await sent();
    const named = (name: string) => spans.find((span) => span.name === name);
    expect(named("POST /api/v1/tasks")).toMatchObject({ isError: true, attributes: { "error.type": "500" } });
    expect(named("tasks.enqueue")).toMatchObject({ isError: true, attributes: { "error.type": "Error" } });
    expect(named("tasks.more")).toMatchObject({ isError: false, parentId: named("tasks.enqueue")?.spanId });
    expect(named("POST /api/v1/tasks/:id/revoke")).toMatchObject({ isError: false });
    expect(named("tasks.revoke")?.events).toMatchObject([{ attributes: { "exception.type": "TASK_FINISHED" } }]);
    expect(receiver.raw()).not.toContain(CANARY);
  });

  test("who is refused, and what is nowhere, is named by its method alone", async () => {
    expect(await ask("/api/v1/tasks/secret-id", { headers: { Authorization: `Bearer ${CANARY}` } })).toBe(401);
    expect(await ask(`/nowhere/${CANARY}?token=${CANARY}`)).toBe(404);
    expect(await ask(`/?token=${CANARY}`, { headers: {} })).toBe(303);
    const spans = await sent();
    expect(spans.map(({ name }) => name).sort()).toEqual(["GET", "GET", "GET /"]);
    expect(receiver.raw()).not.toContain(CANARY);
    expect(receiver.raw()).not.toContain("secret-id");
  });

  test("probes leave no span, nor do the calls they make", async () => {
    expect(await ask("/healthz")).toBe(200);
    expect(await ask("/readyz")).toBe(200);
    await ask("/metrics");
    expect(await sent()).toEqual([]);
  });

  test("an action that nobody's trace calls leaves none either", async () => {
    await broker.call("tasks.get");
    expect(await sent()).toEqual([]);
  });
});
