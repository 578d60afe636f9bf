/** The facility's rules: states of work and tickets, answers and alerts, what makes a job's definition wrong. */
import { describe, expect, test } from "@jest/globals";
import { isAlert, missingAnswers, problemOf } from "../../services/jobs/answers.ts";
import { previewOccurrences } from "../../services/jobs/job-preview.ts";
import { checkValidity, type DefinitionFacts, parseJobCron, warningsOf } from "../../services/jobs/job-rules.ts";
import { JOBNEED_STATUSES, mayBecome, TRANSITIONS, tourStatus } from "../../services/jobs/jobneed-state.ts";
import { STATUSES } from "../../services/tickets/tables.ts";
import { objectionTo } from "../../services/tickets/ticket-state.ts";

const at = (text: string) => Date.parse(text);
const line = { answerType: "NUMERIC", minValue: 10, maxValue: 50, alertOn: null };

describe("states of an occurrence", () => {
  test("every state can be left but COMPLETED, and only for states that exist", () => {
    for (const from of JOBNEED_STATUSES) {
      expect(TRANSITIONS[from as keyof typeof TRANSITIONS].length === 0).toBe(from === "COMPLETED");
      for (const to of TRANSITIONS[from as keyof typeof TRANSITIONS]) expect(JOBNEED_STATUSES).toContain(to);
    }
    expect(mayBecome("AUTOCLOSED", "COMPLETED")).toBe(true);
    expect(mayBecome("AUTOCLOSED", "INPROGRESS")).toBe(false);
    expect(mayBecome("INPROGRESS", "AUTOCLOSED")).toBe(false);
  });

  test.each([
    ["ASSIGNED", 1, 5, false, "INPROGRESS"],
    ["INPROGRESS", 4, 5, false, "INPROGRESS"],
    ["INPROGRESS", 5, 5, false, "COMPLETED"],
    ["INPROGRESS", 2, 5, true, "PARTIALLYCOMPLETED"],
    ["ASSIGNED", 0, 5, true, "PARTIALLYCOMPLETED"],
    ["PARTIALLYCOMPLETED", 4, 5, false, "PARTIALLYCOMPLETED"],
    ["PARTIALLYCOMPLETED", 5, 5, false, "COMPLETED"],
    ["AUTOCLOSED", 1, 5, false, "PARTIALLYCOMPLETED"],
    ["AUTOCLOSED", 5, 5, false, "COMPLETED"],
    ["WORKING", 1, 5, false, "WORKING"],
  ] as const)(
    "a tour that is %s with %i of %i done (its end reported: %s) is %s",
    (current, done, total, ending, now) => {
      expect(tourStatus(current, { done, total }, ending)).toBe(now);
    },
  );
});

describe("states of a ticket", () => {
  test("can be walked from NEW to CLOSED, and again after a resolution that did not hold", () => {
    const way = ["NEW", "OPEN", "ONHOLD", "OPEN", "RESOLVED", "OPEN", "RESOLVED", "CLOSED"] as const;
    way.slice(1).forEach((to, index) => {
      expect(objectionTo(way[index] ?? "NEW", to)).toBeUndefined();
    });
  });

  test("end with CLOSED and CANCELLED, and the objection says what is possible", () => {
    for (const to of STATUSES.filter((status) => status !== "CLOSED"))
      expect(objectionTo("CLOSED", to)).toContain("ended");
    expect(objectionTo("RESOLVED", "CANCELLED")).toBe(
      "a ticket that is RESOLVED cannot become CANCELLED: it can become OPEN or CLOSED",
    );
    expect(objectionTo("OPEN", "OPEN")).toBeUndefined();
  });
});

describe("answers", () => {
  test.each([
    [line, "9.9", true],
    [line, "10", false],
    [line, "50", false],
    [line, "50.01", true],
    [line, " ", false],
    [line, null, false],
    [{ ...line, minValue: null, maxValue: null, alertOn: "<5, >=90" }, "4", true],
    [{ ...line, minValue: null, maxValue: null, alertOn: "<5, >=90" }, "90", true],
    [{ ...line, minValue: null, maxValue: null, alertOn: "<5, >=90" }, "5", false],
    [{ ...line, minValue: null, maxValue: null, alertOn: "3" }, "3.0", true],
    [{ ...line, answerType: "DROPDOWN", alertOn: "Broken, Missing" }, "missing", true],
    [{ ...line, answerType: "MULTISELECT", alertOn: "Broken" }, "Clean, Broken", true],
    [{ ...line, answerType: "DROPDOWN", alertOn: "Broken" }, "Not broken", false],
    [{ ...line, answerType: "SINGLELINE", alertOn: null }, "1000", false],
  ])("%j answered %j raises an alert: %s", (of, answer, alert) => {
    expect(isAlert(of, answer)).toBe(alert);
  });

  test("a number must be one, and what is mandatory must be there; placeholders are nobody's to answer", () => {
    expect(problemOf(line, "twelve")).toBe("must be a number");
    expect(problemOf(line, "")).toBeUndefined();
    expect(problemOf({ answerType: "MULTILINE" }, "twelve")).toBeUndefined();
    const lines = [
      { n: 1, answerType: "NUMERIC", isMandatory: true, answer: " " },
      { n: 2, answerType: "NUMERIC", isMandatory: false, answer: null },
      { n: 3, answerType: "NONE", isMandatory: true, answer: null },
      { n: 4, answerType: "CHECKBOX", isMandatory: true, answer: "yes" },
    ];
    expect(missingAnswers(lines).map(({ n }) => n)).toEqual([1]);
  });
});

describe("a job's definition", () => {
  const year = { validFrom: at("2026-01-01T00:00:00Z"), validTo: at("2027-01-01T00:00:00Z") };

  test.each([
    ["* * * * *", "every minute is not allowed"],
    ["*/1 * * * *", "every minute is not allowed"],
    ["*  * * * *", "every minute is not allowed"],
    ["61 * * * *", "minute"],
    ["0 0 30 2 *", "never happens"],
    ["every day", "five are needed"],
  ])("is refused with the expression %j", (expression, message) => {
    let error: unknown;
    try {
      parseJobCron(expression);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "PARAMS_INVALID", fields: [{ field: "cron" }] });
    expect(() => parseJobCron(expression)).toThrow(message);
  });

  test("is refused when it never happens within its validity, in the zone of its site", () => {
    const cron = parseJobCron("30 23 31 12 *");
    expect(() => checkValidity(year, cron, "UTC")).not.toThrow();
    // 23:30 of 31 December in New York is in the next year of UTC.
    const day = { validFrom: at("2026-12-31T10:00:00Z"), validTo: at("2027-01-01T00:00:00Z") };
    expect(() => checkValidity(day, cron, "America/New_York")).toThrow("never happens between validFrom and validTo");
    expect(() => checkValidity({ validFrom: 5, validTo: 5 }, null, "UTC")).toThrow("must be after validFrom");
  });

  test("day of month or day of week: the classic meaning", () => {
    const job = {
      cron: parseJobCron("0 9 1 * mon"),
      zone: "UTC",
      ...year,
      graceTime: 0,
      planDuration: 0,
      expiryTime: 0,
    };
    const days = previewOccurrences(job, at("2026-01-31T00:00:00Z"), 4).map(({ scheduledAt }) =>
      scheduledAt.slice(0, 10),
    );
    expect(days).toEqual(["2026-02-01", "2026-02-02", "2026-02-09", "2026-02-16"]);
  });

  test("its occurrences are seen in UTC and on the site's clocks (worked example 7.1)", () => {
    const job = {
      cron: parseJobCron("0 */4 * * *"),
      zone: "Asia/Kolkata",
      validFrom: at("2026-01-01T00:00:00+05:30"),
      validTo: at("2026-01-31T00:00:00+05:30"),
      graceTime: 10,
      planDuration: 30,
      expiryTime: 15,
    };
    const [first] = previewOccurrences(job, at("2026-01-05T09:05:00+05:30"), 12);
    expect(first).toEqual({
      scheduledAt: "2026-01-05T06:30:00.000Z",
      planAt: "2026-01-05T06:20:00.000Z",
      expiryAt: "2026-01-05T07:15:00.000Z",
      local: {
        scheduledAt: "2026-01-05T12:00:00+05:30",
        planAt: "2026-01-05T11:50:00+05:30",
        expiryAt: "2026-01-05T12:45:00+05:30",
      },
    });
  });

  test("what looks like a mistake is allowed and said", () => {
    const good: DefinitionFacts = {
      ...year,
      cron: parseJobCron("0 8 * * *"),
      zone: "UTC",
      identifier: "TASK",
      planDuration: 30,
      expiryTime: 15,
      isDynamic: false,
      isAssigned: true,
      hasChecklist: true,
      checkpoints: 0,
    };
    const fields = (facts: Partial<DefinitionFacts>) =>
      warningsOf({ ...good, ...facts }, at("2026-06-01T00:00:00Z")).map(({ field }) => field);
    expect(fields({})).toEqual([]);
    expect(fields({ isAssigned: false })).toEqual(["personId"]);
    expect(fields({ identifier: "INTERNALTOUR" })).toEqual(["checkpoints"]);
    expect(fields({ cron: parseJobCron("*/5 * * * *") })).toEqual(["cron", "expiryTime"]);
    expect(fields({ cron: null })).toEqual(["cron"]);
    expect(fields({ validTo: at("2026-05-01T00:00:00Z") })).toEqual(["validTo"]);
  });
});
