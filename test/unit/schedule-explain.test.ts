/** Why a schedule fires or does not: each thing that can stand in its way, and what comes first. */
import { describe, expect, test } from "@jest/globals";
import { defineSchedule, explainSchedule, type ScheduleFinding, type ScheduleView } from "../../runtime/index.ts";
import type { ScheduleFacts } from "../../runtime/schedule/explain.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const at = (instant: string) => Date.parse(instant);

const view: ScheduleView = {
  ...{ name: "nightly", task: "tick", timezone: "UTC", enabled: true, origin: "api", version: 3 },
  ...{ nextRunAt: "2026-11-28T13:00:00.000Z", lastRunAt: "2026-11-28T11:00:00.000Z", lastTaskId: "0190aaaa" },
  ...{ totalRunCount: 4, missedCount: 0, lastMissedAt: null, waitingSlots: 0 },
  ...{ createdAt: "2026-11-01T00:00:00.000Z", updatedAt: "2026-11-27T09:00:00.000Z", updatedBy: "olga" },
};
const hourly = defineSchedule({ name: "nightly", task: "tick", every: "1h" });
const once = defineSchedule({ name: "nightly", task: "tick", at: "2026-11-28T10:00:00Z" });
const missed: ScheduleFacts["misses"][number] = {
  ...{ from: "2026-11-28T09:00:00.000Z", to: "2026-11-28T10:00:00.000Z", slots: 2, isAtLeast: false },
  ...{ reason: "late", detail: null, recordedAt: "2026-11-28T10:05:00.000Z" },
};
const error = (code: ScheduleFinding["code"]): ScheduleFinding => ({
  ...{ severity: "error", code, subject: "nightly", message: "it is so", suggestion: "do something" },
});

interface Given extends Partial<Omit<ScheduleFacts, "view">> {
  readonly view?: Partial<ScheduleView>;
}

function reasons({ view: changed = {}, ...given }: Given = {}) {
  const facts = {
    definition: hourly,
    findings: [],
    misses: [],
    nextSlot: null,
    ...given,
    view: { ...view, ...changed },
  };
  return explainSchedule(facts, NOW).reasons;
}
const codes = (given: Given = {}) => reasons(given).map(({ code }) => code);

describe("a schedule in whose way nothing stands", () => {
  test("is due, and says when it fired last", () => {
    expect(reasons()).toEqual([
      expect.objectContaining({
        code: "DUE",
        message: expect.stringMatching(/next slot is at 2026-11-28T13.*last fired at 2026-11-28T11/),
      }),
    ]);
    expect(reasons({ view: { lastRunAt: null } })[0]?.message).toContain("has not fired yet");
  });

  test("is due before what it has missed; findings that are mere warnings are no obstacle", () => {
    const warning: ScheduleFinding = { ...error("EVERY_MINUTE"), severity: "warning" };
    expect(codes({ misses: [missed], findings: [warning] })).toEqual(["DUE", "MISSED"]);
  });
});

describe("a schedule that does not fire", () => {
  test.each<[string, Given, string[]]>([
    ["cannot be read", { definition: undefined, view: { problem: "timezone: unknown" } }, ["SCHEDULE_INVALID"]],
    [
      "was run by hand, and is switched off before its slot",
      {
        definition: once,
        nextSlot: at("2026-11-29T10:00:00Z"),
        view: { enabled: false, nextRunAt: null, totalRunCount: 1 },
      },
      ["DISABLED"],
    ],
    ["is switched off", { view: { enabled: false, nextRunAt: null } }, ["DISABLED"]],
    ["has not begun", { definition: { ...hourly, startAt: at("2026-12-01T00:00:00Z") } }, ["NOT_BEGUN"]],
    [
      "has ended",
      { definition: { ...hourly, endAt: at("2026-11-01T00:00:00Z") }, view: { nextRunAt: null } },
      ["DONE"],
    ],
    ["was to fire once, and has", { definition: once, view: { nextRunAt: null, totalRunCount: 1 } }, ["DONE"]],
    [
      "has switched itself off after its one run",
      { definition: { ...hourly, oneOff: true }, view: { enabled: false, nextRunAt: null, totalRunCount: 1 } },
      ["DONE"],
    ],
    ["has no slot", { findings: [error("NEVER_FIRES")], view: { nextRunAt: null } }, ["NEVER_FIRES"]],
    ["is overdue", { findings: [error("OVERDUE")] }, ["OVERDUE"]],
    [
      "has no task, and no worker",
      { findings: [error("TASK_MISSING"), error("QUEUE_UNATTENDED")] },
      ["TASK_MISSING", "QUEUE_UNATTENDED"],
    ],
    ["waits for its last run", { view: { waitingSlots: 2 } }, ["SLOTS_WAIT"]],
  ])("because it %s", (_why, given, expected) => expect(codes(given)).toEqual(expected));

  test("one that was to fire once and was not met in time says both", () => {
    const given = { definition: once, misses: [{ ...missed, slots: 1 }], view: { nextRunAt: null, totalRunCount: 0 } };
    expect(reasons(given)).toMatchObject([
      { code: "DONE", message: "its only slot has passed" },
      { code: "MISSED", message: "the slot of 2026-11-28T09:00:00.000Z did not run: nobody was there in time" },
    ]);
  });

  test("one that was run by hand before its time, and switched off, is switched off", () => {
    const later = defineSchedule({ name: "nightly", task: "tick", at: "2026-12-28T10:00:00Z" });
    expect(codes({ definition: later, view: { enabled: false, nextRunAt: null, totalRunCount: 1 } })).toEqual([
      "DISABLED",
    ]);
  });

  test("names the run that is waited for, and what to ask next", () => {
    expect(reasons({ view: { waitingSlots: 1 } })[0]).toMatchObject({
      message: "1 slot waits for the end of its last run, the task 0190aaaa",
      suggestion: "ask why that one goes on: apium explain 0190aaaa",
    });
  });
});

test.each([
  ["late", null, "nobody was there in time"],
  ["refused", "TASK_UNKNOWN: no such task", "the task was refused: TASK_UNKNOWN: no such task"],
  ["overlap", "a later slot stands for it", "a later slot stands for it"],
  ["expired", "its time was over before it could run", "the time for it was over"],
] as const)("slots that did not run say why: %s", (reason, detail, words) => {
  const [, told] = reasons({ misses: [{ ...missed, reason, detail, isAtLeast: true }] });
  expect(told?.message).toBe(`at least 2 slots up to 2026-11-28T10:00:00.000Z did not run: ${words}`);
});
