/** Pausing a task type and a tenant: what waits is put aside once, others go on, and the resumption forgets none. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { explainTask, pauseTenant, pauseType, resumeTenant, resumeType } from "../../runtime/control/index.ts";
import { defineTask, type Runtime } from "../../runtime/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const paused = defineTask({ name: "paused", params: z.object({ n: z.number() }) });
const other = defineTask({ name: "other", params: z.object({ clientId: z.number().optional() }) });
const narrow = defineTask({ name: "narrow", params: z.object({}), concurrency: 1 });

describe.each(availableBackends())("pauses on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const table of ["task", "task_type", "task_tenant", "worker"])
      await backend.database.query(`delete from ${table}`);
  }, 400_000);
  afterAll(() => backend.close());

  const now = (runtime: Runtime) => runtime.parts.clock.now();
  const heldIds = async () =>
    (
      await backend.database.query<{ id: string }>("select id from task where held_for is not null order by id")
    ).rows.map(({ id }) => id);
  const explain = async (runtime: Runtime, id: string) =>
    (await explainTask({ database: backend.database, registry: runtime.registry, now: now(runtime) }, id)).reasons.map(
      ({ code }) => code,
    );
  /** A worker that stood still for longer than its lease is none, until its next heartbeat. */
  const isExplainedBy = (code: string, runtime: Runtime, id: string) =>
    eventually(async () => {
      expect(await explain(runtime, id)).toEqual([code]);
      return true;
    });

  test("a paused type waits while others of its queue go on; resumed, all of it runs, each once", async () => {
    const ran: number[] = [];
    const runtime = await backend.running([
      { task: paused, run: ({ n }: { n: number }) => void ran.push(n) } as never,
      { task: other, run: () => "done" },
    ]);
    await pauseType(backend.database, "paused", "olga");
    await runtime.lookAtSettings();
    const accepted = await paused.enqueueMany(
      runtime,
      Array.from({ length: 25 }, (_, n) => ({ n })),
    );
    const late = await other.enqueue(runtime, {});
    await expect(runtime.result(late.id)).resolves.toBe("done");
    await eventually(async () => (await heldIds()).length === 25);
    expect(ran).toEqual([]);
    await isExplainedBy("TYPE_PAUSED", runtime, accepted[0]?.id ?? "");
    // Put aside once, not over and over.
    const attempts = () =>
      backend.database.query<{ attempt: number }>("select distinct attempt from task where name = 'paused'");
    expect((await attempts()).rows).toEqual([{ attempt: 2 }]);

    // The worker looks by itself too, and may have let them go before.
    expect([0, 25]).toContain(await resumeType(backend.database, "paused", now(runtime)));
    await runtime.lookAtSettings();
    for (const { id } of accepted) await runtime.result(id);
    expect([...ran].sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, n) => n));
    expect((await backend.database.query("select * from task_type")).rows).toEqual([]);
  });

  test("a paused tenant is known by its header or its parameter, and by the header first", async () => {
    const ran: unknown[] = [];
    const runtime = await backend.running([
      { task: other, run: (params, task) => void ran.push([params, task.headers.tenant]) },
    ]);
    await pauseTenant(backend.database, "7");
    await runtime.lookAtSettings();
    const byHeader = await other.enqueue(runtime, {}, { headers: { tenant: "7" } });
    const byParameter = await other.enqueue(runtime, { clientId: 7 });
    const another = await other.enqueue(runtime, { clientId: 7 }, { headers: { tenant: "8" } });
    const nobodys = await other.enqueue(runtime, {});
    await Promise.all([runtime.result(another.id), runtime.result(nobodys.id)]);
    await eventually(async () => (await heldIds()).length === 2);
    expect(await heldIds()).toEqual([byHeader.id, byParameter.id].sort());
    await isExplainedBy("TENANT_PAUSED", runtime, byHeader.id);
    expect(ran).toHaveLength(2);
    expect([0, 2]).toContain(await resumeTenant(backend.database, "7", now(runtime)));
    await runtime.lookAtSettings();
    await Promise.all([runtime.result(byHeader.id), runtime.result(byParameter.id)]);
    expect(ran).toHaveLength(4);
  });

  test("of several pauses each lets go its own tasks, whichever ends first", async () => {
    const runtime = await backend.running([{ task: other, run: () => "done" }]);
    const tenants = [1, 2, 3, 4];
    for (const tenant of tenants) await pauseTenant(backend.database, String(tenant));
    await runtime.lookAtSettings();
    const ids = new Map<number, string>();
    for (const clientId of tenants) ids.set(clientId, (await other.enqueue(runtime, { clientId })).id);
    await eventually(async () => (await heldIds()).length === 4);
    for (const [index, tenant] of tenants.entries()) {
      expect([0, 1]).toContain(await resumeTenant(backend.database, String(tenant), now(runtime)));
      await runtime.lookAtSettings();
      await expect(runtime.result(ids.get(tenant) ?? "")).resolves.toBe("done");
      expect(await heldIds()).toHaveLength(tenants.length - index - 1);
    }
  });

  test("what a worker puts aside after the resumption is released, too", async () => {
    const runtime = await backend.running([{ task: other, run: () => "done" }]);
    await pauseTenant(backend.database, "7");
    await runtime.lookAtSettings();
    await resumeTenant(backend.database, "7", now(runtime));
    // This worker has not heard of it yet.
    const { id } = await other.enqueue(runtime, { clientId: 7 });
    await expect(runtime.result(id, "60s")).resolves.toBe("done");
  });

  test("a type that is parked for its own limit is put aside when it is paused", async () => {
    const runtime = await backend.running([
      {
        task: narrow,
        run: (_params, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
      },
    ]);
    const accepted = await narrow.enqueueMany(runtime, [{}, {}, {}]);
    await eventually(async () => runtime.worker?.reserved().length === 2);
    await pauseType(backend.database, "narrow");
    await runtime.lookAtSettings();
    await eventually(async () => (await heldIds()).length === 2);
    // The books may say it a moment before the worker does.
    await eventually(async () => runtime.worker?.reserved().length === 0);
    // What runs goes on; held ones can be revoked.
    expect(runtime.worker?.active()).toHaveLength(1);
    const [held = ""] = await heldIds();
    await expect(runtime.revoke(held)).resolves.toBe("revoked");
    expect((await runtime.getTask(held)).state).toBe("REVOKED");
    expect(accepted).toHaveLength(3);
  });

  test("a pause outlives every process", async () => {
    const first = await backend.running([{ task: other, run: () => "done" }]);
    await pauseType(backend.database, "other");
    await first.stop(1_000);
    const second = await backend.running([{ task: other, run: () => "done" }]);
    const { id } = await other.enqueue(second, {});
    await eventually(async () => (await heldIds()).includes(id));
  });
});
