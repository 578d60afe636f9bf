/** Traces of tasks on a real runtime, sent by the real SDK to a receiver: one tree from the door to the last effect. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import {
  ApiumError,
  atDoor,
  defineSchedule,
  defineTask,
  type InlineHandler,
  type Runtime,
  silentLog,
} from "../../runtime/index.ts";
import { openTracing, type Tracing } from "../../telemetry/index.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";
import { childrenOf, type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "../support/otlp-receiver.ts";

const CANARY = "canary-of-a-parameter";
const params = z.object({ word: z.string().default("") });

const flaky = defineTask({ name: "flaky", params, maxRetries: 2, retryDelay: 1, queue: "email" });
const doomed = defineTask({ name: "doomed", params, maxRetries: 0 });
const leaf = defineTask({ name: "leaf", params, result: z.string() });
const enqueuing = defineTask({ name: "enqueuing", params });
const waiting = defineTask({ name: "waiting", params });

const handlers: InlineHandler[] = [
  {
    task: flaky,
    async run(_params, task) {
      if (task.retries === 0) throw new ApiumError("STORE_UNAVAILABLE", `lost at ${CANARY}`);
      return "done";
    },
  },
  {
    task: doomed,
    async run() {
      throw new TypeError(`no good: ${CANARY}`);
    },
  },
  { task: leaf, run: async (given) => (given as { word: string }).word },
  { task: enqueuing, run: async (_params, task) => void (await task.enqueue(leaf.with({ word: CANARY }))) },
  { task: waiting, run: (_params, task) => task.waitFor([leaf.with({ word: "a" }), leaf.with({ word: "b" })]) },
];

describe("traces", () => {
  let backend: Backend;
  let receiver: OtlpReceiver;
  let tracing: Tracing;
  let runtime: Runtime;

  beforeAll(async () => {
    backend = await openBackend("pglite");
  }, 400_000);
  beforeEach(async () => {
    receiver = await startOtlpReceiver();
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.url;
    tracing = await openTracing(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_TRACES_SAMPLER: "parentbased_always_on",
        OTEL_TRACES_SAMPLER_ARG: 1,
      },
      { version: "0.0.0", log: silentLog },
    );
    runtime = await backend.running(handlers);
  }, 400_000);
  afterEach(async () => {
    await tracing.stop();
    await receiver.close();
    await backend.reset();
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  }, 400_000);
  afterAll(() => backend.close());

  /** Enqueues within a trace of the test's own, waits for the end, and sends what was recorded. */
  async function traced<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = await atDoor({ name: "test" }, work);
    return result;
  }

  async function ended(id: string): Promise<string> {
    return eventually(async () => {
      const { state, finishedAt } = await runtime.getTask(id);
      return finishedAt === null ? undefined : state;
    });
  }

  /** Everything that was recorded, as a tree of names: siblings in the order of their names. */
  async function tree(): Promise<unknown> {
    await runtime.stop();
    await tracing.stop();
    const below = (span: ReceivedSpan): unknown => {
      const children = childrenOf(receiver.spans, span);
      if (children.length === 0) return span.name;
      return { [span.name]: children.map(below).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))) };
    };
    const roots = receiver.spans.filter(({ parentId }) => !receiver.spans.some(({ spanId }) => spanId === parentId));
    return roots.map(below);
  }

  function named(name: string): ReceivedSpan[] {
    return receiver.spans.filter((span) => span.name === name);
  }

  test("attempts are siblings below the acceptance, the failed one with its code", async () => {
    const { id } = await traced(() =>
      flaky.enqueue(runtime, { word: CANARY }, { headers: { "correlation-id": "c-1" } }),
    );
    expect(await ended(id)).toBe("SUCCESS");
    expect(await tree()).toEqual([{ test: [{ "enqueue flaky": ["run flaky", "run flaky"] }] }]);
    const [enqueue] = named("enqueue flaky");
    expect(enqueue).toMatchObject({
      kind: "producer",
      attributes: {
        "messaging.system": "apium",
        "messaging.operation.type": "send",
        "messaging.destination.name": "email",
        "messaging.message.id": id,
        "apium.task.name": "flaky",
      },
    });
    const [first, second] = named("run flaky").sort(
      (a, b) => Number(a.attributes["apium.task.attempt"]) - Number(b.attributes["apium.task.attempt"]),
    );
    expect(first).toMatchObject({
      kind: "consumer",
      isError: true,
      attributes: {
        "messaging.operation.type": "process",
        "messaging.message.id": id,
        "messaging.message.conversation_id": "c-1",
        "apium.task.attempt": 1,
        "apium.task.retries": 0,
        "apium.task.outcome": "retry",
        "apium.worker": expect.stringContaining(String(process.pid)),
        "error.type": "STORE_UNAVAILABLE",
      },
      events: [{ name: "exception", attributes: { "exception.type": "STORE_UNAVAILABLE" } }],
    });
    expect(second).toMatchObject({
      isError: false,
      attributes: { "apium.task.attempt": 2, "apium.task.retries": 1, "apium.task.outcome": "success" },
    });
    expect(receiver.raw()).not.toContain(CANARY);
  });

  test("a task says which trace it belongs to, while it is live and when it has ended", async () => {
    const { id } = await traced(() => leaf.enqueue(runtime, {}, { countdown: "1h" }));
    const live = await runtime.getTask(id);
    expect(live.traceId).toMatch(/^[\da-f]{32}$/);
    await runtime.revoke(id);
    expect(await ended(id)).toBe("REVOKED");
    expect((await runtime.getTask(id)).traceId).toBe(live.traceId);
    await tree();
    expect(named("enqueue leaf")[0]?.traceId).toBe(live.traceId);
  });

  test("what fails for good is an error with the name of what was thrown and none of its words", async () => {
    const { id } = await traced(() => doomed.enqueue(runtime, {}));
    expect(await ended(id)).toBe("FAILURE");
    await tree();
    expect(named("run doomed")).toMatchObject([
      { isError: true, attributes: { "apium.task.outcome": "failure", "error.type": "TypeError" } },
    ]);
    expect(receiver.raw()).not.toContain(CANARY);
  });

  test("what a handler enqueues and what it waits for stands below its attempt", async () => {
    const one = await traced(() => enqueuing.enqueue(runtime, {}));
    const two = await traced(() => waiting.enqueue(runtime, {}));
    expect(await ended(one.id)).toBe("SUCCESS");
    expect(await ended(two.id)).toBe("SUCCESS");
    await eventually(async () => (await runtime.listTasks({ name: "leaf", state: "SUCCESS" })).items.length >= 3);
    const roots = (await tree()) as object[];
    expect(roots).toContainEqual({
      test: [{ "enqueue enqueuing": [{ "run enqueuing": [{ "enqueue leaf": ["run leaf"] }] }] }],
    });
    expect(roots).toContainEqual({
      test: [{ "enqueue waiting": [{ "run waiting": [{ "enqueue leaf": ["run leaf", "run leaf"] }] }] }],
    });
    expect(named("run waiting")[0]?.attributes["apium.task.outcome"]).toBe("waiting");
    expect(receiver.raw()).not.toContain(CANARY);
  });

  test("a group and a chain are trees of their own calls, each step where the chain was begun", async () => {
    const group = await traced(() =>
      runtime.group([leaf.with({ word: "a" }), doomed.with({})], { onChildFailure: "continue" }),
    );
    const chain = await traced(() =>
      runtime.chain([leaf.with({ word: "a" }), { ...leaf.with({}), into: "word" }, leaf.with({})]),
    );
    expect(await ended(group.id)).toBe("SUCCESS");
    expect(await ended(chain.id)).toBe("SUCCESS");
    expect((await runtime.getTask(group.id)).traceId).toMatch(/^[\da-f]{32}$/);
    const roots = (await tree()) as object[];
    expect(roots).toContainEqual({
      test: [{ "enqueue apium.group": [{ "enqueue doomed": ["run doomed"] }, { "enqueue leaf": ["run leaf"] }] }],
    });
    expect(roots).toContainEqual({
      test: [
        {
          "enqueue apium.chain": [
            { "enqueue leaf": ["run leaf"] },
            { "enqueue leaf": ["run leaf"] },
            { "enqueue leaf": ["run leaf"] },
          ],
        },
      ],
    });
    expect(roots).toHaveLength(2);
  });

  test("many tasks of one call share a span that says how many they are", async () => {
    const accepted = await traced(() => leaf.enqueueMany(runtime, [{ word: "a" }, { word: "b" }, { word: "c" }]));
    for (const { id } of accepted) expect(await ended(id)).toBe("SUCCESS");
    expect(await tree()).toEqual([{ test: [{ "enqueue leaf": ["run leaf", "run leaf", "run leaf"] }] }]);
    expect(named("enqueue leaf")[0]?.attributes["messaging.batch.message_count"]).toBe(3);
  });

  test("a slot of a schedule begins a trace", async () => {
    await runtime.schedules.synchronise([
      defineSchedule({ name: "each-second", task: "leaf", every: "1s", params: {} }),
    ]);
    const clockwork = runtime.clockwork(() => {});
    clockwork.start();
    await eventually(async () =>
      (await runtime.listTasks({ name: "leaf", state: "SUCCESS" })).items.some(
        ({ headers }) => headers?.schedule === "each-second",
      ),
    );
    await clockwork.stop();
    await runtime.schedules.synchronise([]);
    // What it made last would run, traced, within the test after.
    await eventually(async () => (await backend.database.query("select 1 from task")).rows.length === 0);
    const roots = (await tree()) as object[];
    expect(roots).toContainEqual({ "schedule each-second": [{ "enqueue leaf": ["run leaf"] }] });
    expect(named("schedule each-second")[0]?.attributes).toMatchObject({ "apium.schedule": "each-second" });
  });

  test("what nobody traces carries nothing and leaves no span, even beside what is traced", async () => {
    const [plain, other] = await Promise.all([enqueuing.enqueue(runtime, {}), traced(() => leaf.enqueue(runtime, {}))]);
    expect(await ended(plain.id)).toBe("SUCCESS");
    expect(await ended(other.id)).toBe("SUCCESS");
    expect(await runtime.getTask(plain.id)).toMatchObject({ headers: null, traceId: null });
    expect(await tree()).toEqual([{ test: [{ "enqueue leaf": ["run leaf"] }] }]);
  });

  test("a header that is no trace is left alone", async () => {
    const { id } = await leaf.enqueue(runtime, {}, { headers: { traceparent: "00-nonsense" } });
    expect(await ended(id)).toBe("SUCCESS");
    expect(await runtime.getTask(id)).toMatchObject({ traceId: null, headers: { traceparent: "00-nonsense" } });
    expect(await tree()).toEqual([]);
  });

  test("a trace that came with the call's own header is gone on with", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: "vendor=1" };
    const { id } = await enqueuing.enqueue(runtime, {}, { headers });
    expect(await ended(id)).toBe("SUCCESS");
    await eventually(async () =>
      (await runtime.listTasks({ name: "leaf" })).items.some(
        (task) => task.traceId === traceId && task.state === "SUCCESS" && task.headers?.tracestate === "vendor=1",
      ),
    );
    expect(await tree()).toEqual([{ "run enqueuing": [{ "enqueue leaf": ["run leaf"] }] }]);
    expect(named("run enqueuing")).toMatchObject([{ traceId, parentId: "b7ad6b7169203331" }]);
  });

  test("one whose beginner did not want it recorded is not", async () => {
    const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" };
    const { id } = await enqueuing.enqueue(runtime, {}, { headers });
    expect(await ended(id)).toBe("SUCCESS");
    expect(await tree()).toEqual([]);
  });
});
