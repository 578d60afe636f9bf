/** The callers users test with: eager, with the rules of the real thing, and recording. */
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";

import {
  type AnyTask,
  defineTask,
  durationMs,
  type InlineHandler,
  Reject,
  type TaskContext,
  VirtualClock,
} from "../../runtime/index.ts";
import { eagerCaller, recordingCaller } from "../../runtime/testing/index.ts";
import { openEmbedded } from "../support/embedded-database.ts";

const greet = defineTask({
  name: "greet",
  params: z.object({ name: z.string(), at: z.coerce.string().optional() }),
  maxRetries: 2,
  retryDelay: "5m",
});

function greets(run: (params: { name: string }, task: TaskContext) => unknown): InlineHandler {
  return { task: greet, run: (params, task) => run(params as { name: string }, task) };
}

describe("the eager caller", () => {
  test("runs at once, and gives parameters and results through JSON", async () => {
    const seen: unknown[] = [];
    const caller = eagerCaller({
      handlers: [
        greets((params) => {
          seen.push(params);
          return { when: new Date(0), skip: undefined };
        }),
      ],
    });
    await expect(greet.callAndWait(caller, { name: "Asha" })).resolves.toEqual({ when: "1970-01-01T00:00:00.000Z" });
    expect(seen).toEqual([{ name: "Asha" }]);
  });

  test("refuses what the real caller refuses", async () => {
    const caller = eagerCaller({ handlers: [greets(() => 1)] });
    await expect(greet.enqueue(caller, { name: 7 } as never)).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    await expect(greet.enqueue(caller, { name: "x" }, { priority: 77 })).rejects.toMatchObject({
      code: "OPTIONS_INVALID",
    });
    await expect(greet.enqueue(caller, { name: "x".repeat(300_000) })).rejects.toMatchObject({
      code: "PARAMS_TOO_LARGE",
    });
  });

  test("retries by the policy while the virtual clock passes the delays", async () => {
    const caller = eagerCaller({
      handlers: [
        greets((_params, { retries }) => {
          if (retries < 2) throw new Error(`try ${retries}`);
          return "third time";
        }),
      ],
    });
    await expect(greet.callAndWait(caller, { name: "x" })).resolves.toBe("third time");
    const ran = caller.last(greet);
    expect(ran?.errors.map((error) => (error as Error).message)).toEqual(["try 0", "try 1"]);
    expect(ran?.startedAt.map((at) => at - (ran.startedAt[0] ?? 0))).toEqual([0, 300_000, 600_000]);
  });

  test("records a failure, and throws it where asked to", async () => {
    const handlers = [
      greets(() => {
        throw new Reject("no greetings");
      }),
    ];
    const quiet = eagerCaller({ handlers });
    await expect(greet.enqueue(quiet, { name: "x" })).resolves.toMatchObject({ state: "FAILURE" });
    await expect(greet.enqueue(eagerCaller({ handlers, rethrow: true }), { name: "x" })).rejects.toThrow(
      "no greetings",
    );
  });

  test("rethrow throws what the handler threw, by reference", async () => {
    const thrown = new Reject("no greetings");
    const caller = eagerCaller({
      rethrow: true,
      handlers: [
        greets(() => {
          throw thrown;
        }),
      ],
    });
    await expect(greet.callAndWait(caller, { name: "x" })).rejects.toBe(thrown);
    expect(caller.deadLetters).toMatchObject([{ name: "greet", attempts: 1 }]);
  });

  test("a result that is no JSON, too large or not of the contract fails as in production", async () => {
    const counted = defineTask({ name: "counted", params: z.object({}), result: z.number(), maxRetries: 0 });
    const fate = async (run: () => unknown, task: AnyTask = counted) =>
      (await eagerCaller({ handlers: [{ task, run }] }).run(task, { name: "x" })).error;
    await expect(fate(() => 1n, greet)).resolves.toMatchObject({ code: "RESULT_NOT_JSON" });
    await expect(fate(() => "x".repeat(2 ** 21), greet)).resolves.toMatchObject({ code: "RESULT_TOO_LARGE" });
    await expect(fate(() => "one")).resolves.toMatchObject({ name: "ZodError" });
  });

  test("a countdown passes on the virtual clock, and what has expired by then is not run", async () => {
    const caller = eagerCaller({ handlers: [greets(() => 1)] });
    const start = caller.clock.now();
    const late = await caller.run(greet, { name: "x" }, { countdown: "2h" });
    expect(late.startedAt).toEqual([start + durationMs("2h")]);
    const expired = await caller.run(greet, { name: "x" }, { countdown: "2h", expires: "1h" });
    expect(expired).toMatchObject({ state: "REVOKED", reason: "expired", attempts: 0 });
  });

  test("the same idempotencyKey is the same task, and another payload a conflict", async () => {
    const caller = eagerCaller({ handlers: [greets(() => 1)] });
    const first = await greet.enqueue(caller, { name: "x" }, { idempotencyKey: "k" });
    const again = await greet.enqueue(caller, { name: "x" }, { idempotencyKey: "k" });
    expect(again).toMatchObject({ id: first.id, created: false });
    const other = greet.enqueue(caller, { name: "y" }, { idempotencyKey: "k" });
    await expect(other).rejects.toMatchObject({ code: "TASK_ID_CONFLICT" });
  });

  test("the same taskId is the same task, and another payload a conflict", async () => {
    const caller = eagerCaller({ handlers: [greets(() => 1)] });
    const taskId = "0190aaaa-0000-7000-8000-000000000001";
    await greet.enqueue(caller, { name: "x" }, { taskId });
    await expect(greet.enqueue(caller, { name: "x" }, { taskId })).resolves.toMatchObject({ created: false });
    await expect(greet.enqueue(caller, { name: "y" }, { taskId })).rejects.toMatchObject({ code: "TASK_ID_CONFLICT" });
    expect(caller.accepted).toHaveLength(1);
  });

  test.each(["taskId", "idempotencyKey"])(
    "who was given the holder of a uniqueKey for a %s is given it again",
    async (name) => {
      const answers: unknown[] = [];
      const options = { [name]: "0190aaaa-0000-7000-8000-000000000001", uniqueKey: "one" };
      const again = async () => answers.push((await greet.enqueue(caller, { name: "again" }, options)).id);
      const caller: ReturnType<typeof eagerCaller> = eagerCaller({
        handlers: [
          greets(async () => {
            await again();
            await again();
            return 1;
          }),
        ],
      });
      const { id } = await greet.enqueue(caller, { name: "x" }, { uniqueKey: "one" });
      await again();
      expect(answers).toEqual([id, id, id]);
      expect(caller.accepted).toHaveLength(1);
    },
  );

  test("a handler without a task, and a task without a handler, are told apart", async () => {
    const other = defineTask({ name: "other", params: z.object({}) });
    await expect(other.enqueue(eagerCaller({ handlers: [] }), {})).rejects.toMatchObject({ code: "TASK_UNKNOWN" });
    expect(() => eagerCaller({ handlers: [greets(() => 1), greets(() => 2)] })).toThrow(/two handlers/);
  });
});

describe("the eager caller's time limits", () => {
  const slow = defineTask({ name: "slow", params: z.object({}), softTimeLimit: "5m", timeLimit: "10m", maxRetries: 0 });
  const slows = (run: InlineHandler["run"]): InlineHandler => ({ task: slow, run });

  test("pass on the virtual clock while the handler hangs", async () => {
    const aborts: [string, number][] = [];
    const caller = eagerCaller({
      patience: 5,
      handlers: [
        slows((_params, { signal }) => {
          const note = () => aborts.push([(signal.reason as { code: string }).code, caller.clock.now() - start]);
          signal.addEventListener("abort", note);
          return new Promise(() => {});
        }),
      ],
    });
    const start = caller.clock.now();
    await expect(caller.run(slow, {})).resolves.toMatchObject({ error: { code: "HARD_TIME_LIMIT" }, attempts: 1 });
    expect(aborts).toEqual([["SOFT_TIME_LIMIT", 300_000]]);
    expect(caller.clock.now() - start).toBe(600_000);
  });

  test("a handler that ends at its soft limit has succeeded", async () => {
    const caller = eagerCaller({
      patience: 5,
      handlers: [
        slows(
          (_params, { signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("part"))),
        ),
      ],
    });
    await expect(slow.callAndWait(caller, {})).resolves.toBe("part");
  });

  test("a handler that waits on the virtual clock makes it pass at once", async () => {
    const clock = new VirtualClock();
    const caller = eagerCaller({
      clock,
      patience: "1h",
      handlers: [slows(() => new Promise((resolve) => clock.after(durationMs("4m"), () => resolve("slept"))))],
    });
    await expect(slow.callAndWait(caller, {})).resolves.toBe("slept");
  });

  test("a handler that waits for the real world gets real time, and none of its limit", async () => {
    const caller = eagerCaller({ handlers: [slows(() => new Promise((resolve) => setTimeout(resolve, 50, "done")))] });
    const start = caller.clock.now();
    await expect(slow.callAndWait(caller, {})).resolves.toBe("done");
    expect(caller.clock.now()).toBe(start);
  });

  test("tasks within a task, their retries and delays cost the outer one none of its limit", async () => {
    const caller = eagerCaller({
      handlers: [
        slows(async (_params, task) => {
          await Promise.all([
            task.enqueue(greet.with({ name: "a" }, { countdown: "1h" })),
            greet.enqueue(caller, { name: "b" }),
          ]);
          return "outer";
        }),
        greets((_params, { retries }) => {
          if (retries < 2) throw new Error("again");
        }),
      ],
    });
    await expect(slow.callAndWait(caller, {})).resolves.toBe("outer");
    expect(caller.accepted.map(({ name, state, attempts }) => [name, state, attempts])).toEqual([
      ["slow", "SUCCESS", 1],
      ["greet", "SUCCESS", 3],
      ["greet", "SUCCESS", 3],
    ]);
  });
});

describe("the eager caller's children", () => {
  const many = defineTask({ name: "many", params: z.object({}), maxRetries: 5 });
  const waits = (onChildFailure?: "fail" | "continue"): InlineHandler => ({
    task: many,
    run: (_params, task) =>
      task.waitFor(
        ["a", "bad", "c"].map((name) => greet.with({ name })),
        onChildFailure && { onChildFailure },
      ),
  });
  const picky = greets(({ name }) => {
    if (name === "bad") throw new Reject("no");
    return `hello ${name}`;
  });

  test("give their results to the parent in order", async () => {
    const caller = eagerCaller({ handlers: [greets(({ name }) => `hello ${name}`), waits()] });
    await expect(many.callAndWait(caller, {})).resolves.toEqual(["hello a", "hello bad", "hello c"]);
    expect(caller.last(greet)?.parentId).toBe(caller.last(many)?.id);
  });

  test("end the parent for good with the first that fails, or let it go on where asked to", async () => {
    const strict = eagerCaller({ handlers: [picky, waits()] });
    await expect(many.callAndWait(strict, {})).rejects.toMatchObject({
      code: "TASK_FAILED",
      details: { error: { code: "CHILD_FAILED" } },
    });
    expect([strict.last(many)?.attempts, strict.accepted.length]).toEqual([1, 3]);
    const lenient = eagerCaller({ handlers: [picky, waits("continue")] });
    await expect(many.callAndWait(lenient, {})).resolves.toMatchObject([
      { state: "SUCCESS", result: "hello a" },
      { state: "FAILURE", error: { code: "TASK_REJECTED" } },
      { state: "SUCCESS" },
    ]);
  });

  test("run for groups and chains too", async () => {
    const caller = eagerCaller({ handlers: [picky] });
    const group = await caller.group([greet.with({ name: "a" }), greet.with({ name: "b" })]);
    expect(caller.result(group.id)).toEqual(["hello a", "hello b"]);
    const chain = await caller.chain([greet.with({ name: "a" }), { ...greet.with({ name: "" }), into: "name" }]);
    expect(caller.result(chain.id)).toBe("hello hello a");
    const broken = await caller.chain([greet.with({ name: "bad" }), greet.with({ name: "never" })]);
    expect(broken.state).toBe("FAILURE");
    expect(caller.last(greet)?.params).toEqual({ name: "bad" });
  });
});

describe("the eager caller's database", () => {
  // For what takes its time in the real world on a busy machine.
  const patience = "1m";
  const book = defineTask({ name: "book", params: z.object({}), maxRetries: 0 });
  const books = (run: InlineHandler["run"]): InlineHandler => ({ task: book, run });

  test("is asked for where it was not given", async () => {
    const caller = eagerCaller({ rethrow: true, handlers: [books((_params, task) => task.complete(async () => 1))] });
    await expect(book.enqueue(caller, {})).rejects.toThrow("eagerCaller({ database })");
  });

  test("commits the effects with the success, and runs what was enqueued inside after the commit", async () => {
    const database = await openEmbedded();
    try {
      await database.script("create table line (text text)");
      const count = async () =>
        (await database.query<{ n: number }>("select count(*)::integer as n from line")).rows[0]?.n;
      const caller = eagerCaller({
        database,
        patience,
        handlers: [
          greets(count),
          books((_params, task) =>
            task.complete(async (tx) => {
              await tx.query("insert into line values ('x')");
              await task.enqueue(greet.with({ name: "x" }), { tx });
              expect(caller.last(greet)?.state).toBe("QUEUED");
              return "booked";
            }),
          ),
        ],
      });
      await expect(book.callAndWait(caller, {})).resolves.toBe("booked");
      expect(caller.last(greet)).toMatchObject({ state: "SUCCESS", result: 1 });
      const failing = eagerCaller({
        database,
        patience,
        handlers: [
          books((_params, task) =>
            task.complete(async (tx) => {
              await tx.query("insert into line values ('y')");
              return 1n;
            }),
          ),
        ],
      });
      await expect(failing.run(book, {})).resolves.toMatchObject({
        state: "FAILURE",
        error: { code: "RESULT_NOT_JSON" },
      });
      await expect(count()).resolves.toBe(1);
    } finally {
      await database.close();
    }
  }, 400_000);

  test("handlers have a log, inline and apart, whose functions may be taken out of it", async () => {
    const apart = defineTask({ name: "talks", params: z.object({ lines: z.number() }) });
    const module = new URL("../support/isolated-handlers/talks.ts", import.meta.url).href;
    const inline = greets((_params, { log: { info, error } }) => {
      info("greeting", { token: "t0p" });
      error("nobody there");
      return "said";
    });
    const caller = eagerCaller({
      patience,
      handlers: [inline, { task: apart, isolation: "thread", module }],
      rethrow: true,
    });
    await expect(greet.callAndWait(caller, { name: "x" })).resolves.toBe("said");
    await apart.enqueue(caller, { lines: 3 });
    expect(caller.last(apart)?.state).toBe("SUCCESS");
  });

  test("isolated handlers run here, with data both ways and their commit", async () => {
    const apart = defineTask({ name: "apart", params: z.looseObject({}) });
    const module = new URL("../support/isolated-handlers/echo.ts", import.meta.url).href;
    const caller = eagerCaller({ patience, handlers: [{ task: apart, isolation: "thread", module }] });
    await expect(apart.callAndWait(caller, { a: 1 })).resolves.toMatchObject({ params: { a: 1 } });
  });
});

describe("the recording caller", () => {
  test("remembers without running and answers what was enqueued", async () => {
    const caller = recordingCaller();
    caller.assertNothingEnqueued();
    await greet.enqueue(caller, { name: "Vikram" }, { countdown: "30s", queue: "email" });
    expect(caller.assertEnqueued(greet, { name: "Vikram" }, { queue: "email" })).toMatchObject({ name: "greet" });
    expect(() => caller.assertEnqueued(greet, { name: "Grace" })).toThrow(/was not enqueued with.*Grace[\s\S]*Vikram/);
    expect(() => caller.assertNothingEnqueued(greet)).toThrow(/Vikram/);
    await expect(greet.enqueue(caller, {} as never)).rejects.toMatchObject({ code: "PARAMS_INVALID" });
  });

  test("refuses what the real caller refuses, and records nothing of it", async () => {
    const caller = recordingCaller();
    await expect(greet.enqueue(caller, { name: "x" }, { queue: "nowhere" })).rejects.toMatchObject({
      code: "QUEUE_UNKNOWN",
    });
    await expect(greet.enqueueMany(caller, [{ name: "x" }, {} as never])).rejects.toMatchObject({
      code: "PARAMS_INVALID",
      fields: [{ field: "[1].params.name" }],
    });
    await expect(greet.enqueueMany(caller, [{ name: "x" }], { uniqueKey: "one" })).rejects.toMatchObject({
      code: "OPTIONS_INVALID",
    });
    caller.assertNothingEnqueued();
  });

  test("compares as JSON, so dates are their texts, and only what is asked for", async () => {
    const caller = recordingCaller();
    const dated = defineTask({ name: "dated", params: z.object({ at: z.date(), tags: z.array(z.string()) }) });
    await dated.enqueue(caller, { at: new Date(0), tags: ["a"] }, { eta: new Date(1e13), priority: 9 });
    caller.assertEnqueued(dated);
    caller.assertEnqueued(dated, { at: new Date(0), tags: ["a"] }, { eta: new Date(1e13) });
    expect(() => caller.assertEnqueued(dated, { tags: ["b"] })).toThrow(/dated was not enqueued with.*"b"/);
    expect(() => caller.assertEnqueued(dated, {}, { priority: 1 })).toThrow(/"priority":9/);
    expect(() => caller.assertEnqueued(greet)).toThrow(/^greet was not enqueued; enqueued were:\n {2}dated/);
    caller.assertNothingEnqueued(greet);
  });

  test("says so when it is waited for, and remembers the task", async () => {
    const caller = recordingCaller();
    await expect(greet.callAndWait(caller, { name: "x" }, { timeout: "1s" })).rejects.toMatchObject({
      code: "WAIT_TIMEOUT",
    });
    caller.assertEnqueued(greet, { name: "x" });
  });
});
