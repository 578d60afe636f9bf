/** The periods of scheduled reports: they follow one another without a gap, by the clocks of the zone, and end in the past. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { zoneNamed } from "../../runtime/index.ts";
import {
  dueAt,
  isLate,
  lastSlot,
  monthOf,
  nextSlot,
  periodOf,
  slotsDue,
} from "../../services/reports/schedule-rules.ts";

const HOUR_MS = 3_600_000;
const ZONES = ["Asia/Kolkata", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "UTC"];
const CRONS = ["0 0 * * *", "0 6 * * *", "30 2 * * *", "0 0 * * 1", "0 0 1 * *", "15 1 1 * *", "0 */6 * * *"];
const zone = fc.constantFrom(...ZONES);
const cron = fc.constantFrom(...CRONS);
const now = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });
const daily = (timezone: string) => ({ cron: "0 0 * * *", workingDays: null, timezone });

/** What the clocks of a zone show, by the platform's own calendar. */
function shown(timezone: string, instant: number): string {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "medium" });
  return parts.format(new Date(instant));
}

describe("periods", () => {
  test("of neighbouring slots touch, whatever the expression and the zone", () => {
    fc.assert(
      fc.property(cron, zone, now, (expression, timezone, start) => {
        const timing = { cron: expression, workingDays: null, timezone };
        let slot = nextSlot(timing, start) as number;
        for (let step = 0; step < 20; step += 1) {
          const next = nextSlot(timing, slot) as number;
          expect(periodOf(timing, next)).toEqual({ from: slot, upto: next });
          slot = next;
        }
      }),
      { numRuns: 200 },
    );
  });

  test("7.5: a daily report at local midnight covers the day before, and is sent at 09:30 of that day", () => {
    const timing = daily("Asia/Kolkata");
    const at = Date.parse("2026-01-05T00:07:00+05:30");
    const slot = lastSlot(timing, at) as number;
    expect(periodOf(timing, slot)).toEqual({
      from: Date.parse("2026-01-04T00:00:00+05:30"),
      upto: Date.parse("2026-01-05T00:00:00+05:30"),
    });
    expect(dueAt("Asia/Kolkata", slot, "09:30")).toBe(Date.parse("2026-01-05T09:30:00+05:30"));
  });

  test("a day on which the clocks change has 23 or 25 hours", () => {
    const timing = daily("Europe/London");
    const lengths = (from: string, n: number) =>
      slotsDue(timing, nextSlot(timing, Date.parse(from)) as number, {
        now: Number.MAX_SAFE_INTEGER,
        end: null,
        most: n,
      }).map((slot) => {
        const period = periodOf(timing, slot) as { from: number; upto: number };
        return (period.upto - period.from) / HOUR_MS;
      });
    expect(lengths("2026-03-27T12:00:00Z", 4)).toEqual([24, 24, 23, 24]);
    expect(lengths("2026-10-23T12:00:00Z", 4)).toEqual([24, 24, 25, 24]);
  });

  test("the working week is the last that is over: Monday 00:00 to the midnight after Friday, or Saturday", () => {
    fc.assert(
      fc.property(zone, now, fc.constantFrom(5 as const, 6 as const), (timezone, at, workingDays) => {
        const { from, upto } = periodOf({ cron: "0 0 * * *", workingDays, timezone }, at) as {
          from: number;
          upto: number;
        };
        expect(upto).toBeLessThanOrEqual(at);
        expect(at - upto).toBeLessThan(7 * 24 * HOUR_MS + 3 * HOUR_MS);
        const weekday = (instant: number) =>
          new Intl.DateTimeFormat("en-GB", { timeZone: timezone, weekday: "short" }).format(new Date(instant));
        expect(weekday(from)).toBe("Mon");
        expect(weekday(upto - 1)).toBe(workingDays === 5 ? "Fri" : "Sat");
      }),
      { numRuns: 300 },
    );
  });

  test("the hour of sending is the first time at or after the slot that the clocks show it", () => {
    fc.assert(
      fc.property(zone, now, fc.integer({ min: 0, max: 1_439 }), (timezone, slot, minute) => {
        const sendAt = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
        const due = dueAt(timezone, slot, sendAt);
        expect(due).toBeGreaterThanOrEqual(slot);
        expect(due - slot).toBeLessThanOrEqual(25 * HOUR_MS);
        const { start } = zoneNamed(timezone).at(due);
        // Or the end of the gap that swallowed it.
        if (due !== start) expect(shown(timezone, due).slice(11, 16)).toBe(sendAt);
      }),
      { numRuns: 500 },
    );
  });

  test("slots that were missed are all there, and end where the validity ends", () => {
    const timing = daily("UTC");
    const first = Date.UTC(2026, 0, 1);
    const after = Date.UTC(2026, 0, 10, 12);
    expect(slotsDue(timing, first, { now: after, end: null, most: 50 })).toHaveLength(10);
    expect(slotsDue(timing, first, { now: after, end: Date.UTC(2026, 0, 5), most: 50 })).toHaveLength(4);
    expect(slotsDue(timing, first, { now: after, end: null, most: 3 })).toHaveLength(3);
    expect(slotsDue(timing, first, { now: first - 1, end: null, most: 3 })).toEqual([]);
  });

  test("a month is the calendar's, by the zone's clocks; half an hour is late", () => {
    expect(monthOf("Europe/London", 2026, 3)).toEqual({
      from: Date.parse("2026-03-01T00:00:00Z"),
      upto: Date.parse("2026-04-01T00:00:00+01:00"),
    });
    expect(monthOf("Asia/Kolkata", 2026, 12).upto).toBe(Date.parse("2027-01-01T00:00:00+05:30"));
    expect([isLate(0, 30 * 60_000), isLate(0, 30 * 60_000 + 1)]).toEqual([false, true]);
  });
});
