/** Mails about closed work, escalations and reminders: subjects, facts, local times, and nothing that comes from outside as markup. */
import { describe, expect, test } from "@jest/globals";
import { autocloseMail, type ClosedWorkFacts } from "../../services/email/autoclose-mail.ts";
import { reminderMail } from "../../services/email/reminder-mail.ts";
import { delayWords, ticketMail } from "../../services/email/ticket-mail.ts";
import { localStamp } from "../../services/site-time.ts";

const site = { name: "Bengaluru Campus", timezone: "Asia/Kolkata" };
const HOSTILE = `<img src=x onerror=alert(1)> <%= process.env %>\r\nBcc: z@x.example`;
const ticket = {
  number: "BLR-01#8",
  description: "Lift stops",
  category: "General",
  priority: "HIGH",
  status: "NEW",
  createdBy: "auto-close",
  createdAt: "2026-01-05T18:00:00Z",
  assignedTo: "Night shift",
  nextEscalation: "2 HOUR",
};

function closed(work: Partial<ClosedWorkFacts["work"]> = {}, raised: ClosedWorkFacts["ticket"] = null) {
  return autocloseMail({
    work: {
      identifier: "TASK",
      name: "Guard check",
      status: "AUTOCLOSED",
      planAt: "2026-01-05T06:20:00Z",
      expiryAt: "2026-01-05T07:15:00Z",
      createdBy: "olga",
      assignedTo: "Asha Rao [PEOPLE]",
      ...work,
    },
    site,
    ticket: raised,
  });
}

describe("the mail about closed work", () => {
  test.each([
    ["TASK", "AUTOCLOSE TASK planned on 05-Jan-2026 11:50 not reported in time"],
    ["INTERNALTOUR", "AUTOCLOSE TOUR planned on 05-Jan-2026 11:50 not reported in time"],
    ["EXTERNALTOUR", "AUTOCLOSE TOUR planned on 05-Jan-2026 11:50 not reported in time"],
    ["PPM", "AUTOCLOSE PPM planned on 05-Jan-2026 11:50 not reported in time"],
  ])("names its kind and local time in the subject: %s", (identifier, subject) => {
    expect(closed({ identifier }).subject).toBe(subject);
  });

  test("says what, where, when and who, in both parts, and shows a ticket where one was raised", () => {
    const facts = ["Guard check", "Bengaluru Campus", "olga", "Asha Rao [PEOPLE]", "5 Jan 2026, 12:45 (Asia/Kolkata)"];
    const [plain, ticketed] = [closed(), closed({}, ticket)];
    for (const part of [plain.html, plain.text]) {
      for (const fact of facts) expect(part).toContain(fact);
      expect(part).not.toContain("Category");
    }
    for (const part of [ticketed.html, ticketed.text]) {
      for (const fact of [...facts, "BLR-01#8", "Lift stops", "General", "HIGH", "Night shift", "In 2 hours"])
        expect(part).toContain(fact);
    }
    expect(closed({}, { ...ticket, nextEscalation: null }).text).toMatch(/Next escalation: +None/);
  });

  test("does without what is not known", () => {
    const { text, subject } = closed({ planAt: null, expiryAt: null, createdBy: null, assignedTo: null });
    expect(subject).toContain("no date");
    expect(text).toContain("Unassigned");
    expect(text).not.toMatch(/null|undefined|NaN|Invalid/);
  });
});

describe("the mail of an escalation", () => {
  test("is about its own level, even if the ticket has climbed on", () => {
    const { subject, text } = ticketMail(
      {
        ticket: { ...ticket, level: 3 },
        site,
        assignee: "Night shift",
        escalation: { level: 2, after: "2 HOUR", body: "Call the lift company" },
        nextEscalation: { level: 3, after: "1 DAY", body: null },
      },
      "escalated",
      2,
    );
    expect(subject).toBe("Escalation Level 2: Ticket Number BLR-01#8");
    for (const fact of ["to level 2", "2 hours after", "1 day after", "Call the lift company"])
      expect(text).toContain(fact);
  });

  test.each([
    ["1 MINUTE", "1 minute"],
    ["30 MINUTE", "30 minutes"],
    ["1 WEEK", "1 week"],
  ])("says delays in words: %s", (delay, words) => {
    expect(delayWords(delay)).toBe(words);
  });
});

describe("the mail of a reminder", () => {
  const facts = {
    reminder: { planAt: "2026-01-07T03:30:00Z" },
    job: { name: "Service the generator", description: "Check the oil", createdBy: "olga" },
    work: { assignedTo: null },
    asset: "Generator G-1",
    site,
  };

  test("names the job and its local time", () => {
    const { subject, text, html } = reminderMail(facts);
    expect(subject).toBe("Reminder For Service the generator");
    for (const part of [text, html]) {
      for (const fact of ["7 Jan 2026, 09:00 (Asia/Kolkata)", "Check the oil", "Generator G-1", "olga"])
        expect(part).toContain(fact);
    }
  });

  test.each([
    ["a reminder", reminderMail({ ...facts, job: { ...facts.job, name: HOSTILE, description: HOSTILE } })],
    ["closed work", closed({ name: HOSTILE, assignedTo: HOSTILE }, { ...ticket, description: HOSTILE })],
    [
      "a ticket",
      ticketMail({ ticket: { ...ticket, level: 1, description: HOSTILE }, site, assignee: HOSTILE }, "created"),
    ],
  ])("what people wrote is text, never markup, template or header: %s", (_, { html, subject }) => {
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img");
    expect(html).toContain("&lt;%= process.env %&gt;");
    expect(subject).not.toMatch(/\p{Cc}/u);
  });
});

test("stamps are those of the site's clocks, in every month", () => {
  expect(localStamp("2026-09-05T23:30:00Z", "Asia/Kolkata")).toBe("06-Sep-2026 05:00");
  expect(localStamp("2026-03-29T01:00:00Z", "Europe/London")).toBe("29-Mar-2026 02:00");
  expect(localStamp("2026-06-01T04:00:00Z", "America/New_York")).toBe("01-Jun-2026 00:00");
});
