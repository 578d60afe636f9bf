/** Days of a zone as instants, for reports that are ordered in the dashboard; and instants that are still being written. */
import { describe, expect, test } from "@jest/globals";
import { beginOf, dayOf, inZone } from "../../dashboard/core/zone.ts";

describe.each([
  ["UTC", "2026-11-28", "2026-11-28T00:00:00.000Z"],
  ["Asia/Kolkata", "2026-11-28", "2026-11-27T18:30:00.000Z"],
  ["America/New_York", "2026-03-08", "2026-03-08T05:00:00.000Z"],
  ["America/New_York", "2026-03-09", "2026-03-09T04:00:00.000Z"],
  ["Europe/London", "2026-10-25", "2026-10-24T23:00:00.000Z"],
  ["Europe/London", "2026-10-26", "2026-10-26T00:00:00.000Z"],
])("in %s the day %s", (zone, day, begin) => {
  test(`begins at ${begin}`, () => expect(beginOf(day, zone)).toBe(begin));
  test("is told of its first and its last moment", () => {
    expect(dayOf(Date.parse(begin), zone)).toBe(day);
    expect(dayOf(Date.parse(begin) - 1, zone) < day).toBe(true);
  });
});

test("what is no instant yet stays as it stands", () => {
  expect(["", "2026-13"].map((text) => inZone(text, "UTC"))).toEqual(["", "2026-13"]);
  expect(inZone("2026-11-30T06:30:00Z", "nowhere")).toBe("2026-11-30T06:30:00.000Z");
});
