/** The rules behind reports of attendance, permits and reviews of vendors. */
import { describe, expect, test } from "@jest/globals";
import { attendanceDays } from "../../services/reports/catalogue/attendance-days.ts";
import { gridColumns, gridRows } from "../../services/reports/catalogue/attendance-grid.ts";
import { dayTitle, localDays } from "../../services/reports/catalogue/local-days.ts";
import { kpiScore, overallScore, sectionScore } from "../../services/reports/catalogue/service-score.ts";
import { objectionTo } from "../../services/reports/catalogue/work-permit.ts";

const at = (text: string) => Date.parse(text);
const punch = (begin: string | null, end: string | null, timezone = "Europe/London") => ({
  in: begin === null ? null : at(begin),
  out: end === null ? null : at(end),
  timezone,
});
/** Two days of London, the second one hour short. */
const PERIOD = { from: at("2026-03-28T00:00:00Z"), upto: at("2026-03-29T23:00:00Z") };
const minutesOf = (days: ReturnType<typeof attendanceDays>) =>
  Object.fromEntries([...days].map(([date, { minutes }]) => [date, minutes]));

describe("days of attendance", () => {
  test("a night shift counts to the day it began, as long as it was though the clocks went forward", () => {
    const days = attendanceDays([punch("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z")], PERIOD);
    expect(minutesOf(days)).toEqual({ "2026-03-28": 7 * 60 });
  });

  test("first in and last out of a day, whichever way they came", () => {
    const punches = [
      punch(null, "2026-03-28T17:30:00Z"),
      punch("2026-03-28T13:00:00Z", null),
      punch("2026-03-28T08:00:00Z", "2026-03-28T12:00:00Z"),
    ];
    expect(minutesOf(attendanceDays(punches, PERIOD))).toEqual({ "2026-03-28": 9 * 60 + 30 });
    expect(minutesOf(attendanceDays(punches.toReversed(), PERIOD))).toEqual({ "2026-03-28": 9 * 60 + 30 });
  });

  test("an out of its own ends the shift of the evening before, but not one of more than sixteen hours ago", () => {
    const evening = punch("2026-03-28T20:00:00Z", null);
    const morning = attendanceDays([evening, punch(null, "2026-03-29T06:00:00Z")], PERIOD);
    expect(minutesOf(morning)).toEqual({ "2026-03-28": 600 });
    const longest = attendanceDays([evening, punch(null, "2026-03-29T12:00:00Z")], PERIOD);
    expect(minutesOf(longest)).toEqual({ "2026-03-28": 960 });
    const late = attendanceDays([evening, punch(null, "2026-03-29T12:00:01Z")], PERIOD);
    expect(minutesOf(late)).toEqual({ "2026-03-28": undefined, "2026-03-29": undefined });
  });

  test("what began before the period or at its end is not of it", () => {
    const punches = [
      punch("2026-03-27T23:59:59Z", null),
      punch(null, "2026-03-28T06:00:00Z"),
      punch("2026-03-29T23:00:00Z", "2026-03-30T06:00:00Z"),
      punch(null, "2026-03-30T09:00:00Z"),
    ];
    expect(attendanceDays(punches, PERIOD).size).toBe(0);
  });

  test("an out before its in is none", () => {
    const days = attendanceDays([punch("2026-03-28T09:00:00Z", "2026-03-28T08:00:00Z")], PERIOD);
    expect(days.get("2026-03-28")).toMatchObject({ out: null, minutes: undefined });
  });

  test("each event counts to the day of its site's clocks", () => {
    const days = attendanceDays([punch("2026-03-28T19:00:00Z", "2026-03-28T23:00:00Z", "Asia/Kolkata")], PERIOD);
    expect(minutesOf(days)).toEqual({ "2026-03-29": 240 });
  });
});

describe("the attendance grid", () => {
  const person = { department: null, designation: "Guard", code: "P-1", name: "Ann" };
  const dates = ["2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"];
  const found = attendanceDays(
    [
      punch("2026-03-26T08:00:00Z", "2026-03-26T16:00:00Z"),
      punch("2026-03-27T08:00:00Z", "2026-03-27T15:59:00Z"),
      punch("2026-03-28T22:00:00Z", "2026-03-29T01:30:00Z"),
      punch("2026-03-29T08:00:00Z", "2026-03-29T18:05:00Z"),
      punch("2026-03-30T08:00:00Z", null),
    ],
    { from: at("2026-03-26T00:00:00Z"), upto: at("2026-03-31T00:00:00Z") },
  );
  const [begins, ends, totals] = gridRows(person, found, dates);

  test("says when, until when and how long, a day a column", () => {
    const cells = (row: object | undefined) => dates.map((date) => (row as Record<string, unknown>)[date]);
    expect(cells(begins)).toEqual(["08:00", "08:00", "22:00", "09:00", "09:00"]);
    expect(cells(ends)).toEqual(["16:00", "15:59", "02:30 +1", "19:05", "--"]);
    expect(cells(totals)).toEqual(["08:00", "07:59", "03:30", "10:05", "--"]);
    expect([begins?.total, ends?.total, totals?.total]).toEqual([null, null, "29:34"]);
    expect(totals).toMatchObject({ ...person, value: "Total Hr's" });
  });

  test("marks Sundays, days of less than eight hours, and of less than four", () => {
    const tones = (row: object | undefined) => dates.map((date) => (row as Record<string, unknown>)[`${date}:tone`]);
    expect(tones(begins)).toEqual([null, null, null, "bad", null]);
    expect(tones(totals)).toEqual([null, "warning", "bad", "bad", null]);
    const column = gridColumns(dates).find(({ key }) => key === "2026-03-29");
    expect(column).toMatchObject({ title: "29 Mar Sun", toneKey: "2026-03-29:tone" });
  });

  test("leaves days without attendance empty", () => {
    const [row] = gridRows(person, new Map(), ["2026-03-29"]);
    expect(row).toMatchObject({ "2026-03-29": null, "2026-03-29:tone": "bad", total: null });
  });
});

describe("the days of a period", () => {
  const span = (from: string, upto: string) => ({ from: new Date(from), upto: new Date(upto) });

  test("are those of the clocks: none for the instant it ends at", () => {
    const march = span("2026-03-28T00:00:00Z", "2026-03-29T23:00:00Z");
    expect(localDays(["Europe/London"], march)).toEqual(["2026-03-28", "2026-03-29"]);
    expect(localDays(["Asia/Kolkata"], march)).toEqual(["2026-03-28", "2026-03-29", "2026-03-30"]);
    expect(localDays(["Asia/Kolkata", "America/New_York"], march)).toEqual([
      ...["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"],
    ]);
    expect(localDays([], march)).toEqual([]);
  });

  test("have titles that say month and weekday", () => {
    expect(dayTitle("2024-02-29")).toBe("29 Feb Thu");
    expect(dayTitle("2026-03-01")).toBe("01 Mar Sun");
  });
});

describe("a vendor's score", () => {
  const kpi = (answer: string | null, best: number | null = 10) => ({ answer, best });

  test("a KPI is a share of the best, of ten where none is said; words are no score", () => {
    expect([kpi("7.5"), kpi("3", 5), kpi("4", null), kpi("4", 0)].map(kpiScore)).toEqual([75, 60, 40, 40]);
    expect([kpi("11"), kpi("-1")].map(kpiScore)).toEqual([100, 0]);
    expect([kpi("good"), kpi(" "), kpi(null), kpi("Infinity")].map(kpiScore)).toEqual([
      ...[undefined, undefined, undefined, undefined],
    ]);
  });

  test("a section is the mean of what was scored", () => {
    expect(sectionScore({ weightage: 1, kpis: [kpi("10"), kpi("5"), kpi(null)] })).toBe(75);
    expect(sectionScore({ weightage: 1, kpis: [kpi("ok")] })).toBeUndefined();
  });

  test("the whole is weighted; sections without a score do not count, and without weightages all count alike", () => {
    const good = { weightage: 60, kpis: [kpi("10")] };
    const poor = { weightage: 20, kpis: [kpi("5")] };
    const none = { weightage: 20, kpis: [kpi(null)] };
    expect(overallScore([good, poor, none])).toBe((100 * 60 + 50 * 20) / 80);
    expect(overallScore([good, { ...poor, weightage: null }])).toBe(100);
    expect(overallScore([good, poor].map((section) => ({ ...section, weightage: null })))).toBe(75);
    expect(overallScore([none])).toBeUndefined();
    expect(overallScore([])).toBeUndefined();
  });
});

describe("a permit", () => {
  const now = at("2026-03-29T12:00:00Z");
  type Permit = Parameters<typeof objectionTo>[0];
  const permit: Permit = {
    ...{ status: "INPROGRESS", permitStatus: "APPROVED", verifierStatus: "APPROVED" },
    ...{ planAt: "2026-03-29T12:00:00Z", expiryAt: "2026-03-29T12:00:01Z" },
  };

  test.each<[Partial<Permit>, RegExp | undefined]>([
    [{}, undefined],
    [{ permitStatus: "NOT_REQUIRED", verifierStatus: "NOT_REQUIRED", planAt: null, expiryAt: null }, undefined],
    [{ permitStatus: "PENDING" }, /not approved/],
    [{ verifierStatus: "PENDING" }, /not verified/],
    [{ permitStatus: "REJECTED", verifierStatus: "PENDING" }, /rejected/],
    [{ verifierStatus: "REJECTED" }, /rejected/],
    [{ status: "CANCELLED" }, /cancelled/],
    [{ status: "CLOSED" }, /returned/],
    [{ expiryAt: "2026-03-29T12:00:00Z" }, /expired/],
    [{ planAt: "2026-03-29T12:00:01Z" }, /NOT VALID YET/],
  ])("with %p says %p", (change, said) => {
    const objection = objectionTo({ ...permit, ...change }, now);
    if (said === undefined) expect(objection).toBeUndefined();
    else expect(objection).toMatch(said);
  });
});
