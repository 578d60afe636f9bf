/** The callers users test with: eager, with the rules of the real thing, and recording. */
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask, type InlineHandler, Reject, type TaskContext } from "../../runtime/index.ts";
import { eagerCaller, recordingCaller } from "../../runtime/testing/index.ts";

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

  test("holds the time limits and tells the handler through its signal", async () => {
    const reasons: string[] = [];
    const slow = defineTask({ name: "slow", params: z.object({}), softTimeLimit: 20, timeLimit: 60, maxRetries: 0 });
    const caller = eagerCaller({
      handlers: [
        {
          task: slow,
          run: (_params, { signal }) => {
            signal.addEventListener("abort", () => reasons.push((signal.reason as { code: string }).code));
            return new Promise(() => {});
          },
        },
      ],
    });
    await slow.enqueue(caller, {});
    expect(caller.last(slow)?.errors).toMatchObject([{ code: "HARD_TIME_LIMIT" }]);
    expect(reasons).toEqual(["SOFT_TIME_LIMIT"]);
  });

  test("runs children and gives their results", async () => {
    const many = defineTask({ name: "many", params: z.object({}) });
    const caller = eagerCaller({
      handlers: [
        greets(({ name }) => `hello ${name}`),
        { task: many, run: (_params, task) => task.waitFor([greet.with({ name: "a" }), greet.with({ name: "b" })]) },
      ],
    });
    await expect(many.callAndWait(caller, {})).resolves.toEqual(["hello a", "hello b"]);
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
});
