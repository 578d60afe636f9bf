/** Expressions and their errors, the four kinds of timing, and what becomes of slots that were not met. The rules of
 * clock changes are proven against oracles in test/property/cron.test.ts and test/integration/celery-crontab.test.ts. */
import { describe, expect, test } from "@jest/globals";
import { parseCron } from "../../runtime/schedule/cron.ts";
import { nextCron } from "../../runtime/schedule/cron-timing.ts";
import { cronWords } from "../../runtime/schedule/cron-words.ts";
import type { OverlapPolicy } from "../../runtime/schedule/definition.ts";
import { type MisfireRule, planSlots } from "../../runtime/schedule/misfire.ts";
import { turnOf } from "../../runtime/schedule/overlap.ts";
import { occurrencesOf, type Timing, upcoming } from "../../runtime/schedule/timing.ts";
import { zoneNamed } from "../../runtime/schedule/zone.ts";

const at = (text: string) => Date.parse(text);
const iso = (instants: readonly number[]) => instants.map((instant) => new Date(instant).toISOString());

function fires(expression: string, zone: string, from: string, count: number, days: "and" | "or" = "and"): string[] {
  return iso(upcoming(occurrencesOf({ kind: "cron", expression, days }, zone), at(from), count));
}

describe("in words", () => {
  test.each([
    ["*/30 * * * *", "Every 30 minutes"],
    ["*/27 * * * *", "At 0, 27, and 54 minutes past the hour"],
    ["0 */5 * * *", "Every day at 00:00, 05:00, 10:00, 15:00 and 20:00"],
    ["30 6 * * mon-fri", "At 06:30, Monday through Friday"],
    ["0 0 13 * fri", "At 00:00, on day 13 of the month, and on Friday (both must fit)"],
    ["@daily", "Every day at 00:00"],
    ["nonsense", ""],
  ])("%s", (expression, words) => {
    expect(cronWords(expression)).toBe(words);
  });

  test("days that go together by `or`", () => {
    expect(cronWords("0 0 13 * fri", "or")).toBe("At 00:00, on day 13 of the month, or on Friday");
  });
});

describe("cron expressions", () => {
  test.each([
    ["61 * * * *", 'minute "61": 61 is above 59'],
    ["0 24 * * *", 'hour "24": 24 is above 23'],
    ["0 0 0 * *", 'day of month "0": 0 is below 1'],
    ["0 0 * foo *", '"foo" is neither a number nor a name'],
    ["0 0 * * mon-funday", '"funday" is neither'],
    ["*/0 * * * *", "a step is a number from 1 on"],
    ["*/90 * * * *", "an interval may be what is meant"],
    ["1,,2 * * * *", "has an empty entry"],
    ["0 0 * *", "has 4 fields; five are needed"],
    ["", "has 0 fields"],
    ["0 0 30 feb *", "never happens"],
    ["*-5 * * * *", "cannot be read"],
    ["-1 * * * *", "cannot be read"],
  ])("%s is refused: %s", (expression, message) => {
    expect(() => parseCron(expression)).toThrow(expect.objectContaining({ code: "CRON_INVALID" }));
    expect(() => parseCron(expression)).toThrow(message);
    expect(() => parseCron(expression)).toThrow("for example");
  });

  test("names, wrapping ranges, steps, lists and macros", () => {
    expect(fires("0 0 * * fri-mon", "UTC", "2026-11-23T12:00:00Z", 4)).toEqual([
      "2026-11-27T00:00:00.000Z",
      "2026-11-28T00:00:00.000Z",
      "2026-11-29T00:00:00.000Z",
      "2026-11-30T00:00:00.000Z",
    ]);
    expect(fires("0 22-2/2 1 jan *", "UTC", "2026-11-23T12:00:00Z", 3)).toEqual([
      "2027-01-01T00:00:00.000Z",
      "2027-01-01T02:00:00.000Z",
      "2027-01-01T22:00:00.000Z",
    ]);
    expect(fires("@weekly", "UTC", "2026-11-23T12:00:00Z", 1)).toEqual(
      fires("0 0 * * 7", "UTC", "2026-11-23T12:00:00Z", 1),
    );
    expect(fires("50/5 9 * * *", "UTC", "2026-11-23T12:00:00Z", 2)).toEqual([
      "2026-11-24T09:50:00.000Z",
      "2026-11-24T09:55:00.000Z",
    ]);
  });

  test("day of month and day of week: both, or either", () => {
    expect(fires("0 0 13 * fri", "UTC", "2026-11-23T00:00:00Z", 2)).toEqual([
      "2027-08-13T00:00:00.000Z",
      "2028-10-13T00:00:00.000Z",
    ]);
    expect(fires("0 0 13 * fri", "UTC", "2026-11-23T00:00:00Z", 4, "or")).toEqual([
      "2026-11-27T00:00:00.000Z",
      "2026-12-04T00:00:00.000Z",
      "2026-12-11T00:00:00.000Z",
      "2026-12-13T00:00:00.000Z",
    ]);
  });

  test("a step above every value of `*` in the hour is not the field `*`", () => {
    const zone = zoneNamed("Europe/Berlin");
    const from = at("2026-10-24T23:00:00Z");
    expect(iso([nextCron(parseCron("30 2 * * *"), zone, from) ?? 0])).toEqual(["2026-10-25T00:30:00.000Z"]);
    expect(fires("30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 2)).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-25T01:30:00.000Z",
    ]);
    expect(fires("30 */1 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 2)).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-25T02:30:00.000Z",
    ]);
  });
});

describe("other timings", () => {
  test("an interval counts from its start, and only as far back", () => {
    const slots = occurrencesOf({ kind: "interval", everyMs: 90_000 }, "UTC", { start: at("2026-01-01T00:00:10Z") });
    expect(iso(upcoming(slots, at("2025-12-31T00:00:00Z"), 2))).toEqual([
      "2026-01-01T00:00:10.000Z",
      "2026-01-01T00:01:40.000Z",
    ]);
    expect(slots.previous(at("2026-01-01T00:00:10Z"))).toBeUndefined();
    expect(slots.previous(at("2026-01-01T00:01:40Z"))).toBe(at("2026-01-01T00:00:10Z"));
  });

  test("an instant comes once", () => {
    const slots = occurrencesOf({ kind: "clocked", at: 5_000 }, "UTC");
    expect([slots.next(4_999), slots.next(5_000), slots.previous(5_001), slots.previous(5_000)]).toEqual([
      5_000,
      undefined,
      5_000,
      undefined,
    ]);
  });

  test.each([
    // timeanddate.com, Berlin and Sydney, 2026-06-21; a minute is what almanacs agree to.
    ["sunrise", 52.52, 13.405, "2026-06-21T02:43:00Z"],
    ["sunset", 52.52, 13.405, "2026-06-21T19:33:00Z"],
    ["sunrise", -33.87, 151.21, "2026-06-20T21:00:00Z"],
  ] as const)("%s at %d, %d", (event, latitude, longitude, expected) => {
    const slots = occurrencesOf({ kind: "solar", event, latitude, longitude }, "UTC");
    const next = slots.next(at(expected) - 3_600_000) ?? 0;
    expect(Math.abs(next - at(expected))).toBeLessThanOrEqual(2 * 60_000);
    expect(slots.previous(next + 1)).toBe(next);
  });

  test("no sunset in the polar day; the next one comes after it", () => {
    const tromso: Timing = { kind: "solar", event: "sunset", latitude: 69.65, longitude: 18.96 };
    const next = occurrencesOf(tromso, "UTC").next(at("2026-05-25T00:00:00Z")) ?? 0;
    expect(new Date(next).toISOString() > "2026-07-20").toBe(true);
    expect(new Date(next).toISOString() < "2026-08-01").toBe(true);
  });

  test.each(["Mars/Olympus", "+05:30", "", "UTC+1"])("%j is no zone", (name) => {
    expect(() => zoneNamed(name)).toThrow(expect.objectContaining({ code: "ZONE_UNKNOWN" }));
  });
});

describe("overlap", () => {
  const line = [1, 2, 3].map((slot) => ({ slot, isLate: false }));
  const numbers = (policy: OverlapPolicy, isBusy: boolean, most = 9) => {
    const turn = turnOf(policy, isBusy, line, most);
    return [turn.start, turn.wait, turn.leaveOut].map((slots) => slots.map(({ slot }) => slot));
  };

  test.each<[OverlapPolicy, boolean, number[][]]>([
    ["allow", true, [[1, 2, 3], [], []]],
    ["allow", false, [[1, 2, 3], [], []]],
    ["skip", true, [[], [], [1, 2, 3]]],
    ["skip", false, [[3], [], [1, 2]]],
    ["queue", true, [[], [1, 2, 3], []]],
    ["queue", false, [[1], [2, 3], []]],
  ])("%s, last run unfinished %s", (policy, isBusy, expected) => {
    expect(numbers(policy, isBusy)).toEqual(expected);
  });

  test("no more wait than may", () => {
    expect(numbers("queue", false, 1)).toEqual([[1], [2], [3]]);
  });
});

describe("slots that were not met", () => {
  const everyMinute = occurrencesOf({ kind: "interval", everyMs: 60_000 }, "UTC");
  const minute = (n: number) => n * 60_000;
  const plan = (from: number, now: number, rule: Partial<MisfireRule>) =>
    planSlots(everyMinute, from, now, { policy: "one", graceMs: 30_000, cap: 3, ...rule });

  test("in time: it fires, whatever the policy", () => {
    for (const policy of ["skip", "one", "all"] as const) {
      expect(plan(minute(10), minute(10) + 5, { policy })).toEqual({
        fire: [{ slot: minute(10), isLate: false }],
        missed: undefined,
        next: minute(11),
      });
    }
  });

  test("skip: none of the late ones", () => {
    expect(plan(minute(10), minute(14) + 45_000, { policy: "skip" })).toEqual({
      fire: [],
      missed: { from: minute(10), to: minute(14), slots: 5, isAtLeast: false },
      next: minute(15),
    });
  });

  test("one: the latest stands for all; a run that is in time stands for them too", () => {
    expect(plan(minute(10), minute(14) + 45_000, {})).toEqual({
      fire: [{ slot: minute(14), isLate: true }],
      missed: { from: minute(10), to: minute(13), slots: 4, isAtLeast: false },
      next: minute(15),
    });
    expect(plan(minute(10), minute(15) + 10, {})).toMatchObject({
      fire: [{ slot: minute(15), isLate: false }],
      missed: { from: minute(10), to: minute(14), slots: 5 },
    });
    expect(plan(minute(10), minute(10) + 45_000, {})).toMatchObject({
      fire: [{ slot: minute(10), isLate: true }],
      missed: undefined,
    });
  });

  test("all: up to the cap, the latest of them", () => {
    expect(plan(minute(10), minute(14) + 45_000, { policy: "all" })).toEqual({
      fire: [12, 13, 14].map((n) => ({ slot: minute(n), isLate: true })),
      missed: { from: minute(10), to: minute(11), slots: 2, isAtLeast: false },
      next: minute(15),
    });
    expect(plan(minute(13), minute(14) + 45_000, { policy: "all" })).toMatchObject({
      fire: [13, 14].map((n) => ({ slot: minute(n), isLate: true })),
      missed: undefined,
    });
  });

  test("a year of seconds is neither walked to its end nor kept in memory", () => {
    const seconds = occurrencesOf({ kind: "interval", everyMs: 1_000 }, "UTC");
    const year = 365 * 86_400_000;
    const plan = () => planSlots(seconds, 0, year + 500, { policy: "one", graceMs: 0, cap: 1 });
    const { missed, fire, next } = plan();
    expect(missed).toMatchObject({ from: 0, isAtLeast: true, slots: 9_999 });
    expect(fire).toEqual([{ slot: year, isLate: true }]);
    expect(next).toBe(year + 1_000);
    // The best of three: this process may have stood still by itself, but hardly in each.
    const took = [1, 2, 3].map(() => {
      const began = performance.now();
      plan();
      return performance.now() - began;
    });
    expect(Math.min(...took)).toBeLessThan(1_000);
  });

  test("more in time than one look takes: the rest comes next", () => {
    const seconds = occurrencesOf({ kind: "interval", everyMs: 1_000 }, "UTC");
    const first = planSlots(seconds, 0, 5_000_500, { policy: "one", graceMs: 10_000_000, cap: 1 });
    expect(first.fire).toHaveLength(1_000);
    expect(first.next).toBe(1_000_000);
  });
});
