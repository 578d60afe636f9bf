/** The words of the contract: durations, rates, queues, routes, options, definitions, retries, errors. */
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { durationMs } from "../../runtime/contract/duration.ts";
import { DEFAULT_MAX_CRASHES, parseEnqueueOptions, resolveOptions } from "../../runtime/contract/enqueue-options.ts";
import { ERRORS } from "../../runtime/contract/error-catalogue.ts";
import { QUEUES, queueNamed } from "../../runtime/contract/queues.ts";
import { SeededRandom } from "../../runtime/contract/random.ts";
import { parseRate } from "../../runtime/contract/rate.ts";
import { judge, Reject, Retry, retryPolicy } from "../../runtime/contract/retry-policy.ts";
import { compileRoutes } from "../../runtime/contract/routes.ts";
import { describeError } from "../../runtime/contract/task-error.ts";
import { ApiumError, defineTask } from "../../runtime/index.ts";

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
  test("each queue is named by itself, and an unknown one is told which there are", () => {
    expect(QUEUES.map(queueNamed)).toEqual(QUEUES);
    expect(() => queueNamed("nowhere")).toThrow(/critical, .*maintenance/);
    expect(() => queueNamed("constructor")).toThrow(expect.objectContaining({ code: "QUEUE_UNKNOWN" }));
  });
  test("routes are asked in the order they were written, and may match none", () => {
    const routes = compileRoutes({ "mail.*.now": { priority: 9 }, "mail.*": { queue: "email_queue" } });
    expect(routes("mail.ticket.now")).toEqual({ queue: undefined, priority: 9 });
    expect(routes("mail.ticket")).toEqual({ queue: "email", priority: undefined });
    expect(routes("a.mail.ticket")).toBeUndefined();
    expect(compileRoutes({})("anything")).toBeUndefined();
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
    [{ priority: 1.5 }, "options.priority"],
    [{ countdown: "soon" }, "options.countdown"],
    [{ countdown: 1, eta: new Date() }, "options.countdown"],
    [{ countdown: 1e300 }, "options.countdown"],
    [{ eta: "tomorrow" }, "options.eta"],
    [{ eta: new Date(Number.NaN) }, "options.eta"],
    [{ eta: "+275000-01-01T00:00:00Z" }, "options.eta"], // PostgreSQL cannot read such years
    [{ eta: new Date(Date.UTC(10_000, 0, 1)) }, "options.eta"],
    [{ eta: "-000001-01-01T00:00:00Z" }, "options.eta"],
    [{ expires: new Date(-1e14) }, "options.expires"],
    [{ expires: "+275000-01-01T00:00:00Z" }, "options.expires"],
    [{ expires: "never" }, "options.expires"],
    [{ queue: 7 }, "options.queue"],
    [{ taskId: "17" }, "options.taskId"],
    [{ uniqueKey: "" }, "options.uniqueKey"],
    [{ uniqueKey: "x".repeat(501) }, "options.uniqueKey"],
    [{ uniqueKey: "a\0b" }, "options.uniqueKey"], // PostgreSQL cannot keep NUL
    [{ uniqueKey: "half a pair: \ud83d" }, "options.uniqueKey"],
    [{ onConflict: "replace" }, "options.onConflict"],
    [{ maxRetries: -1 }, "options.maxRetries"],
    [{ maxRetries: 0.5 }, "options.maxRetries"],
    [{ retryDelay: "-1s" }, "options.retryDelay"],
    [{ backoff: "fast" }, "options.backoff"],
    [{ backoff: { factor: 0 } }, "options.backoff.factor"],
    [{ backoff: { jitter: 2 } }, "options.backoff.jitter"],
    [{ backoff: { max: "long" } }, "options.backoff.max"],
    [{ softTimeLimit: "x" }, "options.softTimeLimit"],
    [{ timeLimit: Number.NaN }, "options.timeLimit"],
    [{ resultExpires: true }, "options.resultExpires"],
    [{ headers: { a: 1 } }, "options.headers.a"],
    [{ headers: { a: "x".repeat(2_001) } }, "options.headers.a"],
    [{ headers: { a: "x\0" } }, "options.headers.a"],
    [{ headers: { "a\0": "x" } }, "options.headers.a\0"],
    [{ headers: { a: "\udc00" } }, "options.headers.a"],
    [{ headers: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`h${n}`, ""])) }, "options.headers"],
    [{ delay: 5 }, "options"],
    ["soon", "options"],
  ])("%p is refused with the field named", (options, field) => {
    try {
      parseEnqueueOptions(options);
      throw new Error("was accepted");
    } catch (error) {
      expect((error as ApiumError).fields?.map((one) => one.field)).toContain(field);
    }
  });
  test("every allowed option is taken as it is", () => {
    const options = {
      countdown: "1m",
      expires: new Date(5_000),
      priority: 0,
      queue: "email_queue",
      taskId: "0190aaaa-0000-7000-8000-000000000001",
      uniqueKey: "k",
      onConflict: "throw",
      maxRetries: 0,
      retryDelay: 0,
      backoff: { factor: 1, max: "1h", jitter: 0 },
      softTimeLimit: 1,
      timeLimit: "2s",
      resultExpires: "1d",
      headers: { tenant: "a" },
    };
    expect(parseEnqueueOptions(options)).toEqual(options);
    expect(resolveOptions(parseEnqueueOptions(options), 0)).toEqual({
      dueAt: 60_000,
      expiresAt: 5_000,
      queue: "email",
      overrides: {
        maxRetries: 0,
        retryDelay: 0,
        backoff: options.backoff,
        softTimeLimit: 1,
        timeLimit: "2s",
        resultExpires: "1d",
      },
    });
  });
  test("the crashes a task survives go with it where they are not the default", () => {
    expect(resolveOptions({}, 0, { maxCrashes: DEFAULT_MAX_CRASHES }).overrides).toBeUndefined();
    expect(resolveOptions({}, 0, { maxCrashes: 0 }).overrides).toEqual({ maxCrashes: 0 });
    expect(resolveOptions({ maxRetries: 1 }, 0, { maxCrashes: 9 }).overrides).toEqual({ maxRetries: 1, maxCrashes: 9 });
  });
  test("a taskId in capitals is the same id", () => {
    expect(parseEnqueueOptions({ taskId: "0190AAAA-0000-7000-8000-00000000000F" }).taskId).toBe(
      "0190aaaa-0000-7000-8000-00000000000f",
    );
  });
  test("an unknown queue is refused when the options are resolved", () => {
    expect(() => resolveOptions({ queue: "nowhere" }, 0)).toThrow(expect.objectContaining({ code: "QUEUE_UNKNOWN" }));
  });
  test("an eta in the past is now", () => {
    expect(resolveOptions({ eta: new Date(1_000) }, 2_000).dueAt).toBeUndefined();
    expect(resolveOptions({ countdown: "2s", expires: "10s" }, 1_000)).toMatchObject({
      dueAt: 3_000,
      expiresAt: 11_000,
    });
  });
});

describe("definitions", () => {
  test.each([
    [{ name: "1st" }, /a name has letters/],
    [{ name: "x".repeat(101) }, /a name has letters/],
    [{ queue: "nowhere" }, /there is no queue/],
    [{ rateLimit: "ten a day" }, /is not a rate/],
    [{ softTimeLimit: "5m", timeLimit: "5m" }, /softTimeLimit must be below timeLimit/],
    [{ retryDelay: "soon" }, /is not a duration/],
    [{ backoff: { max: "soon" } }, /is not a duration/],
    [{ priority: 10 }, /priority is 0–9/],
    [{ maxRetries: -1 }, /maxRetries is 0 or more/],
    [{ concurrency: 0 }, /concurrency is 1 or more/],
  ])("%p is refused with the task named", (settings, message) => {
    const define = () => defineTask({ name: "wrong", params: z.object({}), ...settings });
    expect(define).toThrow(
      expect.objectContaining({ code: "DEFINITION_INVALID", message: expect.stringMatching(message) }),
    );
  });
});

describe("retries", () => {
  const random = new SeededRandom(7);
  class Flaky extends Error {}
  test.each([
    ["an unknown error", new Error("x"), {}, "retry"],
    ["a Reject", new Reject("never"), {}, "fail"],
    ["one of noRetryFor by its class", new Flaky(), { noRetryFor: ["Flaky"] }, "fail"],
    ["one of noRetryFor by its code", Object.assign(new Error(), { code: "EAUTH" }), { noRetryFor: ["EAUTH"] }, "fail"],
    ["one that retryFor does not name", new Error(), { retryFor: ["Flaky"] }, "fail"],
    ["one that retryFor names", new Flaky(), { retryFor: ["Flaky"] }, "retry"],
    ["one of ours that nothing can mend", new ApiumError("PARAMS_INVALID"), {}, "fail"],
    [
      "a subclass of one that noRetryFor names",
      new (class Worse extends Flaky {})(),
      { noRetryFor: ["Flaky"] },
      "fail",
    ],
    ["one that both name", new Flaky(), { retryFor: ["Flaky"], noRetryFor: ["Flaky"] }, "fail"],
    ["one of ours that retryFor names", new ApiumError("CHILD_FAILED"), { retryFor: ["CHILD_FAILED"] }, "retry"],
    ["a Retry that retryFor does not name", new Retry(), { retryFor: ["Flaky"] }, "retry"],
    ["a text", "went wrong", {}, "retry"],
    ["nothing at all", undefined, {}, "retry"],
    ["a bare object", Object.create(null), {}, "retry"],
    ["the same as it comes over the bus", Object.assign(new Error(), { code: "NOT_FOUND" }), {}, "fail"],
  ])("%s", (_what, error, options, kind) => {
    expect(judge(error, retryPolicy(options), 0, random).kind).toBe(kind);
  });
  test("Retry and Retry-After choose the delay, the limit ends it", () => {
    const policy = retryPolicy({ maxRetries: 1 });
    expect(judge(new Retry({ in: "7s" }), policy, 0, random)).toEqual({ kind: "retry", inMs: 7_000 });
    expect(judge({ retryAfter: "3" }, policy, 0, random)).toEqual({ kind: "retry", inMs: 3_000 });
    expect(judge(new Retry({ in: "7s" }), policy, 1, random)).toEqual({ kind: "fail", reason: "exhausted" });
    expect(judge(new Retry(), policy, 0, random)).toEqual({ kind: "retry", inMs: 10_000 });
  });
  test.each([null, "", [], {}, "soon", -1, 1e300])(
    "a Retry-After of %p leaves the delay to the policy",
    (retryAfter) => {
      expect(judge({ retryAfter }, retryPolicy({}), 0, random)).toEqual({ kind: "retry", inMs: 10_000 });
    },
  );
  test.each([
    ["a date", (at: Date) => at],
    ["the text of a date", (at: Date) => at.toUTCString()],
  ])("a Retry-After that is %s is never thousands of years", (_what, as) => {
    const verdict = judge({ retryAfter: as(new Date(Date.now() + 60_000)) }, retryPolicy({}), 0, random);
    expect(verdict).toEqual({ kind: "retry", inMs: expect.any(Number) });
    expect((verdict as { inMs: number }).inMs).toBeLessThanOrEqual(61_000);
  });
  test("a Retry with a delay that is none is judged all the same", () => {
    const thrown = (() => {
      try {
        return new Retry({ in: "soon" });
      } catch (error) {
        return error;
      }
    })();
    expect(["retry", "fail"]).toContain(judge(thrown, retryPolicy({}), 0, random).kind);
  });
  test("the call's options stand before the task's", () => {
    const policy = retryPolicy({ maxRetries: 9, retryDelay: "1m", backoff: true }, { maxRetries: 0, backoff: false });
    expect(policy).toMatchObject({ maxRetries: 0, retryDelayMs: 60_000, factor: 1, jitter: 0 });
    expect(retryPolicy({})).toMatchObject({ maxRetries: 3, retryDelayMs: 10_000, factor: 1 });
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
  test("take message, status and retryability from the catalogue, and keep cause, fields and details", () => {
    const cause = new Error("why");
    const error = new ApiumError("UNIQUE_KEY_CONFLICT", undefined, { cause, details: { taskId: "x" } });
    expect(error).toMatchObject({ status: 409, retryable: false, cause, message: ERRORS.UNIQUE_KEY_CONFLICT.meaning });
    expect(error.data).toEqual({ fields: undefined, details: { taskId: "x" } });
  });
  test("have codes in capitals", () => {
    for (const code of Object.keys(ERRORS)) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });
  test("are described with their code, class and cause", () => {
    const error = Object.assign(new TypeError("x", { cause: new ApiumError("STORE_TIMEOUT") }), { code: "EAUTH" });
    expect(describeError(error)).toMatchObject({
      code: "EAUTH",
      name: "TypeError",
      cause: { name: "ApiumError", code: "STORE_TIMEOUT" },
    });
    expect(describeError("text")).toMatchObject({ code: "HANDLER_FAILED", name: "string", message: "text" });
  });
  test("what is recorded of them holds no credentials and no NUL", () => {
    const { message } = describeError(new Error("connect smtp://user:s3cret@mail.example/ failed\0"));
    expect(message).not.toMatch(/s3cret|\0/);
    expect(message).toContain("smtp://[redacted]@mail.example");
  });
});
