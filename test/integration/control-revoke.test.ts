/** Revoking by filter: what fits and nothing else, counted first where asked, whatever its number and its state. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const order = defineTask({
  name: "order",
  params: z.object({ city: z.string().optional(), clientId: z.number().optional() }),
});
const other = defineTask({ name: "other", params: z.object({}), queue: "email" });
const linger = defineTask({ name: "linger", params: z.object({}) });

describe.each(availableBackends())("revoking by filter on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const table of ["task", "worker"]) await backend.database.query(`delete from ${table}`);
  }, 400_000);
  afterAll(() => backend.close());

  const live = async () =>
    (await backend.database.query<{ id: string }>("select id from task order by id")).rows.map(({ id }) => id);

  async function open() {
    const runtime = backend.runtime({ queues: [] });
    for (const task of [order, other, linger]) runtime.define(task);
    await runtime.open();
    return runtime;
  }

  test("takes what fits by each kind of filter, and leaves the rest", async () => {
    const runtime = await open();
    const ids = {
      berlin: (await order.enqueue(runtime, { city: "Berlin 100%" })).id,
      later: (await order.enqueue(runtime, { city: "Bern" }, { countdown: "1h" })).id,
      client: (await order.enqueue(runtime, { clientId: 9 })).id,
      header: (await order.enqueue(runtime, {}, { headers: { campaign: "x", tenant: "acme" } })).id,
      other: (await other.enqueue(runtime, {})).id,
    };
    const fits = async (filter: object) => (await runtime.revokeMany(filter, { dryRun: true })).matched;
    expect(await fits({ name: "order" })).toBe(4);
    expect(await fits({ name: "order", states: ["SCHEDULED"] })).toBe(1);
    expect(await fits({ queue: "email_queue" })).toBe(1);
    expect(await fits({ text: "berlin 100%" })).toBe(1);
    expect(await fits({ text: "100_" })).toBe(0);
    expect(await fits({ tenant: "9" })).toBe(1);
    expect(await fits({ tenant: "acme", headers: { campaign: "x" } })).toBe(1);
    expect(await fits({ headers: { campaign: "y" } })).toBe(0);
    expect(await fits({ ids: [ids.client, ids.other] })).toBe(2);
    expect(await live()).toHaveLength(5);
    await expect(runtime.revokeMany({ states: ["QUEUED"] })).rejects.toMatchObject({ code: "PARAMS_INVALID" });

    expect(await runtime.revokeMany({ name: "order", states: ["QUEUED"] })).toEqual({
      dryRun: false,
      matched: 3,
      byState: { QUEUED: 3 },
      revoked: 3,
      requested: 0,
    });
    expect(await live()).toEqual([ids.later, ids.other].sort());
    expect(await runtime.getTask(ids.berlin)).toMatchObject({ state: "REVOKED", reason: "revoked" });
  });

  test("takes thousands, more than one batch of them", async () => {
    const runtime = await open();
    await order.enqueueMany(
      runtime,
      Array.from({ length: 2_300 }, () => ({})),
    );
    const kept = await other.enqueue(runtime, {});
    expect(await runtime.revokeMany({ name: "order" })).toMatchObject({ matched: 2_300, revoked: 2_300 });
    expect(await live()).toEqual([kept.id]);
  }, 400_000);

  test("tells running ones, ends them where terminate is said, and takes a group's children along", async () => {
    const runtime = await backend.running([
      { task: linger, run: () => new Promise(() => {}) },
      { task: order, run: () => "done" },
    ]);
    const { id } = await linger.enqueue(runtime, {});
    const group = await runtime.group([linger.with({}), order.with({}, { countdown: "1h" })]);
    await eventually(async () => runtime.worker?.active().length === 2);
    const outcome = await runtime.revokeMany({ ids: [id, group.id] }, { terminate: true, grace: "50ms", by: "olga" });
    expect(outcome).toMatchObject({ matched: 2, revoked: 1, requested: 1 });
    await eventually(async () => (await live()).length === 0);
    expect(await runtime.getTask(id)).toMatchObject({ state: "REVOKED" });
  });

  test("a parent's children that run, fail and wait by turns all end with it", async () => {
    const restless = defineTask({ name: "restless", params: z.object({}), maxRetries: 1_000, retryDelay: "1ms" });
    const runtime = await backend.running([
      {
        task: restless,
        run: async () => {
          await new Promise((resolve) => setTimeout(resolve, 2));
          throw new Error("not yet");
        },
      },
    ]);
    const group = await runtime.group(Array.from({ length: 60 }, () => restless.with({})));
    await eventually(
      async () => (await backend.database.query("select 1 from task where retries > 2")).rows.length > 30,
      120_000,
    );
    await expect(runtime.revoke(group.id)).resolves.toBe("revoked");
    const { rows } = await backend.database.query("select 1 from task where revocation is null");
    expect(rows).toEqual([]);
    await eventually(async () => (await live()).length === 0);
  });

  test("a parent that begins to wait for its children while it is revoked takes them along", async () => {
    const parent = defineTask({ name: "parent", params: z.object({}) });
    const runtime = await backend.running([
      { task: parent, run: (_params, task) => task.waitFor([order.with({}, { countdown: "1h" })]) },
      { task: order, run: () => "done" },
    ]);
    for (let round = 0; round < 60; round++) {
      const { id } = await parent.enqueue(runtime, {});
      await eventually(
        async () => runtime.worker?.active().length === 1 || (await runtime.getTask(id)).state === "WAITING",
      );
      await runtime.revoke(id);
    }
    await eventually(async () => (await live()).length === 0);
  });
});
