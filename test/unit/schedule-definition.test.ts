/** What a schedule may look like, what it says when it may not, and what the checks find. */
import { describe, expect, test } from "@jest/globals";
import { checkSchedules } from "../../runtime/schedule/checks.ts";
import {
  changeSchedule,
  defineSchedule,
  digestOf,
  parsePreview,
  parseSchedule,
  scheduleInput,
} from "../../runtime/schedule/definition.ts";
import type { ScheduleInput } from "../../runtime/schedule/schedule-schema.ts";
import { occurrencesOf } from "../../runtime/schedule/timing.ts";
import { FACILITY_SCHEDULES } from "../../services/scheduler/facility-schedules.ts";

const base = { name: "nightly", task: "clean_up", cron: "0 2 * * *" } as const;
const fieldsOf = (input: unknown): string[] => {
  try {
    parseSchedule(input);
    return [];
  } catch (error) {
    return ((error as { fields?: { field: string }[] }).fields ?? []).map(({ field }) => field);
  }
};

describe("a schedule's definition", () => {
  test.each<[string, object]>([
    ["name", { ...base, name: "with blank" }],
    ["name", { ...base, name: "" }],
    ["cron", { name: "x", task: "t" }],
    ["cron", { ...base, cron: "0 25 * * *" }],
    ["every", { ...base, every: "5m" }],
    ["every", { name: "x", task: "t", every: "10ms" }],
    ["every", { name: "x", task: "t", every: "often" }],
    ["at", { name: "x", task: "t", at: "tomorrow" }],
    ["at", { name: "x", task: "t", at: "9999999-01-01T00:00:00Z" }],
    ["solar.event", { name: "x", task: "t", solar: { event: "moonrise", latitude: 1, longitude: 1 } }],
    ["solar.latitude", { name: "x", task: "t", solar: { event: "sunset", latitude: 91, longitude: 1 } }],
    ["days", { name: "x", task: "t", every: "5m", days: "or" }],
    ["timezone", { ...base, timezone: "Mars/Olympus" }],
    ["queue", { ...base, queue: "nowhere" }],
    ["priority", { ...base, priority: 10 }],
    ["expires", { ...base, expires: "soon" }],
    ["endAt", { ...base, startAt: "2026-01-02T00:00:00Z", endAt: "2026-01-01T00:00:00Z" }],
    ["misfire", { ...base, misfire: "sometimes" }],
    ["overlap", { ...base, overlap: "cancel" }],
    ["params", { ...base, params: [1] }],
    ["description", { ...base, description: "a\0b" }],
  ])("names the field %s in %j", (field, input) => {
    expect(fieldsOf(input)).toContain(field);
  });

  test("a field nobody knows is refused by its name", () => {
    expect(() => parseSchedule({ ...base, expire: "2h" })).toThrow(expect.objectContaining({ code: "PARAMS_INVALID" }));
  });

  test("in code it is checked where it is written", () => {
    expect(() => defineSchedule({ ...base, cron: "0 25 * * *" })).toThrow(/schedule "nightly": cron: hour "25"/);
  });

  test.each<ScheduleInput>([
    { ...base, days: "or", timezone: "Asia/Kolkata", expires: "2h", jitter: "90s", priority: 9, queue: "email" },
    { name: "i", task: "t", every: "30m", misfire: "all", overlap: "queue", oneOff: true, enabled: false },
    { name: "c", task: "t", at: "2030-01-01T00:00:00Z", params: { a: [1, { b: null }] } },
    { name: "s", task: "t", solar: { event: "dusk_civil", latitude: 52.5, longitude: 13.4 } },
  ])("$name survives being sent again", (input) => {
    const definition = parseSchedule(input);
    expect(parseSchedule(JSON.parse(JSON.stringify(scheduleInput(definition))))).toEqual(definition);
  });

  test("the digest tells a change, and nothing else", () => {
    const one = parseSchedule({ ...base, params: { a: 1, b: 2 } });
    expect(digestOf(parseSchedule({ params: { b: 2, a: 1 }, ...base, timezone: "UTC" }))).toBe(digestOf(one));
    expect(digestOf(parseSchedule({ ...base, params: { a: 1, b: 3 } }))).not.toBe(digestOf(one));
    expect(digestOf(parseSchedule({ ...base, overlap: "skip", params: { a: 1, b: 2 } }))).not.toBe(digestOf(one));
  });

  test("a change keeps the rest, null takes away, another timing replaces", () => {
    const current = scheduleInput(parseSchedule({ ...base, days: "or", expires: "2h", priority: 3 }));
    expect(changeSchedule(current, { expires: null })).toMatchObject({ expiresMs: null, priority: 3 });
    expect(changeSchedule(current, { every: "5m" }).timing).toEqual({ kind: "interval", everyMs: 300_000 });
    expect(changeSchedule(current, { cron: "5 2 * * *" }).timing).toEqual({
      kind: "cron",
      expression: "5 2 * * *",
      days: "or",
    });
    expect(changeSchedule(current, { expression: "5 2 * * *" }).timing).toMatchObject({ expression: "5 2 * * *" });
    expect(() => changeSchedule(current, { enabled: "no" })).toThrow(
      expect.objectContaining({ code: "PARAMS_INVALID" }),
    );
  });

  test("a preview takes expression or any other timing", () => {
    expect(parsePreview({ expression: "0 2 * * *" })).toMatchObject({ timezone: "UTC", n: 5, from: undefined });
    expect(() => parsePreview({ expression: "0 2 * *" })).toThrow(expect.objectContaining({ code: "PARAMS_INVALID" }));
    expect(() => parsePreview({ every: "1h", n: 5_000 })).toThrow(expect.objectContaining({ code: "PARAMS_INVALID" }));
  });
});

describe("checks", () => {
  const now = Date.parse("2026-11-23T12:10:00Z");
  const checked = (input: Partial<ScheduleInput> & { name: string }, over: object = {}) => {
    const { cron = "0 2 * * *", ...rest } = input;
    const definition = parseSchedule({ task: "t", cron, ...rest });
    const nextRunAt = occurrencesOf(definition.timing, "UTC", { end: definition.endAt ?? undefined }).next(now) ?? null;
    return { definition, nextRunAt, queue: "default", paramsProblem: undefined, ...over };
  };
  const codesOf = (...schedules: ReturnType<typeof checked>[]) =>
    checkSchedules(schedules, { now, attendedQueues: new Set(["default"]) }).map(({ code }) => code);

  test("nothing to say about a sound schedule, or a disabled one", () => {
    expect(codesOf(checked({ name: "a" }))).toEqual([]);
    expect(codesOf(checked({ name: "a", cron: "* * * * *", enabled: false }, { queue: undefined }))).toEqual([]);
  });

  test("each fault is found", () => {
    expect(codesOf(checked({ name: "a" }, { queue: undefined }))).toEqual(["TASK_MISSING"]);
    expect(codesOf(checked({ name: "a" }, { paramsProblem: "siteId: is needed" }))).toEqual(["PARAMS_UNFIT"]);
    expect(codesOf(checked({ name: "a", endAt: "2026-11-23T13:00:00Z" }))).toEqual(["NEVER_FIRES"]);
    expect(codesOf(checked({ name: "a", cron: "* * * * *" }))).toEqual(["EVERY_MINUTE"]);
    expect(codesOf(checked({ name: "a" }, { nextRunAt: now - 60_000 }))).toEqual(["OVERDUE"]);
    expect(codesOf(checked({ name: "a" }, { queue: "email" }))).toEqual(["QUEUE_UNATTENDED"]);
  });

  test("the original's schedules collide at full hours; the suggested minute is free", () => {
    const schedules = FACILITY_SCHEDULES.map((definition) => ({
      ...checked({ name: definition.name }),
      definition,
    }));
    const found = checkSchedules(schedules, { now, attendedQueues: new Set(["default"]) });
    expect(found.map(({ code }) => code)).toEqual(["COLLISION"]);
    const minute = Number(/minute (\d+)/.exec(found[0]?.suggestion ?? "")?.[1]);
    expect([0, 3, 10, 15, 27, 30, 45, 54]).not.toContain(minute);
    expect(found[0]?.message).toMatch(/3 schedules fire together/);
  });
});
