/** The words of the contract: durations, rates, queues, routes, options, retries, ids, messages, settings. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SystemClock, VirtualClock } from "../../runtime/contract/clock.ts";
import { durationMs } from "../../runtime/contract/duration.ts";
import { parseEnqueueOptions, resolveOptions } from "../../runtime/contract/enqueue-options.ts";
import { ERRORS } from "../../runtime/contract/errors.ts";
import { type ChildOutcome, judgeJoin } from "../../runtime/contract/join.ts";
import { queueNamed } from "../../runtime/contract/queues.ts";
import { SeededRandom, SystemRandom } from "../../runtime/contract/random.ts";
import { parseRate } from "../../runtime/contract/rate.ts";
import { baseDelayMs, delayMs, judge, Reject, Retry, retryPolicy } from "../../runtime/contract/retry-policy.ts";
import { compileRoutes } from "../../runtime/contract/routes.ts";
import { describeError } from "../../runtime/contract/task-error.ts";
import { idSource, isTaskId } from "../../runtime/contract/task-id.ts";
import { decodeMessage, encodeMessage } from "../../runtime/contract/task-message.ts";
import { ApiumError } from "../../runtime/index.ts";
import { readSettings } from "../../settings.ts";

describe("durations and rates", () => {
  test.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
    [42, 42],
  ])("%s is %d ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
  test.each(["", "5", "5 minutes", "-3s", Number.NaN, -1, Number.POSITIVE_INFINITY])("%p is no duration", (text) => {
    expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: "DURATION_NOTATION" }));
  });
  test("10/m is one start every six seconds", () => expect(parseRate("10/m").intervalMs).toBe(6_000));
  test.each(["10", "10/w", "0/s", "-1/s", "ten/s"])("%p is no rate", (text) => {
    expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: "RATE_NOTATION" }));
  });
});

describe("queues and routes", () => {
  test("the original's names lead to ours", () => {
    expect(["django5_queue", "email_queue", "report_queue", "critical"].map(queueNamed)).toEqual([
      "default",
      "email",
      "reports",
      "critical",
    ]);
    expect(() => queueNamed("django4_queue")).toThrow(expect.objectContaining({ code: "QUEUE_UNKNOWN" }));
  });
  test("the first glob that matches wins, and dots are dots", () => {
    const routes = compileRoutes({ "report_tasks.*": { queue: "report_queue" }, "*": { priority: 2 } });
    expect(routes("report_tasks.monthly")).toEqual({ queue: "reports", priority: undefined });
    expect(routes("report_tasksXmonthly")).toEqual({ queue: undefined, priority: 2 });
  });
  test.each([{ "a.*": { queue: "nowhere" } }, { "a.*": { prio: 1 } }, { "a.*": "email" }, 7])(
    "%p is refused at the start",
    (source) => {
      expect(() => compileRoutes(source)).toThrow(ApiumError);
    },
  );
});

describe("options", () => {
  test.each([
    [{ priority: 10 }, "options.priority"],
    [{ countdown: "soon" }, "options.countdown"],
    [{ countdown: 1, eta: new Date() }, "options.countdown"],
    [{ eta: "tomorrow" }, "options.eta"],
    [{ taskId: "17" }, "options.taskId"],
    [{ uniqueKey: "" }, "options.uniqueKey"],
    [{ maxRetries: -1 }, "options.maxRetries"],
    [{ backoff: { factor: 0 } }, "options.backoff.factor"],
    [{ headers: { a: 1 } }, "options.headers.a"],
  ])("%p is refused with the field named", (options, field) => {
    try {
      parseEnqueueOptions(options);
      throw new Error("was accepted");
    } catch (error) {
      expect((error as ApiumError).fields?.map((one) => one.field)).toContain(field);
    }
  });
  test("an eta in the past is now", () => {
    expect(resolveOptions({ eta: new Date(1_000) }, 2_000).dueAt).toBeUndefined();
    expect(resolveOptions({ countdown: "2s", expires: "10s" }, 1_000)).toMatchObject({
      dueAt: 3_000,
      expiresAt: 11_000,
    });
  });
});

describe("retries", () => {
  const random = new SeededRandom(7);
  test("delays stay within their bounds and grow until the cap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 1, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (retry, factor, jitter) => {
          const policy = retryPolicy({ retryDelay: "1s", backoff: { factor, jitter, max: "1h" } });
          const base = baseDelayMs(policy, retry);
          const delay = delayMs(policy, retry, random);
          expect(base).toBeLessThanOrEqual(3_600_000);
          expect(baseDelayMs(policy, retry + 1)).toBeGreaterThanOrEqual(base);
          expect(delay).toBeLessThanOrEqual(Math.ceil(base));
          expect(delay).toBeGreaterThanOrEqual(Math.floor(base * (1 - jitter)) - 1);
        },
      ),
    );
  });
  class Flaky extends Error {}
  test.each([
    ["an unknown error", new Error("x"), {}, "retry"],
    ["a Reject", new Reject("never"), {}, "fail"],
    ["one of noRetryFor by its class", new Flaky(), { noRetryFor: ["Flaky"] }, "fail"],
    ["one of noRetryFor by its code", Object.assign(new Error(), { code: "EAUTH" }), { noRetryFor: ["EAUTH"] }, "fail"],
    ["one that retryFor does not name", new Error(), { retryFor: ["Flaky"] }, "fail"],
    ["one that retryFor names", new Flaky(), { retryFor: ["Flaky"] }, "retry"],
    ["one of ours that nothing can mend", new ApiumError("PARAMS_INVALID"), {}, "fail"],
    ["the same as it comes over the bus", Object.assign(new Error(), { code: "NOT_FOUND" }), {}, "fail"],
  ])("%s", (_what, error, options, kind) => {
    expect(judge(error, retryPolicy(options), 0, random).kind).toBe(kind);
  });
  test("Retry and Retry-After choose the delay, the limit ends it", () => {
    const policy = retryPolicy({ maxRetries: 1 });
    expect(judge(new Retry({ in: "7s" }), policy, 0, random)).toEqual({ kind: "retry", inMs: 7_000 });
    expect(judge({ retryAfter: "3" }, policy, 0, random)).toEqual({ kind: "retry", inMs: 3_000 });
    expect(judge(new Retry({ in: "7s" }), policy, 1, random)).toEqual({ kind: "fail", reason: "exhausted" });
  });
});

describe("ids and messages", () => {
  test("ids are UUIDv7, unique and sorted", () => {
    const newId = idSource(new SystemClock(), new SystemRandom());
    const ids = Array.from({ length: 20_000 }, newId);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every((id) => isTaskId(id) && id[14] === "7")).toBe(true);
  });
  test("a message comes back as it went", () => {
    const ref = { id: "0190aaaa-0000-7000-8000-000000000001", attempt: 3 };
    expect(decodeMessage(new TextEncoder().encode(encodeMessage(ref)))).toEqual(ref);
  });
  test("any other bytes are refused with a code, and pollute nothing", () => {
    const good = new TextEncoder().encode(encodeMessage({ id: "0190aaaa-0000-7000-8000-000000000001", attempt: 3 }));
    const mutated = fc
      .array(fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) }), { minLength: 1 })
      .map((changes) => {
        const bytes = Uint8Array.from(good);
        for (const { at, byte } of changes) bytes[at] = byte;
        return bytes;
      });
    const hostile = fc
      .constantFrom('{"__proto__":{"polluted":1},"v":1}', "null", "[]", '{"v":2}', '{"v":1,"id":1,"attempt":1}')
      .map((text) => new TextEncoder().encode(text));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 700 }), mutated, hostile), (bytes) => {
        try {
          const ref = decodeMessage(bytes);
          expect(isTaskId(ref.id)).toBe(true);
        } catch (error) {
          expect((error as ApiumError).code).toMatch(/^MESSAGE_/);
        }
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("joins", () => {
  test("end exactly when their policy says, in whatever order the children end", () => {
    const child = fc.constantFrom("SUCCESS", "FAILURE", "REVOKED") as fc.Arbitrary<"SUCCESS" | "FAILURE" | "REVOKED">;
    fc.assert(
      fc.property(
        fc.array(child, { minLength: 1, maxLength: 12 }),
        fc.constantFrom("fail" as const, "continue" as const),
        fc.infiniteStream(fc.nat()),
        (ends, onChildFailure, picks) => {
          const children: ChildOutcome[] = ends.map((_end, index) => ({
            index,
            id: String(index),
            state: null,
            result: index,
            error: null,
          }));
          const left = ends.map((_end, index) => index);
          let failed = false;
          while (left.length > 0) {
            expect(judgeJoin({ kind: "all", onChildFailure }, children).kind).toBe(
              failed && onChildFailure === "fail" ? "fail" : "wait",
            );
            const [index = 0] = left.splice((picks.next().value ?? 0) % left.length, 1);
            children[index] = { ...(children[index] as ChildOutcome), state: ends[index] ?? null };
            failed ||= ends[index] !== "SUCCESS";
          }
          expect(judgeJoin({ kind: "all", onChildFailure }, children).kind).toBe(
            failed && onChildFailure === "fail" ? "fail" : "succeed",
          );
        },
      ),
    );
  });
});

describe("errors", () => {
  test("each has a sentence, a step and a status", () => {
    for (const [code, { meaning, step, status }] of Object.entries(ERRORS)) {
      expect([code, meaning.endsWith("."), step.endsWith("."), status >= 400 && status < 600]).toEqual([
        code,
        true,
        true,
        true,
      ]);
    }
  });
  test("what is recorded of them holds no credentials and no NUL", () => {
    const { message } = describeError(new Error("connect smtp://user:s3cret@mail.example/ failed\0"));
    expect(message).not.toMatch(/s3cret|\0/);
    expect(message).toContain("smtp://***@mail.example");
  });
});

describe("settings", () => {
  test("have defaults that need nothing", () => {
    expect(readSettings({})).toMatchObject({
      PORT: 3000,
      HOST: "127.0.0.1",
      DRAIN_TIMEOUT: 30_000,
      RESULT_EXPIRES: 3_600_000,
    });
    expect(readSettings({ QUEUES: "email_queue,critical", DRAIN_TIMEOUT: "5s" })).toMatchObject({
      QUEUES: ["email", "critical"],
      DRAIN_TIMEOUT: 5_000,
    });
    expect(readSettings({ QUEUES: "" }).QUEUES).toEqual([]);
  });
  test.each([
    [{ PORT: "http" }, /^PORT: /m],
    [{ NATS_URL: "nats://x" }, /^NATS_URL: needs DATABASE_URL/m],
    [{ DATABASE_URL: "mysql://x" }, /^DATABASE_URL: must be a URL that begins with postgres/m],
    [{ SERVICES: "gateway,time-travel" }, /^SERVICES/m],
    [{ TASK_ROUTES: "{" }, /^TASK_ROUTES: /m],
    [{ API_TOKENS: "admin:short" }, /^API_TOKENS/m],
    [{ RESULT_EXPIRES: "later" }, /^RESULT_EXPIRES: /m],
  ])("%p stops the start with a line of its own", (environment, line) => {
    expect(() => readSettings(environment)).toThrow(
      expect.objectContaining({ code: "SETTINGS_INVALID", message: expect.stringMatching(line) }),
    );
  });
});

test("the virtual clock runs timers in order and only as far as it is told", async () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  clock.after(20, () => ran.push("b"));
  clock.after(10, () => ran.push("a"));
  const cancel = clock.after(15, () => ran.push("never"));
  cancel();
  await clock.advance(15);
  expect([ran.join(""), clock.now()]).toEqual(["a", 15]);
  await clock.advance(5);
  expect(ran.join("")).toBe("ab");
});
