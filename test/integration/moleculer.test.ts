/** The `tasks` key of a Moleculer service, and operations as actions, on real brokers: one process, and two over NATS. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { z } from "zod";
import { defineTask, type Runtime, TASK_EVENTS_SUBJECT } from "../../runtime/index.ts";
import {
  REVOCATION_EVENT,
  runs,
  type TaskServiceSchema,
  TasksMiddleware,
  taskOperations,
} from "../../runtime/moleculer/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const greet = defineTask({
  name: "greet",
  params: z.object({ name: z.string() }),
  result: z.object({ text: z.string() }),
});
const wait = defineTask({ name: "wait", params: z.object({}) });

const greeter: TaskServiceSchema<{ greeting?: string }> = {
  name: "greeter",
  settings: { greeting: "Hello" },
  tasks: {
    greet: runs(greet, async function (ctx) {
      const { attempt, idempotencyKey } = ctx.locals.task;
      if (attempt < 1 || idempotencyKey === "") throw new Error("no task in the context");
      const { greeting } = this.settings as { greeting?: string };
      return { text: `${greeting} ${ctx.params.name} ${ctx.meta.correlationId ?? ""}`.trim() };
    }),
    wait: runs(wait, async (ctx) => {
      await new Promise((_resolve, reject) => {
        ctx.locals.task.signal.addEventListener("abort", () => reject(ctx.locals.task.signal.reason));
      });
    }),
  },
  actions: {
    async invite(ctx) {
      const { id } = await greet.enqueue(ctx, { name: "guest" }, { headers: { "correlation-id": "c-1" } });
      return { id };
    },
  },
};

const brokers: ServiceBroker[] = [];

async function startBroker(
  runtime: Runtime,
  services: readonly ServiceSchema[],
  natsUrl?: string,
  requestTimeout = 0,
): Promise<ServiceBroker> {
  const broker = new ServiceBroker({
    logger: false,
    requestTimeout,
    validator: false,
    nodeID: `node-${brokers.length}-${Math.random()}`,
    namespace: "test",
    middlewares: [TasksMiddleware(runtime)],
    skipProcessEventRegistration: true,
    ...(natsUrl === undefined
      ? {}
      : { transporter: { type: "NATS" as const, options: { servers: natsUrl.replace("nats://", "") } } }),
  });
  brokers.push(broker);
  broker.createService(taskOperations(runtime));
  for (const service of services) broker.createService(service);
  await runtime.open();
  await broker.start();
  await runtime.work();
  return broker;
}

describe("a Moleculer service with tasks", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend("pglite");
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const broker of brokers.splice(0)) await broker.stop();
  });
  afterAll(() => backend.close());

  test("runs what is enqueued from a context, with its settings, its meta and its run", async () => {
    const runtime = backend.runtime();
    const broker = await startBroker(runtime, [greeter]);
    const { id } = await broker.call<{ id: string }, object>("greeter.invite", {});
    await expect(runtime.result(id)).resolves.toEqual({ text: "Hello guest c-1" });
  });

  test("lets a handler take longer than a call may", async () => {
    const runtime = backend.runtime();
    const patient: TaskServiceSchema = {
      name: "patient",
      // A call that begins after the task and ends of the broker's time-out: the task's own would have come before.
      tasks: { wait: runs(wait, async (ctx) => ctx.broker.call("patient.hang").catch(({ name }: Error) => name)) },
      actions: { hang: () => new Promise(() => {}) },
    };
    const broker = await startBroker(runtime, [patient], undefined, 50);
    const { id } = await wait.enqueue({ broker }, {}, { maxRetries: 0 });
    await expect(runtime.result(id)).resolves.toBe("RequestTimeoutError");
  });

  test("offers each task as an action that checks parameters and is not durable", async () => {
    const runtime = backend.runtime();
    const broker = await startBroker(runtime, [greeter]);
    await expect(broker.call("greeter.greet", { name: "you" })).resolves.toEqual({ text: "Hello you" });
    await expect(broker.call("greeter.greet", { name: 7 })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    expect((await runtime.listTasks({ name: "greet" })).items.filter((task) => task.state !== "SUCCESS")).toEqual([]);
  });

  test("keeps its tasks when the schema has mixins", async () => {
    const runtime = backend.runtime();
    const broker = await startBroker(runtime, [{ ...greeter, mixins: [{ name: "mixin", metadata: { mixed: true } }] }]);
    await expect(broker.call("greeter.greet", { name: "you" })).resolves.toEqual({ text: "Hello you" });
    await expect(greet.callAndWait({ broker }, { name: "all" })).resolves.toMatchObject({
      text: expect.stringContaining("Hello all"),
    });
  });

  test("is steered through actions, and each change leaves an audit row", async () => {
    const runtime = backend.runtime();
    const broker = await startBroker(runtime, [greeter]);
    const meta = { user: { name: "olga", role: "operator" } };
    const accepted = await broker.call<{ id: string }, object>(
      "tasks.enqueue",
      { name: "greet", params: { name: "x" } },
      { meta },
    );
    await runtime.result(accepted.id);
    await expect(broker.call("tasks.get", { id: accepted.id })).resolves.toMatchObject({
      state: "SUCCESS",
      result: { text: expect.any(String) },
    });
    await expect(broker.call("tasks.enqueue", { name: "nothing" }, { meta })).rejects.toMatchObject({
      code: "TASK_UNKNOWN",
    });
    await expect(broker.call("tasks.enqueue", { name: "greet", params: {}, bogus: 1 }, { meta })).rejects.toMatchObject(
      {
        code: "PARAMS_INVALID",
        fields: [{ field: "bogus" }],
      },
    );
    await broker.call("tasks.pause", { name: "reports" }, { meta });
    await broker.call("tasks.resume", { name: "reports" }, { meta });
    const { rows } = await backend.database.query(
      "select actor, role, action, target from audit where actor = 'olga' order by id",
    );
    expect(rows).toEqual([
      { actor: "olga", role: "operator", action: "task.enqueue", target: accepted.id },
      { actor: "olga", role: "operator", action: "queue.pause", target: "reports" },
      { actor: "olga", role: "operator", action: "queue.resume", target: "reports" },
    ]);
  });
});

const hasServers = availableBackends().includes("jetstream");

(hasServers ? describe : describe.skip)("two processes over NATS", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend("jetstream");
  }, 400_000);
  afterAll(async () => {
    await backend.reset();
    for (const broker of brokers.splice(0)) await broker.stop();
    await backend.close();
  }, 400_000);

  test("one enqueues and waits, the other runs; a revocation reaches a running task at once", async () => {
    const make = (options: object): { runtime: Runtime; attach(broker: ServiceBroker): void } => {
      let broker: ServiceBroker | undefined;
      const runtime = backend.runtime({
        onEvents: (batch) => void broker?.broadcast(TASK_EVENTS_SUBJECT, batch),
        onRevocation: () => void broker?.broadcast(REVOCATION_EVENT),
        ...options,
      });
      return {
        runtime,
        attach(given) {
          broker = given;
        },
      };
    };
    const caller = make({ queues: [] });
    const worker = make({});
    caller.runtime.define(greet);
    caller.runtime.define(wait);
    caller.attach(await startBroker(caller.runtime, [], backend.natsUrl));
    worker.attach(await startBroker(worker.runtime, [greeter], backend.natsUrl));
    await expect(greet.callAndWait(caller.runtime, { name: "far" })).resolves.toMatchObject({
      text: expect.stringContaining("far"),
    });
    const heartbeat = async () =>
      (
        await backend.database.query<{ at: string }>("select heartbeat_at::text as at from worker where id = $1", [
          worker.runtime.worker?.worker ?? "",
        ])
      ).rows[0]?.at;
    // Again, because Moleculer debounces its discovery by a second, and a busy machine may be busy just then.
    await eventually(async () => {
      const { id } = await wait.enqueue(caller.runtime, {});
      await eventually(async () => (await caller.runtime.getTask(id)).state === "STARTED");
      // By itself the worker would look with its next heartbeat, two seconds after this one.
      const before = await heartbeat();
      await eventually(async () => (await heartbeat()) !== before);
      const asked = performance.now();
      await caller.runtime.revoke(id);
      await expect(caller.runtime.result(id)).rejects.toMatchObject({ details: { state: "REVOKED" } });
      return performance.now() - asked < 1_000;
    }, 60_000);
  });
});
