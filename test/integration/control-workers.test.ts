/** Orders to workers: slots, queues, sizing by itself, an end. On one worker, and on several over NATS. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { z } from "zod";
import { pauseType } from "../../runtime/control/index.ts";
import { defineTask, type Runtime, type RuntimeOptions } from "../../runtime/index.ts";
import { type ProcessSurroundings, taskOperations } from "../../runtime/moleculer/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";
import { waitForAnswers } from "../support/patient-broker.ts";

const linger = defineTask({ name: "linger", params: z.object({}) });
const quick = defineTask({ name: "quick", params: z.object({}), queue: "reports" });

interface Answers {
  readonly items: { worker: string; node: string; answer?: Record<string, unknown>; error?: { code: string } }[];
  readonly silent: string[];
}

interface Node {
  readonly runtime: Runtime;
  readonly broker: ServiceBroker;
  readonly id: string;
  finish(): void;
  control(what: string, params?: object): Promise<Answers>;
  inspect(what: string, params?: object): Promise<Answers>;
}

const brokers: ServiceBroker[] = [];

async function open(
  backend: Backend,
  nodeID: string,
  options: Partial<RuntimeOptions> = {},
  surroundings: ProcessSurroundings = {},
): Promise<Node> {
  const runtime = backend.runtime(options);
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  runtime.handle({
    task: linger,
    run: (_params, { signal }) =>
      Promise.race([finished, new Promise((resolve) => signal.addEventListener("abort", resolve))]).then(() => "ended"),
  });
  runtime.handle({ task: quick, run: () => "done" });
  const broker = new ServiceBroker({
    logger: false,
    validator: false,
    nodeID,
    namespace: "test-control",
    skipProcessEventRegistration: true,
    ...(backend.natsUrl === undefined
      ? {}
      : { transporter: { type: "NATS" as const, options: { servers: backend.natsUrl.replace("nats://", "") } } }),
  });
  brokers.push(broker);
  broker.createService(taskOperations(runtime, surroundings));
  await runtime.open();
  await broker.start();
  await runtime.work();
  return {
    runtime,
    broker,
    id: runtime.worker?.worker ?? "",
    finish: () => finish(),
    control: (what, params = {}) => broker.call(`tasks.control.${what}`, params),
    inspect: (what, params = {}) => broker.call(`tasks.inspect.${what}`, params),
  };
}

/** For orders whose answer matters, and not how soon it comes. */
async function openPatient(...given: Parameters<typeof open>): Promise<Node> {
  const node = await open(...given);
  waitForAnswers(node.broker);
  return node;
}

async function close(backend: Backend): Promise<void> {
  await backend.reset();
  for (const broker of brokers.splice(0)) await broker.stop();
  for (const table of ["task", "worker", "task_type"]) await backend.database.query(`delete from ${table}`);
}

const running = (node: Node) => node.runtime.worker?.active().length ?? 0;
const rows = async (backend: Backend) =>
  (await backend.database.query<{ id: string; queues: string[]; concurrency: number }>("select * from worker")).rows;

describe.each(availableBackends())("orders to a worker on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(() => close(backend));
  afterAll(() => backend.close());

  test("grows at once, shrinks as runs end, and its row says so", async () => {
    const node = await openPatient(backend, "one", { concurrency: 2 });
    await linger.enqueueMany(node.runtime, [{}, {}, {}, {}]);
    await eventually(async () => running(node) === 2);
    expect((await node.control("pool_grow", { n: 2 })).items[0]?.answer).toEqual({ size: 4 });
    await eventually(async () => running(node) === 4);
    expect(await rows(backend)).toMatchObject([{ concurrency: 4 }]);
    expect((await node.control("pool_shrink", { n: 3 })).items[0]?.answer).toEqual({ size: 1 });
    const waiting = await linger.enqueue(node.runtime, {});
    await expect(node.control("pool_shrink")).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    expect(running(node)).toBe(4);
    expect((await node.runtime.getTask(waiting.id)).state).toBe("QUEUED");
  });

  test("takes from another queue, and from one no more", async () => {
    const node = await openPatient(backend, "one", { queues: ["default"] });
    const { id } = await quick.enqueue(node.runtime, {});
    await node.control("add_consumer", { queue: "report_queue" });
    await expect(node.runtime.result(id, "60s")).resolves.toBe("done");
    expect((await rows(backend))[0]?.queues).toEqual(["default", "reports"]);
    await node.control("cancel_consumer", { queue: "reports" });
    const later = await quick.enqueue(node.runtime, {});
    // What is in another queue still runs; what is in this one does not.
    const other = await quick.enqueue(node.runtime, {}, { queue: "default" });
    await expect(node.runtime.result(other.id, "60s")).resolves.toBe("done");
    expect((await node.runtime.getTask(later.id)).state).toBe("QUEUED");
    expect((await node.inspect("active_queues")).items[0]?.answer).toEqual([{ name: "default", paused: false }]);
    await node.control("add_consumer", { queue: "reports" });
    await expect(node.runtime.result(later.id, "60s")).resolves.toBe("done");
  });

  test("takes from a queue that was paused when it was added, once that is resumed", async () => {
    const node = await openPatient(backend, "one", { queues: ["default"] });
    await node.runtime.pauseQueue("reports");
    await node.control("add_consumer", { queue: "reports" });
    const { id } = await quick.enqueue(node.runtime, {});
    expect((await node.inspect("active_queues")).items[0]?.answer).toContainEqual({ name: "reports", paused: true });
    await node.runtime.resumeQueue("reports");
    await expect(node.runtime.result(id, "60s")).resolves.toBe("done");
  });

  test("never runs more than its slots while its queues change under load", async () => {
    const node = await openPatient(backend, "one", { concurrency: 3, queues: ["default"] });
    let most = 0;
    const look = setInterval(() => {
      most = Math.max(most, running(node));
    }, 1);
    try {
      const accepted = await quick.enqueueMany(
        node.runtime,
        Array.from({ length: 300 }, () => ({})),
        { queue: "default" },
      );
      for (const queue of ["reports", "email", "critical", "maintenance"])
        await node.control("add_consumer", { queue });
      for (const queue of ["reports", "email"]) await node.control("cancel_consumer", { queue });
      for (const { id } of accepted) await node.runtime.result(id, "60s");
      expect(most).toBeLessThanOrEqual(3);
      expect((await backend.database.query("select 1 from task_history where attempt > 1")).rows).toEqual([]);
    } finally {
      clearInterval(look);
    }
  }, 400_000);

  test("sizes itself by what waits", async () => {
    const node = await openPatient(backend, "one", { concurrency: 1 });
    await node.control("autoscale", { min: 1, max: 5 });
    await linger.enqueueMany(
      node.runtime,
      Array.from({ length: 8 }, () => ({})),
    );
    await eventually(async () => running(node) === 5);
    expect((await node.inspect("stats")).items[0]?.answer).toMatchObject({
      autoscale: { min: 1, max: 5 },
      pool: { size: 5 },
    });
    // By hand: it must not size itself any more.
    await node.control("pool_grow", { n: 1 });
    await eventually(async () => running(node) === 6);
    expect((await node.inspect("stats")).items[0]?.answer).toMatchObject({ autoscale: null });
    await node.control("autoscale", { min: 1, max: 6 });
    expect((await node.control("autoscale", { off: true })).items[0]?.answer).toEqual({ autoscale: null, size: 6 });
  });

  test("leaves warm: what runs may end, it answers meanwhile, and then the process is told to leave", async () => {
    let left = 0;
    const node = await openPatient(backend, "one", {}, { leave: () => void left++ });
    const { id } = await linger.enqueue(node.runtime, {});
    await eventually(async () => running(node) === 1);
    expect((await node.control("shutdown", { worker: node.id })).items[0]?.answer).toMatchObject({
      shutdown: "warm",
      running: 1,
    });
    const waiting = await linger.enqueue(node.runtime, {});
    expect((await node.inspect("stats")).items[0]?.answer).toMatchObject({ pool: { busy: 1, draining: true } });
    expect(left).toBe(0);
    node.finish();
    await eventually(async () => left === 1);
    expect((await node.runtime.getTask(id)).state).toBe("SUCCESS");
    expect((await node.runtime.getTask(waiting.id)).state).toBe("QUEUED");
    expect(await rows(backend)).toEqual([]);
  });

  test("does nothing when a name beside its own is nobody's; its end is in the audit before it begins", async () => {
    let left = 0;
    const node = await openPatient(backend, "one", { concurrency: 2 }, { leave: () => void left++ });
    const both = { worker: `${node.id},typo` };
    for (const [what, params] of [["pool_grow", both] as const, ["shutdown", { ...both, mode: "cold" }] as const]) {
      await expect(node.control(what, params)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    expect(node.runtime.worker?.concurrency).toBe(2);
    const audited = async () =>
      (
        await backend.database.query<{ action: string }>(
          "select action from audit where target like '%' || $1 || '%' order by at",
          [node.id],
        )
      ).rows.map(({ action }) => action);
    expect(await audited()).toEqual([]);
    await node.control("shutdown", { worker: node.id, mode: "cold" });
    await eventually(async () => left === 1);
    expect(await audited()).toEqual(["worker.shutdown"]);
  });

  test("leaves cold: what runs goes back at once, uncounted; and a warm one can be made quicker", async () => {
    let left = 0;
    const node = await openPatient(backend, "one", {}, { leave: () => void left++ });
    const { id } = await linger.enqueue(node.runtime, {});
    await eventually(async () => running(node) === 1);
    await node.control("shutdown", { worker: "one", mode: "warm" });
    await node.control("shutdown", { worker: "one", mode: "cold" });
    await eventually(async () => left === 1);
    const task = await node.runtime.getTask(id);
    expect(task).toMatchObject({ state: "QUEUED", retries: 0, crashes: 0, attempt: 2 });
  });
});

const hasServers = availableBackends().includes("jetstream");

(hasServers ? describe : describe.skip)("several workers over NATS", () => {
  const folder = mkdtempSync(join(tmpdir(), "apium-test-"));
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend("jetstream");
  }, 400_000);
  afterEach(() => close(backend));
  afterAll(async () => {
    await backend.close();
    rmSync(folder, { recursive: true, force: true });
  }, 400_000);

  test("are asked and told one by one, some, or all; who is silent is named within its time", async () => {
    const gateway = await open(backend, "gateway", { queues: [] });
    const one = await open(backend, "one", { concurrency: 2 });
    const two = await open(backend, "two", { concurrency: 2 }, { dataDir: folder });
    // On a busy machine an answer may come after the question's time; then it is asked again.
    const ping = (answers: number, params: object = {}) =>
      eventually(async () => {
        const said = await gateway.inspect("ping", params);
        return said.items.length === answers && said;
      });
    const sorted = [one.id, two.id].sort();
    expect((await ping(2)).items.map(({ worker }) => worker)).toEqual(sorted);
    expect((await ping(1, { worker: "two" })).items).toMatchObject([{ worker: two.id, node: "two" }]);
    expect((await ping(2, { worker: `${one.id},two` })).items).toHaveLength(2);
    await gateway.control("pool_grow", { worker: one.id, n: 3 });
    await eventually(async () => one.runtime.worker?.concurrency === 5);
    expect(two.runtime.worker?.concurrency).toBe(2);
    const shrunk = await eventually(async () => {
      await one.runtime.worker?.resize(5);
      const said = await gateway.control("pool_shrink", { n: 4 });
      return said.silent.length === 0 && said;
    });
    expect(shrunk.items.find(({ worker }) => worker === one.id)?.answer).toEqual({ size: 1 });
    expect(shrunk.items.find(({ worker }) => worker === two.id)?.error).toMatchObject({ code: "PARAMS_INVALID" });
    // A gateway has no data folder of the worker's: the file lies where the worker is.
    await gateway.control("profile", { worker: two.id, seconds: 0.2 });
    const profiles = () => (existsSync(join(folder, "profiles")) ? readdirSync(join(folder, "profiles")) : []);
    await eventually(async () => profiles().length === 1);

    // A pause is heard by all at once, not when each looks by itself, once a second. A busy machine has a few tries.
    const areAll = (isPlain: boolean) =>
      eventually(async () => [one, two].every(({ runtime }) => runtime.worker?.steering.isPlain === isPlain));
    let soonestMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 5 && soonestMs > 300; tries += 1) {
      await gateway.broker.call("tasks.control.resume", { task: "linger" });
      await areAll(true);
      await gateway.broker.call("tasks.control.pause", { task: "linger" });
      const began = performance.now();
      await areAll(false);
      soonestMs = Math.min(soonestMs, performance.now() - began);
    }
    expect(soonestMs).toBeLessThan(300);
    await pauseType(backend.database, "linger");

    await two.broker.stop();
    // Its time is two seconds; what the machine stood still meanwhile comes on top of that, once in a while.
    await eventually(async () => {
      const began = performance.now();
      const { silent } = await gateway.inspect("ping");
      const tookMs = performance.now() - began;
      expect(silent).toContain(two.id);
      expect(tookMs).toBeLessThan(10_000);
      return true;
    }, 120_000);
    // Nor is one named that is taken for lost because everything here stood still.
    const named = await eventually(async () => {
      const said = await gateway.inspect("ping");
      return said.items.length === 1 && said.silent.length === 1 && said;
    });
    expect(named).toMatchObject({ items: [{ worker: one.id }], silent: [two.id] });
    // Who does not answer may have done what it was told: the audit has it, too.
    await gateway.broker.call("tasks.control.pool_restart", {});
    const { rows } = await backend.database.query("select details from audit where action = 'worker.pool-restart'");
    expect(rows.at(-1)).toMatchObject({ details: { silent: expect.arrayContaining([two.id]) } });
  }, 400_000);
});
