/** After an outage: what waits is let go, what has given up runs again once, what nobody wants is dismissed or purged. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { pauseType } from "../../runtime/control/index.ts";
import { defineTask, Reject, type Runtime } from "../../runtime/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const params = z.object({ to: z.string().default("a") });
const mail = defineTask({ name: "mail", params, queue: "email", maxRetries: 5, retryDelay: "5m" });
const slow = defineTask({ name: "slow", params, queue: "reports", rateLimit: "1/h" });
const note = defineTask({ name: "note", params });
const TABLES = [
  "task",
  "task_history",
  "task_result",
  "task_attempt",
  "dead_letter",
  "task_type",
  "task_rate",
  "worker",
];

describe.each(availableBackends())("operators on %s", (name) => {
  let backend: Backend;
  let server: "up" | "down" | "refuses" = "up";
  const sent: string[] = [];
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    server = "up";
    sent.length = 0;
    for (const table of TABLES) await backend.database.query(`delete from ${table}`);
  }, 400_000);
  afterAll(() => backend.close());

  const open = () =>
    backend.running([
      {
        task: mail,
        run: ({ to }: { to: string }) => {
          if (server === "down") throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
          if (server === "refuses") throw new Reject(`550 no such user ${to}`);
          sent.push(to);
          return { to };
        },
      } as never,
      { task: slow, run: () => "done" },
      { task: note, run: () => ({ said: "yes" }) },
    ]);
  const states = async (runtime: Runtime, ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await runtime.resultOf(id)).state));
  const until = (runtime: Runtime, ids: readonly string[], state: string) =>
    eventually(async () => (await states(runtime, ids)).every((one) => one === state), 30_000);
  const enqueue = async (runtime: Runtime, ...recipients: string[]) =>
    (
      await mail.enqueueMany(
        runtime,
        recipients.map((to) => ({ to })),
      )
    ).map(({ id }) => id);

  test("what waits for another attempt is let go at once, by filter, and what is held or over its rate stays", async () => {
    const runtime = await open();
    server = "down";
    const ids = await enqueue(runtime, "anna", "ben", "cleo");
    await until(runtime, ids, "RETRY");
    // Put aside by a pause; and a second start of an hourly task.
    await pauseType(backend.database, "note");
    await runtime.lookAtSettings();
    const held = await note.enqueue(runtime, {});
    const limited = await slow.enqueueMany(runtime, [{}, {}]);
    await eventually(async () => {
      const { rows } = await backend.database.query<{ held: number; slots: number }>(
        "select count(held_for)::integer as held, count(*) filter (where rate_slot)::integer as slots from task",
      );
      return rows[0]?.held === 1 && rows[0].slots === 1;
    }, 180_000);
    server = "up";

    const { operator } = runtime;
    await expect(operator.runNow({ queue: "email" }, { dryRun: true })).resolves.toEqual({
      ...{ dryRun: true, matched: 3, byState: { RETRY: 3 }, held: 0, rateLimited: 0, released: 0 },
    });
    expect(await states(runtime, ids)).toEqual(["RETRY", "RETRY", "RETRY"]);
    await expect(operator.runNow({ text: "ANNA" })).resolves.toMatchObject({ matched: 1, released: 1 });
    await until(runtime, ids.slice(0, 1), "SUCCESS");
    expect(await states(runtime, ids.slice(1))).toEqual(["RETRY", "RETRY"]);
    await expect(operator.runNow({ queue: "email" })).resolves.toMatchObject({ matched: 2, released: 2 });
    await until(runtime, ids, "SUCCESS");
    expect([...sent].sort()).toEqual(["anna", "ben", "cleo"]);

    await expect(operator.runNow({ name: "note" })).resolves.toMatchObject({ matched: 1, held: 1, released: 0 });
    await expect(operator.runNow({ name: "slow" })).resolves.toMatchObject({ matched: 1, rateLimited: 1, released: 0 });
    expect(await states(runtime, [held.id])).toEqual(["SCHEDULED"]);
    // The one that has its slot may still be on its way to its end.
    const ofSlow = limited.map(({ id }) => id);
    await eventually(async () => (await states(runtime, ofSlow)).includes("SUCCESS"), 60_000);
    expect((await states(runtime, ofSlow)).sort()).toEqual(["SCHEDULED", "SUCCESS"]);
  }, 300_000);

  test("at a rate they are due one after the other, none later than before", async () => {
    const runtime = backend.runtime({ queues: [] });
    for (const task of [mail, slow, note]) runtime.define(task);
    await runtime.open();
    const ids = (await mail.enqueueMany(runtime, [{}, {}, {}], { countdown: "1h" })).map(({ id }) => id);
    const soon = await mail.enqueue(runtime, {}, { countdown: "90s" });
    const began = runtime.parts.clock.now();
    await expect(runtime.operator.runNow({ name: "mail" }, { rate: "1/m" })).resolves.toMatchObject({ released: 4 });
    const due = async (id: string) =>
      Math.round((Date.parse((await runtime.getTask(id)).dueAt ?? new Date(began).toISOString()) - began) / 1_000);
    // The one that was due first goes first, and at once.
    expect(await due(soon.id)).toBeLessThan(15);
    for (const [index, id] of ids.entries()) expect(Math.abs((await due(id)) - 60 * (index + 1))).toBeLessThan(15);
    await expect(runtime.operator.runNow({ name: "mail" }, { rate: "often" })).rejects.toMatchObject({
      code: "RATE_NOTATION",
    });
  }, 400_000);

  test("one task is named by its id: unknown, ended, and what waits for nothing are told apart", async () => {
    const runtime = await open();
    const [id = ""] = await enqueue(runtime, "anna");
    await until(runtime, [id], "SUCCESS");
    const { operator } = runtime;
    await expect(operator.runNow(id)).rejects.toMatchObject({ code: "TASK_FINISHED" });
    await expect(operator.runNow("0190aaaa-0000-7000-8000-000000000000")).rejects.toMatchObject({
      code: "TASK_NOT_FOUND",
    });
    await expect(operator.runNow("x")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    await expect(operator.runNow({})).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    await runtime.pauseQueue("email");
    const [waits = ""] = await enqueue(runtime, "ben");
    await expect(operator.runNow(waits)).resolves.toMatchObject({ matched: 0, released: 0 });
    await runtime.resumeQueue("email");
    await until(runtime, [waits], "SUCCESS");
  }, 400_000);

  test("dead letters are found by task, queue, code, text and time, requeued at a rate, dismissed", async () => {
    const runtime = await open();
    server = "refuses";
    const ids = await enqueue(runtime, "anna", "ben", "cleo");
    await until(runtime, ids, "FAILURE");
    const { operator } = runtime;
    const found = async (filter: object) =>
      (await runtime.deadLetters(filter)).items.map(({ taskId }) => taskId).sort();
    expect(await found({ code: "TASK_REJECTED" })).toEqual([...ids].sort());
    expect(await found({ code: "ECONNREFUSED" })).toEqual([]);
    expect(await found({ text: "USER BEN" })).toEqual([ids[1]]);
    expect(await found({ queue: "email_queue", name: "mail" })).toHaveLength(3);
    expect(await found({ since: new Date(runtime.parts.clock.now() + 60_000) })).toEqual([]);
    expect(await found({ until: new Date(runtime.parts.clock.now() + 60_000) })).toHaveLength(3);
    const [first] = (await runtime.deadLetters({ text: "anna" })).items;
    expect(await operator.deadLetter(first?.id ?? "")).toEqual(first);
    await expect(operator.deadLetter("0190aaaa-0000-7000-8000-000000000000")).rejects.toMatchObject({
      code: "DEAD_LETTER_NOT_FOUND",
    });

    server = "up";
    const counted = { matched: 2, byName: { mail: 2 } };
    const two = { ids: (await runtime.deadLetters()).items.slice(0, 2).map(({ id }) => id) };
    await expect(operator.requeueDeadLetters(two, { dryRun: true })).resolves.toMatchObject({
      ...counted,
      dryRun: true,
    });
    const outcome = await operator.requeueDeadLetters({ ...two, queue: "email" }, { rate: "1/h", by: "olga" });
    expect(outcome).toMatchObject({ ...counted, refused: [], left: 0 });
    await until(runtime, outcome.requeued.slice(0, 1), "SUCCESS");
    // The second is due in an hour.
    expect(await states(runtime, outcome.requeued.slice(1))).toEqual(["SCHEDULED"]);
    await expect(operator.requeueDeadLetters({}, { limit: 1, dryRun: true })).resolves.toMatchObject({ matched: 1 });
    await expect(operator.dismissDeadLetters({ code: "OTHER" })).resolves.toMatchObject({ dismissed: 0 });
    await expect(operator.dismissDeadLetters({}, { by: "olga", dryRun: true })).resolves.toMatchObject({ matched: 1 });
    await expect(operator.dismissDeadLetters({}, { by: "olga" })).resolves.toMatchObject({ dismissed: 1 });
    expect(await found({})).toEqual([]);
    expect(await found({ handled: true })).toEqual([...ids].sort());
  }, 300_000);

  test("finished tasks run again once, however often and by however many it is asked for", async () => {
    const runtime = await open();
    server = "refuses";
    const ids = await enqueue(runtime, "anna", "ben", "cleo", "dora");
    await until(runtime, ids, "FAILURE");
    server = "up";
    const { operator } = runtime;
    const [anna = "", ...others] = ids;
    const again = await runtime.retry(anna, "olga");
    await until(runtime, [again.id], "SUCCESS");
    // Its dead letter is handled by that.
    expect((await runtime.deadLetters()).items.map(({ taskId }) => taskId)).not.toContain(anna);
    expect((await runtime.deadLetters({ handled: true })).items).toMatchObject([
      { taskId: anna, handledBy: "olga", requeuedAs: again.id },
    ]);
    const unknown = "0190aaaa-0000-7000-8000-000000000000";
    const waiting = await mail.enqueue(runtime, {}, { countdown: "1h" });
    const dry = await operator.retryMany({ ids: [...ids, unknown, waiting.id] }, { dryRun: true });
    expect(dry).toMatchObject({ matched: 3, byState: { FAILURE: 3 }, retried: [], left: 0 });
    expect(dry.refused).toEqual([
      { id: anna, code: "TASK_RETRIED" },
      { id: unknown, code: "TASK_NOT_FOUND" },
      { id: waiting.id, code: "TASK_NOT_FINISHED" },
    ]);
    const filter = { name: "mail", states: ["FAILURE"] as const, code: "TASK_REJECTED" };
    await expect(operator.retryMany(filter, { limit: 1 })).resolves.toMatchObject({ matched: 3, left: 2 });
    const both = await Promise.all([operator.retryMany(filter), operator.retryMany(filter)]);
    const retried = both.flatMap((one) => one.retried.map(({ id }) => id));
    expect(new Set(retried).size).toBe(2);
    expect(retried).toHaveLength(2);
    for (const { refused } of both) for (const { code } of refused) expect(code).toBe("TASK_RETRIED");
    await eventually(async () => sent.length === 4, 30_000);
    expect([...sent].sort()).toEqual(["anna", "ben", "cleo", "dora"]);
    await expect(operator.retryMany(filter)).resolves.toMatchObject({ matched: 0, retried: [] });
    await expect(operator.requeueDeadLetters({})).resolves.toMatchObject({ matched: 0 });
    expect(others).toHaveLength(3);
    await expect(operator.retryMany({ states: ["FAILURE"] })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
  }, 300_000);

  test("what is refused does not stand in the way, and a rate goes on where the call before it stopped", async () => {
    const gone = defineTask({ name: "gone", params });
    const first = await backend.running([
      { task: gone, run: () => Promise.reject(new Reject("no")) },
      { task: mail, run: () => Promise.reject(new Reject("no")) },
    ]);
    const stuck = [(await gone.enqueue(first, {})).id, (await gone.enqueue(first, {})).id];
    await until(first, stuck, "FAILURE");
    const mails = await enqueue(first, "anna", "ben", "cleo", "dora");
    await until(first, mails, "FAILURE");
    await first.stop(1_000);
    await backend.database.query("insert into dead_letter (queue, raw, error) values ('default', 'x', '{}')");
    await backend.database.query(
      "update dead_letter set created_at = created_at - interval '1 hour' where name is null",
    );

    // A process that knows nothing of the task any more.
    const runtime = backend.runtime({ queues: [] });
    runtime.define(mail);
    await runtime.open();
    const { operator } = runtime;
    const began = runtime.parts.clock.now();
    const due = async (id: string) => {
      const { dueAt } = await runtime.getTask(id);
      return dueAt === null ? 0 : Math.round((Date.parse(dueAt) - began) / 60_000);
    };
    const letters = await operator.requeueDeadLetters({}, { limit: 2, rate: "1/h" });
    expect(letters).toMatchObject({ matched: 6, byName: { gone: 2, mail: 4 }, left: 2 });
    expect(letters.refused.map(({ code }) => code)).toEqual(["TASK_UNKNOWN", "TASK_UNKNOWN"]);
    expect(await Promise.all(letters.requeued.map(due))).toEqual([0, 60]);
    const again = await operator.retryMany({ queue: "email", states: ["FAILURE"] }, { limit: 1, rate: "1/h" });
    expect(again).toMatchObject({ matched: 2, left: 1 });
    const ended = await operator.retryMany(
      { ids: [...stuck, ...mails], states: ["FAILURE"] },
      { limit: 1, rate: "1/h" },
    );
    expect(ended).toMatchObject({ matched: 3, left: 0 });
    const retried = [...again.retried, ...ended.retried].map(({ retriedAs }) => retriedAs);
    expect(await Promise.all(retried.map(due))).toEqual([120, 180]);
    expect(ended.refused.filter(({ code }) => code === "TASK_RETRIED")).toHaveLength(3);
    expect(ended.refused.filter(({ code }) => code === "TASK_UNKNOWN").map(({ id }) => id)).toEqual(stuck);
    const other = await operator.retryMany({ ids: stuck, states: ["SUCCESS"] });
    expect(other).toMatchObject({ matched: 0, refused: stuck.map((id) => ({ id, code: "TASK_NOT_MEANT" })) });
  }, 300_000);

  test("what was purged by mistake can be run again", async () => {
    const runtime = await open();
    await runtime.pauseQueue("email");
    const ids = await enqueue(runtime, "anna", "ben");
    const { operator } = runtime;
    await expect(operator.purge("email", { dryRun: true })).resolves.toEqual({ dryRun: true, matched: 2, purged: 0 });
    await expect(operator.purge("email", { olderThan: "1h" })).resolves.toMatchObject({ matched: 0, purged: 0 });
    await backend.database.query("update task set created_at = created_at - interval '2 hours' where id = $1::uuid", [
      ids[0] ?? "",
    ]);
    await expect(operator.purge("email_queue", { olderThan: "1h" })).resolves.toMatchObject({ matched: 1, purged: 1 });
    expect(await states(runtime, ids)).toEqual(["REVOKED", "QUEUED"]);
    // The younger one is still delivered.
    await runtime.resumeQueue("email");
    await until(runtime, ids.slice(1), "SUCCESS");
    await expect(operator.retryMany({ queue: "email", states: ["REVOKED"] })).resolves.toMatchObject({ matched: 1 });
    await eventually(async () => sent.length === 2, 30_000);
    expect([...sent].sort()).toEqual(["anna", "ben"]);
  }, 300_000);

  test("a result is waited for, read, and forgotten", async () => {
    const runtime = await open();
    const { id } = await note.enqueue(runtime, {}, { countdown: "1h" });
    expect(await runtime.resultOf(id)).toMatchObject({ state: "SCHEDULED", isReady: false, hasResult: false });
    expect(await runtime.resultOf(id, "10ms")).toMatchObject({ isReady: false });
    await expect(runtime.operator.forgetResult(id)).rejects.toMatchObject({ code: "TASK_NOT_FINISHED" });
    const waiting = runtime.resultOf(id, "60s");
    await runtime.operator.runNow(id);
    expect(await waiting).toMatchObject({
      ...{ name: "note", state: "SUCCESS", isReady: true, hasResult: true, result: { said: "yes" }, error: null },
    });
    await expect(runtime.operator.forgetResult(id)).resolves.toBe(true);
    await expect(runtime.operator.forgetResult(id)).resolves.toBe(false);
    expect(await runtime.resultOf(id)).toMatchObject({ state: "SUCCESS", hasResult: false, result: null });
    expect(await runtime.getTask(id)).toMatchObject({ state: "SUCCESS", hasResult: false });
    const nobody = "0190aaaa-0000-7000-8000-000000000000";
    await expect(runtime.resultOf(nobody, "10s")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    await expect(runtime.operator.forgetResult(nobody)).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
  }, 400_000);

  test("the doctor tells what is stuck, retried, paused, held and dead, and that nothing is when nothing is", async () => {
    const runtime = await open();
    const codes = async () => (await runtime.operator.checkTasks()).map(({ code, subject }) => `${code} ${subject}`);
    expect(await codes()).toEqual([]);
    server = "down";
    await until(runtime, await enqueue(runtime, "anna", "ben"), "RETRY");
    server = "refuses";
    await until(runtime, await enqueue(runtime, "cleo"), "FAILURE");
    await runtime.pauseQueue("email");
    await enqueue(runtime, "dora");
    await pauseType(backend.database, "note");
    await runtime.lookAtSettings();
    await note.enqueue(runtime, {});
    await eventually(async () => (await codes()).length === 4, 30_000);
    const findings = await runtime.operator.checkTasks();
    expect(findings.map(({ code, subject, severity }) => [code, subject, severity])).toEqual([
      ["QUEUE_PAUSED", "email", "warning"],
      ["TASKS_HELD", "note", "warning"],
      ["RETRYING", "mail", "warning"],
      ["DEAD_LETTERS", "mail", "warning"],
    ]);
    const message = (of: string) => findings.find(({ code }) => code === of)?.message;
    expect(message("RETRYING")).toMatch(/^2 failed and wait for another attempt, .*ECONNREFUSED$/);
    expect(message("DEAD_LETTERS")).toMatch(/^1 dead letter since .*550 no such user cleo$/);
    expect(message("QUEUE_PAUSED")).toMatch(/^1 task waits; it has been paused since /);
    // Nobody takes from the queue any more.
    await runtime.drain(1_000);
    await backend.database.query("delete from worker");
    expect(await codes()).toContain("QUEUE_UNATTENDED email");
  }, 300_000);
});
