/** When tickets climb and reminders leave: the rules, with `now` given. */
import { describe, expect, test } from "@jest/globals";
import { climbs, delayMs, nextLevel, type WaitingTicket } from "../../services/escalation/escalation-rules.ts";
import { type DueReminder, planOf, pointlessBecause } from "../../services/escalation/reminder-rules.ts";

const at = (time: string) => Date.parse(`2026-01-05T${time}:00Z`);

describe("a ticket climbs", () => {
  const level = (siteId: number | null, value: number, frequency: "MINUTE" | "HOUR" | "DAY" | "WEEK" = "MINUTE") => ({
    siteId,
    level: 1,
    frequency,
    frequencyValue: value,
  });
  const ticket: WaitingTicket = { siteId: 7, status: "NEW", level: 0, createdAt: at("10:00"), escalatedAt: null };

  test.each([
    ["not a minute early", {}, "10:29", false],
    ["at the minute", {}, "10:30", true],
    ["late, when nobody looked", {}, "23:00", true],
    ["while on hold", { status: "ONHOLD" }, "10:30", true],
    ["never when resolved", { status: "RESOLVED" }, "23:00", false],
    ["never when closed", { status: "CLOSED" }, "23:00", false],
    ["never when cancelled", { status: "CANCELLED" }, "23:00", false],
    ["not right after it has climbed", { escalatedAt: at("10:59") + 30_000 }, "11:00", false],
    ["a minute after it has climbed", { escalatedAt: at("10:59") }, "11:00", true],
  ] as const)("%s", (_, change, now, expected) => {
    expect(climbs({ ...ticket, ...change }, level(7, 30), at(now))).toBe(expected);
  });

  test("by its site's row, else by the client's, never by another site's", () => {
    const [own, client, other] = [level(7, 1), level(null, 2), level(8, 3)];
    expect(nextLevel(ticket, [other, client, own])).toBe(own);
    expect(nextLevel(ticket, [other, client])).toBe(client);
    expect(nextLevel(ticket, [other])).toBeUndefined();
    expect(nextLevel({ ...ticket, level: 1 }, [own, client])).toBeUndefined();
  });

  test.each([
    ["MINUTE", 60_000],
    ["HOUR", 3_600_000],
    ["DAY", 86_400_000],
    ["WEEK", 604_800_000],
  ] as const)("after whole units: %s", (unit, ms) => {
    expect(delayMs({ frequency: unit, frequencyValue: 2 })).toBe(2 * ms);
  });
});

describe("a reminder", () => {
  const reminder: DueReminder = { status: "PENDING", attempts: 0, remindAt: at("12:00"), planAt: at("20:00") };

  test.each([
    ["is enqueued nine hours before its instant", {}, "03:00", "enqueue"],
    ["waits until then", {}, "02:59", "wait"],
    ["is enqueued when its instant was missed", {}, "19:59", "enqueue"],
    ["is given up at the planned time", {}, "20:00", "give up"],
    ["is given up though its mail is under way", { status: "QUEUED" }, "20:00", "give up"],
    ["is enqueued once", { status: "QUEUED" }, "12:00", "wait"],
    ["is not sent twice", { status: "SUCCESS" }, "12:00", "wait"],
    ["is tried again after it has failed", { status: "FAILED", attempts: 4 }, "13:00", "enqueue"],
    ["is not tried a sixth time", { status: "FAILED", attempts: 5 }, "13:00", "wait"],
    ["stays given up", { status: "MISSED" }, "21:00", "wait"],
  ] as const)("%s", (_, change, now, expected) => {
    expect(planOf({ ...reminder, ...change }, at(now))).toBe(expected);
  });

  test.each([
    ["SUCCESS", "ASSIGNED", "12:00", "the reminder is SUCCESS"],
    ["QUEUED", "ASSIGNED", "20:00", "the planned time has passed"],
    ["QUEUED", "COMPLETED", "12:00", "the work is COMPLETED"],
    ["QUEUED", "INPROGRESS", "12:00", undefined],
  ])("that is %s, of work that is %s, at %s: %s", (status, workStatus, now, because) => {
    expect(pointlessBecause({ status, planAt: at("20:00"), workStatus }, at(now))).toBe(because);
  });
});
