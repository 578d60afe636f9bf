/** What every backend promises about tasks. One suite, run on each. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { type AnyTask, defineTask, type InlineHandler, Reject, Retry, type TaskContext } from "../../runtime/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const add = defineTask({
  name: "add",
  params: z.object({ a: z.number(), b: z.number() }),
  result: z.object({ sum: z.number() }),
});
const note = defineTask({ name: "note", params: z.object({ text: z.string() }), maxRetries: 0 });

const adds: InlineHandler = { task: add, run: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }) };

function notes(seen: string[]): InlineHandler {
  return { task: note, run: async ({ text }: { text: string }) => void seen.push(text) };
}

function handler<Params>(task: AnyTask, run: (params: Params, context: TaskContext) => unknown): InlineHandler {
  return { task, run: (params, context) => run(params as Params, context) };
}

/** An operator's revocation that arrives exactly while the gate asks for a slot. */
const REVOKE_AT_THE_GATE = `
create function revoke_at_the_gate() returns trigger language plpgsql as $$ begin
  update task set revocation = '{"terminate":false,"graceMs":0}' where name = 'gated' and state = 'STARTED';
  return null;
end $$;
create trigger revoke_at_the_gate after insert or update on task_rate execute function revoke_at_the_gate();`;

describe.each(availableBackends())("tasks on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(() => backend.reset(), 180_000);
  afterAll(() => backend.close(), 180_000);

  test("a task runs once and its result can be waited for and read", async () => {
    const runtime = await backend.running([adds]);
    await expect(add.callAndWait(runtime, { a: 1, b: 2 })).resolves.toEqual({ sum: 3 });
    const { id } = await add.enqueue(runtime, { a: 2, b: 2 });
    await runtime.result(id);
    const view = await runtime.getTask(id);
    expect(view).toMatchObject({ state: "SUCCESS", name: "add", attempt: 1, retries: 0, result: { sum: 4 } });
    expect(view.finishedAt).not.toBeNull();
  });

  test("three thousand tasks accepted together run exactly once each", async () => {
    const ran = new Map<number, number>();
    const count = defineTask({ name: "count", params: z.object({ n: z.number() }) });
    const runtime = await backend.running(
      [handler<{ n: number }>(count, async ({ n }) => void ran.set(n, (ran.get(n) ?? 0) + 1))],
      { concurrency: 200 },
    );
    const accepted = await count.enqueueMany(
      runtime,
      Array.from({ length: 3_000 }, (_, n) => ({ n })),
    );
    expect(new Set(accepted.map((task) => task.id)).size).toBe(3_000);
    await eventually(async () => ran.size === 3_000, 60_000);
    await eventually(
      async () => (await backend.database.query("select 1 from task where name = 'count'")).rows.length === 0,
    );
    expect([...ran.values()].every((times) => times === 1)).toBe(true);
  }, 400_000);

  test("wrong parameters and options are refused at the door with the field named", async () => {
    const runtime = await backend.running([adds]);
    const wrong = { a: 1, b: "two" } as unknown as { a: number; b: number };
    await expect(add.enqueue(runtime, wrong)).rejects.toMatchObject({
      code: "PARAMS_INVALID",
      fields: [{ field: "params.b" }],
    });
    await expect(add.enqueueMany(runtime, [{ a: 1, b: 1 }, wrong])).rejects.toMatchObject({
      fields: [{ field: "[1].params.b" }],
    });
    await expect(add.enqueue(runtime, { a: 1, b: 1 }, { priority: 11 })).rejects.toMatchObject({
      code: "OPTIONS_INVALID",
      fields: [{ field: "options.priority" }],
    });
    await expect(add.enqueue(runtime, { a: 1, b: 1 }, { queue: "nowhere" })).rejects.toMatchObject({
      code: "QUEUE_UNKNOWN",
    });
  });

  test("parameters are checked again at the worker, and what does not fit becomes a dead letter", async () => {
    const runtime = await backend.running([adds]);
    const lax = defineTask({ name: "add", params: z.object({ a: z.unknown() }) });
    const { id } = await runtime.enqueue(lax, { a: "x" });
    await expect(runtime.result(id)).rejects.toMatchObject({ code: "TASK_FAILED" });
    const letters = await runtime.deadLetters({ name: "add" });
    expect(letters.items.find((letter) => letter.taskId === id)).toMatchObject({ error: { code: "PARAMS_INVALID" } });
  });

  test("a task of a name nobody here can run becomes a dead letter", async () => {
    const runtime = await backend.running([adds]);
    const stranger = defineTask({ name: "stranger", params: z.object({}) });
    const { id } = await stranger.enqueue(runtime, {});
    await expect(runtime.result(id)).rejects.toMatchObject({ details: { error: { code: "TASK_UNKNOWN" } } });
  });

  test("a task that only another worker can run is left to it", async () => {
    await backend.running([adds]);
    const seen: string[] = [];
    const able = await backend.running([notes(seen)]);
    const many = await note.enqueueMany(
      able,
      Array.from({ length: 6 }, (_, n) => ({ text: String(n) })),
    );
    for (const { id } of many) await able.result(id);
    expect(seen).toHaveLength(6);
    expect((await able.deadLetters({ name: "note" })).items).toEqual([]);
  });

  test("a countdown is not run early and not much later", async () => {
    const runtime = await backend.running([adds]);
    const { id, state } = await add.enqueue(runtime, { a: 1, b: 1 }, { countdown: 400 });
    expect(state).toBe("SCHEDULED");
    await runtime.result(id);
    const { startedAt, createdAt } = await runtime.getTask(id);
    const delay = new Date(startedAt ?? 0).getTime() - new Date(createdAt).getTime();
    expect(delay).toBeGreaterThanOrEqual(400);
    expect(delay).toBeLessThan(15_000);
  });

  test("a task that nobody starts in time ends expired, even with no worker", async () => {
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const { id } = await note.enqueue(caller, { text: "too late" }, { expires: 50 });
    await expect(caller.result(id)).rejects.toMatchObject({ details: { state: "REVOKED", reason: "expired" } });
  });

  test("the same taskId with the same payload is the same task; with another payload it is a conflict", async () => {
    const runtime = await backend.running([adds]);
    const taskId = randomUUID();
    const first = await add.enqueue(runtime, { a: 1, b: 2 }, { taskId });
    await runtime.result(taskId);
    const second = await add.enqueue(runtime, { b: 2, a: 1 }, { taskId });
    expect([first.id, first.created, second.id, second.created]).toEqual([taskId, true, taskId, false]);
    await expect(add.enqueue(runtime, { a: 9, b: 9 }, { taskId })).rejects.toMatchObject({ code: "TASK_ID_CONFLICT" });
  });

  test("ten callers with one taskId at once make one task", async () => {
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const taskId = randomUUID();
    const all = await Promise.all(Array.from({ length: 10 }, () => note.enqueue(caller, { text: "once" }, { taskId })));
    expect(all.filter((task) => task.created)).toHaveLength(1);
    await caller.revoke(taskId);
  });

  test("an idempotencyKey names one task for good: again it is the same, with another payload a conflict", async () => {
    const runtime = await backend.running([adds]);
    const idempotencyKey = `order ${randomUUID()}`;
    const first = await add.enqueue(runtime, { a: 1, b: 2 }, { idempotencyKey });
    await runtime.result(first.id);
    const second = await add.enqueue(runtime, { b: 2, a: 1 }, { idempotencyKey });
    expect(second).toMatchObject({ id: first.id, created: false, state: "SUCCESS" });
    const other = { a: 9, b: 9 };
    await expect(add.enqueue(runtime, other, { idempotencyKey })).rejects.toMatchObject({ code: "TASK_ID_CONFLICT" });
    const both = add.enqueue(runtime, other, { idempotencyKey, taskId: randomUUID() });
    await expect(both).rejects.toMatchObject({
      code: "OPTIONS_INVALID",
      fields: [{ field: "options.idempotencyKey", message: "must not be given together with taskId" }],
    });
    // Its id is of the usual kind, so that lists keep their order.
    expect(first.id[14]).toBe("7");
  });

  test("ten callers with one idempotencyKey at once make one task", async () => {
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const idempotencyKey = randomUUID();
    const calls = Array.from({ length: 10 }, () => note.enqueue(caller, { text: "once" }, { idempotencyKey }));
    const all = await Promise.all(calls);
    expect(all.filter((task) => task.created)).toHaveLength(1);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    await caller.revoke(all[0]?.id ?? "");
  });

  test("a uniqueKey is held until its task ends", async () => {
    const runtime = await backend.running([adds]);
    const first = await add.enqueue(runtime, { a: 1, b: 1 }, { uniqueKey: "one", countdown: "1h" });
    const second = await add.enqueue(runtime, { a: 2, b: 2 }, { uniqueKey: "one" });
    expect(second).toMatchObject({ id: first.id, created: false, state: "SCHEDULED" });
    await expect(add.enqueue(runtime, { a: 2, b: 2 }, { uniqueKey: "one", onConflict: "throw" })).rejects.toMatchObject(
      { code: "UNIQUE_KEY_CONFLICT", details: { taskId: first.id } },
    );
    await runtime.revoke(first.id);
    const third = await add.enqueue(runtime, { a: 3, b: 3 }, { uniqueKey: "one" });
    expect(third.created).toBe(true);
    await runtime.result(third.id);
    const fourth = await add.enqueue(runtime, { a: 4, b: 4 }, { uniqueKey: "one" });
    expect(fourth.created).toBe(true);
    await runtime.result(fourth.id);
  });

  test.each(["taskId", "idempotencyKey"])(
    "asked again with a %s, whoever was given the holder of a uniqueKey is given it again, also after its end",
    async (name) => {
      const runtime = await backend.running([adds]);
      const uniqueKey = randomUUID();
      const held = await add.enqueue(runtime, { a: 1, b: 1 }, { uniqueKey, countdown: "1h" });
      const options = { [name]: randomUUID(), uniqueKey };
      const answers = [await add.enqueue(runtime, { a: 2, b: 2 }, options)];
      answers.push(await add.enqueue(runtime, { a: 2, b: 2 }, options));
      await runtime.revoke(held.id);
      answers.push(await add.enqueue(runtime, { a: 2, b: 2 }, options));
      expect(answers.map(({ id, created, state }) => [id, created, state])).toEqual([
        [held.id, false, "SCHEDULED"],
        [held.id, false, "SCHEDULED"],
        [held.id, false, "REVOKED"],
      ]);
      await expect(add.enqueue(runtime, { a: 3, b: 3 }, options)).rejects.toMatchObject({ code: "TASK_ID_CONFLICT" });
    },
  );

  test("a task enqueued in a transaction exists if and only if the transaction commits", async () => {
    const runtime = await backend.running([adds]);
    let lost = "";
    await expect(
      backend.database.transaction(async (tx) => {
        lost = (await add.enqueue(runtime, { a: 1, b: 1 }, { tx })).id;
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await expect(runtime.getTask(lost)).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    const kept = await backend.database.transaction((tx) => add.enqueue(runtime, { a: 5, b: 5 }, { tx }));
    await expect(runtime.result(kept.id)).resolves.toEqual({ sum: 10 });
  });

  test("enqueueing past one's own open transaction is a named error, not a hang", async () => {
    const runtime = await backend.running([adds]);
    await expect(backend.database.transaction(() => add.enqueue(runtime, { a: 1, b: 1 }))).rejects.toMatchObject({
      code: "QUERY_OUTSIDE_TRANSACTION",
    });
  });

  test("a hundred calls at once are a hundred tasks, each with its own headers", async () => {
    const seen: string[] = [];
    const runtime = await backend.running([
      handler<{ text: string }>(note, async ({ text }, { headers }) => void seen.push(`${text} ${headers.n}`)),
    ]);
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, n) => note.enqueue(runtime, { text: String(n) }, { headers: { n: String(n) } })),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(100);
    await eventually(async () => seen.length === 100);
    expect(seen.every((line) => line.split(" ")[0] === line.split(" ")[1])).toBe(true);
  });

  test("a failing task is retried by its policy, and every attempt's error is kept", async () => {
    const flaky = defineTask({ name: "flaky", params: z.object({}), maxRetries: 2, retryDelay: 20 });
    let tries = 0;
    const runtime = await backend.running([
      handler(flaky, async () => {
        tries++;
        if (tries < 3) throw new Error(`try ${tries}`);
        return tries;
      }),
    ]);
    await expect(flaky.callAndWait(runtime, {})).resolves.toBe(3);
    const page = await runtime.listTasks({ name: "flaky" });
    const view = await runtime.getTask(page.items[0]?.id ?? "");
    expect(view).toMatchObject({ state: "SUCCESS", retries: 2, attempt: 3 });
    expect(view.attempts?.map((attempt) => attempt.error?.message)).toEqual(["try 1", "try 2"]);
    expect(view.attempts?.[0]?.error?.stack).toContain("try 1");
  });

  test("a task that fails for good is a dead letter and can be requeued with edited parameters", async () => {
    const picky = defineTask({ name: "picky", params: z.object({ ok: z.boolean() }), maxRetries: 0 });
    const runtime = await backend.running([
      handler<{ ok: boolean }>(picky, async ({ ok }) => {
        if (!ok) throw new Error("not ok");
        return "fine";
      }),
    ]);
    const { id } = await picky.enqueue(runtime, { ok: false });
    await expect(runtime.result(id)).rejects.toThrow("not ok");
    const [letter] = (await runtime.deadLetters({ name: "picky" })).items;
    expect(letter).toMatchObject({ taskId: id, params: { ok: false }, error: { message: "not ok" } });
    await expect(runtime.requeueDeadLetter(letter?.id ?? "", { params: { ok: 1 } })).rejects.toMatchObject({
      code: "PARAMS_INVALID",
    });
    const again = await runtime.requeueDeadLetter(letter?.id ?? "", { params: { ok: true }, by: "tester" });
    await expect(runtime.result(again.id)).resolves.toBe("fine");
    expect(await runtime.getTask(again.id)).toMatchObject({ retryOf: id });
    await expect(runtime.requeueDeadLetter(letter?.id ?? "")).rejects.toMatchObject({ code: "DEAD_LETTER_HANDLED" });
  });

  test("Reject fails at once and Retry chooses its own delay", async () => {
    const moody = defineTask({ name: "moody", params: z.object({ how: z.string() }), maxRetries: 5, retryDelay: "1h" });
    const runtime = await backend.running([
      handler<{ how: string }>(moody, async ({ how }, { retries }) => {
        if (how === "reject") throw new Reject("never");
        if (retries === 0) throw new Retry({ in: 10 });
        return retries;
      }),
    ]);
    const rejected = await moody.enqueue(runtime, { how: "reject" });
    await expect(runtime.result(rejected.id)).rejects.toMatchObject({ details: { error: { code: "TASK_REJECTED" } } });
    await expect(moody.callAndWait(runtime, { how: "retry" })).resolves.toBe(1);
  });

  test("what is revoked before it runs never runs, and says so", async () => {
    const seen: string[] = [];
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const queued = await note.enqueue(caller, { text: "queued" });
    const scheduled = await note.enqueue(caller, { text: "scheduled" }, { countdown: 300 });
    await expect(caller.revoke(queued.id)).resolves.toBe("revoked");
    await expect(caller.revoke(scheduled.id)).resolves.toBe("revoked");
    await expect(caller.revoke(queued.id)).rejects.toMatchObject({ code: "TASK_FINISHED" });
    await expect(caller.revoke(randomUUID())).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    const runtime = await backend.running([notes(seen)]);
    await note.enqueue(runtime, { text: "after" }, { countdown: 400 });
    await eventually(async () => seen.length > 0);
    expect(seen).toEqual(["after"]);
    expect(await runtime.getTask(queued.id)).toMatchObject({ state: "REVOKED", reason: "revoked" });
  });

  test("a running task is told through its signal, and terminate ends it after its grace", async () => {
    const long = defineTask({ name: "long", params: z.object({ listens: z.boolean() }) });
    const started: string[] = [];
    const runtime = await backend.running([
      handler<{ listens: boolean }>(long, async ({ listens }, { signal, id }) => {
        started.push(id);
        await new Promise((_resolve, reject) => {
          if (listens) signal.addEventListener("abort", () => reject(signal.reason));
        });
      }),
    ]);
    const polite = await long.enqueue(runtime, { listens: true });
    const deaf = await long.enqueue(runtime, { listens: false });
    await eventually(async () => started.length === 2);
    await expect(runtime.revoke(polite.id)).resolves.toBe("requested");
    await expect(runtime.result(polite.id)).rejects.toMatchObject({ details: { state: "REVOKED" } });
    await expect(runtime.revoke(deaf.id, { terminate: true, grace: 50 })).resolves.toBe("requested");
    await expect(runtime.result(deaf.id)).rejects.toMatchObject({ details: { state: "REVOKED" } });
  });

  test("the soft limit aborts the signal and the hard limit ends the attempt", async () => {
    const slow = defineTask({ name: "slow", params: z.object({}), softTimeLimit: 60, timeLimit: 200, maxRetries: 0 });
    let softened = "";
    const runtime = await backend.running([
      handler(slow, async (_params, { signal }) => {
        signal.addEventListener("abort", () => {
          softened = (signal.reason as { code: string }).code;
        });
        await new Promise(() => {});
      }),
    ]);
    const { id } = await slow.enqueue(runtime, {});
    await expect(runtime.result(id)).rejects.toMatchObject({ details: { error: { code: "HARD_TIME_LIMIT" } } });
    expect(softened).toBe("SOFT_TIME_LIMIT");
  });

  test("complete commits effects and completion together, and a lost run commits neither", async () => {
    await backend.database.script("create table if not exists effect (id text primary key)");
    // More retries than one, for a machine on which even the second does not end within the limit.
    const once = defineTask({ name: "once", params: z.object({}), timeLimit: 150, maxRetries: 20, retryDelay: 10 });
    const takenOver = Promise.withResolvers<void>();
    let late: Promise<unknown> | undefined;
    const runtime = await backend.running([
      handler(once, async (_params, task) => {
        if (task.retries === 0) {
          // Still at work when the hard limit has ended it: its completion must be refused.
          await takenOver.promise;
          late = task.complete((tx) => tx.query("insert into effect values ($1)", [`late ${task.id}`]));
          return late;
        }
        takenOver.resolve();
        return task.complete(async (tx) => {
          await tx.query("insert into effect values ($1)", [task.id]);
          return "done";
        });
      }),
    ]);
    const { id } = await once.enqueue(runtime, {});
    await expect(runtime.result(id)).resolves.toBe("done");
    await eventually(async () => late !== undefined);
    await expect(late).rejects.toMatchObject({ code: "TASK_FENCED" });
    const { rows } = await backend.database.query<{ id: string }>("select id from effect");
    expect(rows).toEqual([{ id }]);
  });

  test("progress can be read while the task runs", async () => {
    const steps = defineTask({ name: "steps", params: z.object({}) });
    let finish = () => {};
    const runtime = await backend.running([
      handler(steps, async (_params, { progress }) => {
        progress(0.4, "two of five");
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }),
    ]);
    const { id } = await steps.enqueue(runtime, {});
    const progress = await eventually(async () => (await runtime.getTask(id)).progress ?? undefined);
    expect(progress).toEqual({ fraction: 0.4, message: "two of five" });
    finish();
    await runtime.result(id);
  });

  test("a rate limit holds over two workers, and per key", async () => {
    const limited = defineTask({
      name: "limited",
      params: z.object({ tenant: z.string() }),
      rateLimit: "10/s",
      rateLimitKey: ({ tenant }) => tenant,
    });
    const starts: { at: number; tenant: string }[] = [];
    const run = handler<{ tenant: string }>(
      limited,
      async ({ tenant }) => void starts.push({ at: performance.now(), tenant }),
    );
    const first = await backend.running([run]);
    await backend.running([run]);
    const asked = performance.now();
    await limited.enqueueMany(
      first,
      Array.from({ length: 6 }, () => ({ tenant: "a" })),
    );
    await limited.enqueueMany(
      first,
      Array.from({ length: 3 }, () => ({ tenant: "b" })),
    );
    await eventually(async () => starts.length === 9);
    const took = Math.max(...starts.filter(({ tenant }) => tenant === "a").map(({ at }) => at)) - asked;
    // Five slots of a tenth of a second after the first, whenever that was.
    expect(took).toBeGreaterThanOrEqual(480);
    expect(took).toBeLessThan(20_000);
  });

  test("what is revoked between its claim and its rate's gate ends revoked and does not run later", async () => {
    const seen: number[] = [];
    // Slow enough that the second comes upon a closed gate on any machine.
    const gated = defineTask({ name: "gated", params: z.object({ n: z.number() }), rateLimit: "12/m" });
    const runtime = await backend.running([handler<{ n: number }>(gated, async ({ n }) => void seen.push(n))]);
    const first = await gated.enqueue(runtime, { n: 0 });
    await runtime.result(first.id);
    await backend.database.script(REVOKE_AT_THE_GATE);
    try {
      const { id } = await gated.enqueue(runtime, { n: 1 });
      await expect(runtime.result(id)).rejects.toMatchObject({ details: { state: "REVOKED" } });
      expect(await runtime.getTask(id)).toMatchObject({ state: "REVOKED", reason: "revoked", attempt: 1 });
    } finally {
      await backend.database.script("drop trigger revoke_at_the_gate on task_rate; drop function revoke_at_the_gate");
    }
    await gated.callAndWait(runtime, { n: 2 });
    expect(seen).toEqual([0, 2]);
  });

  test("what is revoked while it waits for a place of its type ends at once, without having run", async () => {
    const narrow = defineTask({ name: "one_by_one", params: z.object({ n: z.number() }), concurrency: 1 });
    const seen: number[] = [];
    const gate = Promise.withResolvers<void>();
    const runtime = await backend.running([
      handler<{ n: number }>(narrow, async ({ n }) => {
        seen.push(n);
        await gate.promise;
      }),
    ]);
    await narrow.enqueueMany(
      runtime,
      Array.from({ length: 5 }, (_, n) => ({ n })),
    );
    const parked = await eventually(async () => runtime.worker?.reserved()[0]);
    await expect(runtime.revoke(parked.id)).resolves.toBe("requested");
    await expect(runtime.result(parked.id)).rejects.toMatchObject({ details: { state: "REVOKED" } });
    expect(await runtime.getTask(parked.id)).toMatchObject({ state: "REVOKED", reason: "revoked" });
    expect(seen).toHaveLength(1);
    gate.resolve();
    await eventually(async () => (await backend.database.query("select 1 from task")).rows.length === 0);
    expect(seen).toHaveLength(4);
  });

  test("a task type runs no more at once than it says", async () => {
    const narrow = defineTask({ name: "narrow", params: z.object({}), concurrency: 2 });
    let running = 0;
    let most = 0;
    let done = 0;
    const runtime = await backend.running(
      [
        handler(narrow, async () => {
          most = Math.max(most, ++running);
          await eventually(async () => most > 1);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running--;
          done++;
        }),
        adds,
      ],
      { concurrency: 10 },
    );
    await narrow.enqueueMany(
      runtime,
      Array.from({ length: 40 }, () => ({})),
    );
    await expect(add.callAndWait(runtime, { a: 1, b: 1 })).resolves.toEqual({ sum: 2 });
    await eventually(async () => done === 40, 60_000);
    expect(most).toBe(2);
  }, 400_000);

  test("a flood in one lane does not starve the others", async () => {
    const order: string[] = [];
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    await note.enqueueMany(
      caller,
      Array.from({ length: 120 }, () => ({ text: "high" })),
      { priority: 9 },
    );
    await note.enqueueMany(
      caller,
      Array.from({ length: 10 }, () => ({ text: "normal" })),
      { priority: 5 },
    );
    await note.enqueueMany(
      caller,
      Array.from({ length: 10 }, () => ({ text: "low" })),
      { priority: 0 },
    );
    await backend.running([notes(order)], { concurrency: 12 });
    await eventually(async () => order.length === 140, 60_000);
    expect(order.indexOf("normal")).toBeLessThan(60);
    expect(order.indexOf("low")).toBeLessThan(80);
    expect(order.slice(0, 40).filter((text) => text === "high").length).toBeGreaterThan(15);
  }, 400_000);

  test("a paused queue hands out nothing until it is resumed", async () => {
    const seen: string[] = [];
    const runtime = await backend.running([notes(seen)]);
    await runtime.pauseQueue("email", "tester");
    const held = await note.enqueue(runtime, { text: "held" }, { queue: "email" });
    await note.enqueue(runtime, { text: "free" });
    await eventually(async () => seen.includes("free"));
    // A count may be some seconds old.
    const email = await eventually(async () => {
      const found = (await runtime.queues()).find((queue) => queue.name === "email");
      return found?.queued === 1 && found;
    });
    expect(email).toMatchObject({ pausedBy: "tester" });
    await runtime.resumeQueue("email");
    await runtime.result(held.id);
    expect(seen).toEqual(["free", "held"]);
  });

  test("what is accepted after another process has paused the queue waits, though no worker has been told yet", async () => {
    const seen: string[] = [];
    await backend.running([notes(seen)]);
    const operator = backend.runtime({ queues: [] });
    await operator.start();
    await operator.pauseQueue("email", "tester");
    const held = await note.enqueue(operator, { text: "held" }, { queue: "email" });
    await note.enqueue(operator, { text: "free" });
    await eventually(async () => seen.includes("free"));
    expect(await operator.getTask(held.id)).toMatchObject({ state: "QUEUED" });
    await operator.resumeQueue("email");
    await operator.result(held.id);
    expect(seen).toEqual(["free", "held"]);
  });

  test("a purge revokes what waits in one queue and leaves the others alone", async () => {
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const gone = await note.enqueueMany(caller, [{ text: "1" }, { text: "2" }], { queue: "reports" });
    const kept = await note.enqueue(caller, { text: "3" });
    await expect(caller.operator.purge("reports")).resolves.toMatchObject({ matched: 2, purged: 2 });
    expect(await caller.getTask(gone[0]?.id ?? "")).toMatchObject({ state: "REVOKED" });
    const seen: string[] = [];
    const runtime = await backend.running([notes(seen)]);
    await runtime.result(kept.id);
    const after = await note.enqueue(runtime, { text: "4" }, { queue: "reports" });
    await runtime.result(after.id);
    expect(seen).toEqual(["3", "4"]);
  });

  test("a purge ends, and leaves what is accepted while it goes on to be delivered", async () => {
    const parcel = defineTask({ name: "parcel", params: z.object({}), queue: "external_api" });
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const many = () => Array.from({ length: 300 }, () => ({}));
    for (let round = 0; round < 10; round++) await parcel.enqueueMany(caller, many());
    let isOver = false;
    const purge = caller.operator.purge("external_api").finally(() => {
      isOver = true;
    });
    const later: string[] = [];
    while (!isOver) later.push(...(await parcel.enqueueMany(caller, many())).map(({ id }) => id));
    const { matched, purged } = await purge;
    expect(purged).toBe(matched);
    const kept = 3_000 + later.length - purged;
    expect(kept).toBeGreaterThan(0);
    let runs = 0;
    await backend.running([handler(parcel, () => ++runs)], { queues: ["external_api"] });
    await eventually(async () => runs >= kept, 90_000);
    expect(runs).toBe(kept);
  }, 240_000);

  test("a group gives its children's results in order; a failed child ends it", async () => {
    const runtime = await backend.running([
      adds,
      handler(note, async () => {
        throw new Reject("no notes");
      }),
    ]);
    const group = await runtime.group([add.with({ a: 1, b: 1 }), add.with({ a: 2, b: 2 }), add.with({ a: 3, b: 3 })]);
    await expect(runtime.result(group.id)).resolves.toEqual([{ sum: 2 }, { sum: 4 }, { sum: 6 }]);
    const broken = await runtime.group([
      add.with({ a: 1, b: 1 }),
      note.with({ text: "x" }),
      add.with({ a: 1, b: 1 }, { countdown: "1h" }),
    ]);
    await expect(runtime.result(broken.id)).rejects.toMatchObject({ details: { error: { code: "CHILD_FAILED" } } });
    await eventually(async () => (await runtime.getTask(broken.id)).children?.every((child) => child.state !== null));
    const tolerant = await runtime.group([add.with({ a: 1, b: 1 }), note.with({ text: "x" })], {
      onChildFailure: "continue",
    });
    await expect(runtime.result(tolerant.id)).resolves.toMatchObject([
      { state: "SUCCESS", result: { sum: 2 } },
      { state: "FAILURE", error: { message: "no notes" } },
    ]);
  });

  test("a chain hands each result to the next step", async () => {
    const runtime = await backend.running([
      adds,
      handler<{ of: { sum: number } }>(
        defineTask({ name: "double", params: z.object({ of: z.object({ sum: z.number() }) }) }),
        ({ of }) => of.sum * 2,
      ),
    ]);
    const double = runtime.registry.get("double");
    const chain = await runtime.chain([
      add.with({ a: 2, b: 3 }),
      { task: double, params: {}, options: undefined, into: "of" },
    ]);
    await expect(runtime.result(chain.id)).resolves.toBe(10);
  });

  test("a task splits its work into chunks, frees its slot, and ends with what they returned", async () => {
    const split = defineTask({ name: "split", params: z.object({ size: z.number() }) });
    const runtime = await backend.running(
      [
        adds,
        handler<{ size: number }>(split, (_params, task) =>
          task.waitFor(Array.from({ length: 25 }, (_, n) => add.with({ a: n, b: 1 }))),
        ),
      ],
      { concurrency: 1 },
    );
    const sums = (await split.callAndWait(runtime, { size: 25 })) as { sum: number }[];
    expect(sums.map(({ sum }) => sum)).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
  });

  test("revoking a parent revokes its children", async () => {
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const group = await caller.group([add.with({ a: 1, b: 1 }), add.with({ a: 2, b: 2 })]);
    await caller.revoke(group.id);
    const states = await eventually(async () => {
      const { children } = await caller.getTask(group.id);
      return children?.every((child) => child.state !== null) ? children.map((child) => child.state) : undefined;
    });
    expect(states).toEqual(["REVOKED", "REVOKED"]);
  });

  test("a draining worker hands back what it cannot finish, and no attempt is used up", async () => {
    const patient = defineTask({ name: "patient", params: z.object({}), maxRetries: 0, maxCrashes: 0 });
    let runs = 0;
    const run = handler(patient, async (_params, { signal }) => {
      if (++runs > 1) return "second run";
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const first = await backend.running([run]);
    const { id } = await patient.enqueue(first, {});
    await eventually(async () => runs === 1);
    await first.stop(50);
    const second = await backend.running([run]);
    await expect(second.result(id)).resolves.toBe("second run");
    expect(await second.getTask(id)).toMatchObject({ retries: 0, crashes: 0, attempt: 2, attempts: [] });
  });

  test("a process that is alone leaves its draining worker's tasks to it while the rescuer looks", async () => {
    const gate = Promise.withResolvers<string>();
    const patient = defineTask({ name: "patient", params: z.object({}), maxRetries: 0 });
    const runtime = await backend.running([handler(patient, () => gate.promise)], { soleProcess: true });
    const { id } = await patient.enqueue(runtime, {});
    await eventually(async () => runtime.worker?.active().length === 1);
    const drained = runtime.drain(120_000);
    // The second one is seen after everything that the first look found was dealt with.
    for (const ghost of ["ghost of a folder's last owner", "ghost of the one before"]) {
      await backend.database.query(
        `insert into worker (id, host, pid, queues, tasks, concurrency, heartbeat_at)
         values ($1, 'h', 1, '{}', '{}', 1, now() - interval '1 hour')`,
        [ghost],
      );
      await eventually(
        async () => (await backend.database.query("select 1 from worker where id = $1", [ghost])).rows.length === 0,
      );
    }
    gate.resolve("done");
    await drained;
    expect(await runtime.getTask(id)).toMatchObject({ state: "SUCCESS", attempt: 1, crashes: 0, attempts: [] });
  }, 400_000);

  test("the task of a dead worker runs elsewhere, and a second death is not at once", async () => {
    const runtime = await backend.running([adds]);
    const caller = backend.runtime({ queues: [] });
    const orphan = await add.enqueue(caller, { a: 4, b: 4 }, { countdown: "1h" });
    await backend.database.query(
      "insert into worker (id, host, pid, queues, tasks, concurrency, heartbeat_at) values ('ghost', 'h', 1, '{}', '{}', 1, now() - interval '1 minute')",
    );
    await backend.database.query(
      "update task set state = 'STARTED', worker = 'ghost', started_at = now() where id = $1::uuid",
      [orphan.id],
    );
    await expect(runtime.result(orphan.id)).resolves.toEqual({ sum: 8 });
    expect(await runtime.getTask(orphan.id)).toMatchObject({ crashes: 1, attempt: 2, attempts: [{ outcome: "lost" }] });
  });

  test("a task that keeps killing its workers becomes a dead letter", async () => {
    const runtime = await backend.running([adds]);
    const poison = await add.enqueue(runtime, { a: 1, b: 1 }, { countdown: "1h" });
    await backend.database.query(
      "insert into worker (id, host, pid, queues, tasks, concurrency, heartbeat_at) values ('grave', 'h', 1, '{}', '{}', 1, now() - interval '1 minute')",
    );
    await backend.database.query(
      "update task set state = 'STARTED', worker = 'grave', crashes = 3 where id = $1::uuid",
      [poison.id],
    );
    await expect(runtime.result(poison.id)).rejects.toMatchObject({
      details: { error: { code: "WORKER_LOST" } },
    });
    expect((await runtime.deadLetters({ name: "add" })).items.some((letter) => letter.taskId === poison.id)).toBe(true);
  });

  test("a worker that was silent for so long that its row is gone comes back and works", async () => {
    const runtime = await backend.running([adds]);
    await backend.database.query("delete from worker");
    await runtime.worker?.lookForRevocations();
    await expect(add.callAndWait(runtime, { a: 1, b: 2 })).resolves.toEqual({ sum: 3 });
    expect(await runtime.workers()).toMatchObject([{ id: runtime.worker?.worker, state: "running" }]);
  });

  test("a worker that has lost its lease gives up what waits for a place, too: nothing of it runs twice", async () => {
    const narrow = defineTask({ name: "one_at_a_time", params: z.object({ n: z.number() }), concurrency: 1 });
    const seen: { n: number; attempt: number }[] = [];
    const gate = Promise.withResolvers<void>();
    const runtime = await backend.running([
      handler<{ n: number }>(narrow, async ({ n }, { attempt }) => {
        seen.push({ n, attempt });
        await gate.promise;
      }),
    ]);
    await narrow.enqueueMany(
      runtime,
      Array.from({ length: 4 }, (_, n) => ({ n })),
    );
    await eventually(async () => (runtime.worker?.reserved().length ?? 0) > 0);
    const parked = runtime.worker?.reserved() ?? [];
    await backend.database.query("update worker set state = 'lost'");
    await runtime.worker?.lookForRevocations();
    gate.resolve();
    await eventually(async () => (await backend.database.query("select 1 from task")).rows.length === 0);
    expect(seen.map(({ n }) => n).sort()).toEqual([0, 1, 2, 3]);
    for (const { id } of parked) expect(await runtime.getTask(id)).toMatchObject({ state: "SUCCESS", attempt: 2 });
  });

  test("how many crashes a task survives is kept with it: a rescuer that does not know the task keeps to it", async () => {
    const fragile = defineTask({ name: "fragile", params: z.object({}), maxCrashes: 0 });
    const tough = defineTask({ name: "tough", params: z.object({}), maxCrashes: 10 });
    const caller = backend.runtime({ queues: [] });
    const first = await fragile.enqueue(caller, {}, { countdown: "1h", maxRetries: 7 });
    const second = await tough.enqueue(caller, {}, { countdown: "1h" });
    await backend.database.query(
      "insert into worker (id, host, pid, queues, tasks, concurrency, heartbeat_at) values ('crypt', 'h', 1, '{}', '{}', 1, now() - interval '1 minute')",
    );
    await backend.database.query(
      "update task set state = 'STARTED', worker = 'crypt', crashes = case name when 'tough' then 8 else 0 end where name in ('fragile', 'tough')",
    );
    const rescuing = await backend.running([adds]);
    await expect(rescuing.result(first.id)).rejects.toMatchObject({
      details: { error: { code: "WORKER_LOST" } },
    });
    expect(await rescuing.getTask(second.id)).toMatchObject({ state: "RETRY", crashes: 9 });
    await rescuing.revoke(second.id);
  });

  test.each(["thread", "process"] as const)(
    "a handler in a %s computes apart, and its result is committed with its effects here",
    async (isolation) => {
      await backend.database.script("create table if not exists apart (id text primary key)");
      const echo = defineTask({ name: `echo-${isolation}`, params: z.object({ n: z.number() }) });
      const runtime = backend.runtime();
      runtime.handle({
        task: echo,
        isolation,
        module: new URL("../support/isolated-handlers/echo.ts", import.meta.url).href,
        commit: async (tx, result) => {
          await tx.query("insert into apart values ($1)", [(result as { task: { id: string } }).task.id]);
          return (result as { params: unknown }).params;
        },
      });
      await runtime.start();
      const { id } = await echo.enqueue(runtime, { n: 7 });
      await expect(runtime.result(id, 90_000)).resolves.toEqual({ n: 7 });
      expect((await backend.database.query("select 1 from apart where id = $1", [id])).rows).toHaveLength(1);
    },
    180_000,
  );

  test.each(["thread", "process"] as const)(
    "an endless loop in a %s is ended at its hard limit",
    async (isolation) => {
      const spin = defineTask({ name: `spin-${isolation}`, params: z.object({}), timeLimit: "1s", maxRetries: 0 });
      const runtime = backend.runtime();
      runtime.handle({
        task: spin,
        isolation,
        module: new URL("../support/isolated-handlers/spins.ts", import.meta.url).href,
      });
      runtime.handle(adds);
      await runtime.start();
      const { id } = await spin.enqueue(runtime, {});
      await eventually(async () => (await runtime.getTask(id)).state !== "QUEUED");
      await expect(add.callAndWait(runtime, { a: 1, b: 1 })).resolves.toEqual({ sum: 2 });
      await expect(runtime.result(id, 90_000)).rejects.toMatchObject({
        details: { error: { code: "HARD_TIME_LIMIT" } },
      });
    },
    180_000,
  );

  test("a task over its memory cap fails, and its neighbours go on", async () => {
    const grow = defineTask({ name: "grow", params: z.object({ mb: z.number(), where: z.string() }), maxRetries: 0 });
    const runtime = backend.runtime();
    runtime.handle({
      task: grow,
      isolation: "process",
      memoryLimitMb: 200,
      module: new URL("../support/isolated-handlers/grows.ts", import.meta.url).href,
    });
    runtime.handle(adds);
    await runtime.start();
    const { id } = await grow.enqueue(runtime, { mb: 2_000, where: "buffers" });
    await expect(runtime.result(id, 90_000)).rejects.toMatchObject({ details: { error: { code: "MEMORY_LIMIT" } } });
    await expect(add.callAndWait(runtime, { a: 1, b: 1 })).resolves.toEqual({ sum: 2 });
  }, 400_000);

  test("results expire before their rows", async () => {
    const runtime = await backend.running([adds]);
    const { id } = await add.enqueue(runtime, { a: 1, b: 1 }, { resultExpires: 30 });
    await eventually(async () => (await runtime.getTask(id)).state === "SUCCESS");
    await eventually(async () => !(await runtime.getTask(id)).hasResult);
    expect((await runtime.getTask(id)).state).toBe("SUCCESS");
  });

  test("a worker tells of what it does in batches of events", async () => {
    const types: string[] = [];
    const runtime = await backend.running([adds], {
      onEvents: ({ events }) => types.push(...events.map((event) => event.type)),
    });
    await add.callAndWait(runtime, { a: 1, b: 1 });
    await eventually(async () => types.includes("succeeded"));
    expect(types).toEqual(["received", "started", "succeeded"]);
  });
});
