/** Rates and time limits that operators set in place of a definition's, for every worker and across restarts. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { z } from "zod";
import { explainTask, listTypeSettings, setRateLimit, setTimeLimit } from "../../runtime/control/index.ts";
import { defineTask, type Runtime } from "../../runtime/index.ts";
import { taskOperations } from "../../runtime/moleculer/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const slow = defineTask({ name: "slow", params: z.object({}), rateLimit: "1/h" });
const plain = defineTask({ name: "plain", params: z.object({}) });
const endless = defineTask({ name: "endless", params: z.object({}), maxRetries: 0 });

describe.each(availableBackends())("limits set by operators on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const table of ["task", "task_type", "task_rate", "worker"])
      await backend.database.query(`delete from ${table}`);
  }, 400_000);
  afterAll(() => backend.close());

  const waiting = async () =>
    (await backend.database.query("select 1 from task where rate_slot and state = 'SCHEDULED'")).rows.length;
  const reasons = async (runtime: Runtime, id: string) =>
    (await explainTask({ database: backend.database, registry: runtime.registry, now: runtime.parts.clock.now() }, id))
      .reasons;

  test("a higher rate lets go at once what the lower one had put off for hours", async () => {
    const runtime = await backend.running([{ task: slow, run: () => "done" }]);
    const accepted = await slow.enqueueMany(runtime, [{}, {}, {}, {}]);
    await eventually(async () => (await waiting()) === 3);
    const off = (await Promise.all(accepted.map(({ id }) => runtime.getTask(id)))).find(
      ({ state }) => state === "SCHEDULED",
    );
    // A worker that stood still for longer than its lease is none, until its next heartbeat.
    await eventually(async () => {
      const detail = { rateLimit: "1/h" };
      expect(await reasons(runtime, off?.id ?? "")).toMatchObject([{ code: "RATE_LIMITED", detail }]);
      return true;
    });
    await setRateLimit(backend.database, "slow", "50/s", "olga");
    await runtime.lookAtSettings();
    await Promise.all(accepted.map(({ id }) => runtime.result(id, "60s")));
    expect(await listTypeSettings(backend.database)).toMatchObject([
      { task: "slow", rateLimit: "50/s", updatedBy: "olga" },
    ]);
  });

  test("a rate that is set while no worker is there holds for the next one", async () => {
    const first = await backend.running([{ task: slow, run: () => "done" }]);
    const accepted = await slow.enqueueMany(first, [{}, {}, {}]);
    await eventually(async () => (await waiting()) === 2);
    await first.stop(1_000);
    await setRateLimit(backend.database, "slow", "50/s");
    const second = await backend.running([{ task: slow, run: () => "done" }]);
    await Promise.all(accepted.map(({ id }) => second.result(id, "60s")));
  });

  test("a rate can be given to a type that had none, lifted, and taken back", async () => {
    const runtime = await backend.running([
      { task: plain, run: () => "done" },
      { task: slow, run: () => "done" },
    ]);
    await setRateLimit(backend.database, "plain", "1/h");
    await setRateLimit(backend.database, "slow", "none");
    await runtime.lookAtSettings();
    await plain.enqueueMany(runtime, [{}, {}]);
    const free = await slow.enqueueMany(runtime, [{}, {}, {}]);
    await Promise.all(free.map(({ id }) => runtime.result(id)));
    await eventually(async () => (await waiting()) === 1);
    await setRateLimit(backend.database, "plain", null);
    await runtime.lookAtSettings();
    await eventually(async () => (await backend.database.query("select 1 from task")).rows.length === 0);
    expect((await listTypeSettings(backend.database)).map(({ task }) => task)).toEqual(["slow"]);
  });

  test("a time limit ends runs that begin after it, but not a call that brought its own", async () => {
    const runtime = await backend.running([
      {
        task: endless,
        run: (_params, { signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("told"))),
      },
    ]);
    await setTimeLimit(backend.database, "endless", { soft: 100, hard: 60_000 });
    await runtime.lookAtSettings();
    const limited = await endless.enqueue(runtime, {});
    const own = await endless.enqueue(runtime, {}, { softTimeLimit: "1h", timeLimit: "2h" });
    await expect(runtime.result(limited.id)).resolves.toBe("told");
    await setTimeLimit(backend.database, "endless", { soft: null, hard: 150 });
    await runtime.lookAtSettings();
    const cut = await endless.enqueue(runtime, {});
    await eventually(async () => (await runtime.getTask(cut.id)).error?.code === "HARD_TIME_LIMIT");
    await eventually(async () => (await runtime.getTask(own.id)).state === "STARTED");
    await runtime.revoke(own.id);
    await setTimeLimit(backend.database, "endless", { soft: null, hard: null });
    expect(await listTypeSettings(backend.database)).toEqual([]);
  });

  test("of two limits the one that is not named stays, and the two fit together, whoever has set them", async () => {
    const runtime = backend.runtime({ queues: [] });
    runtime.define(plain);
    await runtime.open();
    const broker = new ServiceBroker({ logger: false, validator: false, skipProcessEventRegistration: true });
    broker.createService(taskOperations(runtime));
    await broker.start();
    const set = (limits: object) => broker.call("tasks.control.time_limit", { task: "plain", ...limits });
    const refused = (field: string) => ({ code: "PARAMS_INVALID", fields: [expect.objectContaining({ field })] });
    try {
      // Where nothing is defined, a run is ended after an hour.
      await expect(set({ soft: "2h" })).rejects.toMatchObject(refused("soft"));
      expect(await set({ hard: "3h" })).toEqual({ task: "plain", soft: "default", hard: "3h" });
      expect(await set({ soft: "2h" })).toEqual({ task: "plain", soft: "2h", hard: "3h" });
      await expect(set({ hard: "90m" })).rejects.toMatchObject(refused("hard"));
      await expect(set({ hard: "default" })).rejects.toMatchObject(refused("hard"));
      expect(await listTypeSettings(backend.database)).toMatchObject([{ softTimeLimit: "2h", timeLimit: "3h" }]);
      expect(await set({ soft: "default" })).toEqual({ task: "plain", soft: "default", hard: "3h" });
      await set({ hard: "default" });
      expect(await listTypeSettings(backend.database)).toEqual([]);
    } finally {
      await broker.stop();
    }
  });
});
