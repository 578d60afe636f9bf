/** Why a task is not running, asked of real books in each of the states a task can be in. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { explainTask, explainUniqueKey } from "../../runtime/control/index.ts";
import { defineTask, type Runtime } from "../../runtime/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const linger = defineTask({ name: "linger", params: z.object({}) });
const faulty = defineTask({ name: "faulty", params: z.object({}), retryDelay: "1h", maxRetries: 1 });
const poison = defineTask({ name: "poison", params: z.object({}), maxRetries: 0 });
const unknown = defineTask({ name: "unknown_here", params: z.object({}) });

describe.each(availableBackends())("explain on %s", (name) => {
  let backend: Backend;
  let runtime: Runtime;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const table of ["task", "task_queue", "worker", "task_unique_key"]) {
      await backend.database.query(`delete from ${table}`);
    }
  }, 400_000);
  afterAll(() => backend.close());

  const fail = (message: string) => () => {
    throw new Error(message);
  };
  async function start(options: { concurrency?: number; queues?: string[] } = {}) {
    runtime = await backend.running(
      [
        {
          task: linger,
          run: (_params, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
        },
        { task: faulty, run: fail("smtp is down") },
        { task: poison, run: fail("it is broken") },
      ],
      options,
    );
    runtime.define(unknown);
  }
  const parts = () => ({ database: backend.database, registry: runtime.registry, now: runtime.parts.clock.now() });
  const explain = async (id: string) => (await explainTask(parts(), id)).reasons;
  /** A worker that stood still for longer than its lease is none, until its next heartbeat. */
  const whileItsWorkerLives = (look: () => Promise<void>) =>
    eventually(async () => {
      await look();
      return true;
    });

  test("runs, and others wait behind it, each knowing its place", async () => {
    await start({ concurrency: 1 });
    const first = await linger.enqueue(runtime, {});
    await eventually(async () => runtime.worker?.active().length === 1);
    const queued: { readonly id: string }[] = [];
    for (let n = 0; n < 3; n++) queued.push(await linger.enqueue(runtime, {}));
    await linger.enqueue(runtime, {}, { priority: 9 });
    expect(await explain(first.id)).toMatchObject([{ code: "RUNNING", detail: { worker: runtime.worker?.worker } }]);
    const ahead = async (index: number) => (await explain(queued[index]?.id ?? ""))[0];
    await whileItsWorkerLives(async () => {
      const [next, last] = [await ahead(0), await ahead(2)];
      expect(next).toMatchObject({ code: "AHEAD", detail: { tasks: 0, inHigherLanes: 1, slots: { size: 1 } } });
      expect(last).toMatchObject({ code: "AHEAD", detail: { tasks: 2, inHigherLanes: 1, lane: "normal" } });
    });
  });

  test("its queue is paused, or nobody takes from it, or nobody can run it", async () => {
    await start({ queues: ["default"] });
    await runtime.pauseQueue("default", "olga");
    const paused = await linger.enqueue(runtime, {});
    await whileItsWorkerLives(async () => {
      expect(await explain(paused.id)).toMatchObject([
        { code: "QUEUE_PAUSED", detail: { by: "olga" } },
        { code: "AHEAD" },
      ]);
    });
    const elsewhere = await linger.enqueue(runtime, {}, { queue: "reports" });
    await whileItsWorkerLives(async () => {
      expect((await explain(elsewhere.id))[0]).toMatchObject({
        code: "NO_CONSUMER",
        message: "no worker takes from the queue reports",
      });
    });
    const strange = await unknown.enqueue(runtime, {}, { countdown: "1h" });
    expect((await explain(strange.id)).map(({ code }) => code)).toEqual(["SCHEDULED", "QUEUE_PAUSED", "NO_CONSUMER"]);
    // One that could, but has been silent for longer than a lease, does not count.
    await backend.database.query(
      `insert into worker (id, host, pid, queues, tasks, concurrency, heartbeat_at)
       values ('silent', 'h', 1, '{reports}', '{linger}', 1, clock_timestamp() - interval '8 seconds')`,
    );
    expect((await explain(elsewhere.id))[0]).toMatchObject({ code: "NO_CONSUMER" });
    // Until its next heartbeat, which may come in between.
    await eventually(async () => {
      await backend.database.query("update worker set heartbeat_at = now() - interval '1 hour', state = 'lost'");
      return (await explain(elsewhere.id))[0]?.message === "no worker is running";
    });
  });

  test("waits for its time, its retry, its children", async () => {
    await start();
    const later = await linger.enqueue(runtime, {}, { countdown: "1h" });
    await whileItsWorkerLives(async () => {
      const detail = { at: expect.stringMatching(/Z$/) };
      expect(await explain(later.id)).toMatchObject([{ code: "SCHEDULED", detail }]);
    });
    const { id } = await faulty.enqueue(runtime, {});
    await eventually(async () => (await runtime.getTask(id)).state === "RETRY");
    await whileItsWorkerLives(async () => {
      const detail = { retries: 1, lastError: "smtp is down" };
      expect(await explain(id)).toMatchObject([{ code: "RETRY_AT", detail }]);
    });
    const group = await runtime.group([linger.with({}, { countdown: "1h" }), linger.with({}, { countdown: "1h" })]);
    expect(await explain(group.id)).toMatchObject([
      { code: "WAITING_FOR_CHILDREN", detail: { pending: 2, byState: { SCHEDULED: 2 } } },
    ]);
  });

  test("has ended, and where its dead letter is", async () => {
    await start();
    const { id } = await poison.enqueue(runtime, {});
    await eventually(async () => (await runtime.getTask(id)).state === "FAILURE");
    const { rows } = await backend.database.query<{ id: string }>(
      "select id from dead_letter where task_id = $1::uuid",
      [id],
    );
    expect(await explain(id)).toMatchObject([
      { code: "ENDED", detail: { state: "FAILURE", error: "it is broken", deadLetter: rows[0]?.id } },
    ]);
    await expect(explain("0190aaaa-0000-7000-8000-000000000001")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    await expect(explain("; drop table task")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
  });

  test("a unique key is held by a task, and that one's reasons are told", async () => {
    await start();
    const { id } = await linger.enqueue(runtime, {}, { uniqueKey: "nightly/7", countdown: "1h" });
    await whileItsWorkerLives(async () => {
      expect((await explainUniqueKey(parts(), "nightly/7")).reasons).toMatchObject([
        { code: "UNIQUE_KEY_HELD", detail: { holder: id, key: "nightly/7" } },
        { code: "SCHEDULED" },
      ]);
    });
    await runtime.revoke(id);
    await expect(explainUniqueKey(parts(), "nightly/7")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
  });
});
