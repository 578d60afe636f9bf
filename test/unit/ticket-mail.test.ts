/** A ticket's mail: what it says, and what a description, a name or an address cannot do to it. */
import { describe, expect, test } from "@jest/globals";
import { Reject } from "../../runtime/index.ts";
import { mailFailure } from "../../services/email/mail-policy.ts";
import { checkRecipients, headerText } from "../../services/email/recipients.ts";
import { type TicketFacts, ticketMail } from "../../services/email/ticket-mail.ts";
import { localTime } from "../../services/site-time.ts";

function facts(ticket: Partial<TicketFacts["ticket"]> = {}, assignee: string | null = "Asha Rao"): TicketFacts {
  return {
    ticket: {
      number: "BLR-01#7",
      description: "Lift stops",
      priority: "HIGH",
      status: "NEW",
      level: 0,
      createdAt: "2026-03-29T20:00:00.000Z",
      ...ticket,
    },
    site: { name: "Bengaluru Campus", timezone: "Asia/Kolkata" },
    assignee,
  };
}

describe("a ticket's mail", () => {
  test("names the ticket, its site, its state and the time on the site's clocks, in both parts", () => {
    const { subject, html, text } = ticketMail(facts(), "created");
    expect(subject).toBe("Ticket BLR-01#7 created at Bengaluru Campus: Lift stops");
    for (const part of [html, text]) {
      for (const fact of [
        "BLR-01#7",
        "Bengaluru Campus",
        "HIGH",
        "NEW",
        "Lift stops",
        "Asha Rao",
        "30 Mar 2026, 01:30",
      ])
        expect(part).toContain(fact);
    }
    expect(html).not.toMatch(/<img|https?:\/\//);
  });

  test("shows a description as text, never as markup or as a template", () => {
    const description = `<script>alert("x")</script> <%= it.secret %> & 'quoted'`;
    const { html, text } = ticketMail(facts({ description }), "updated");
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &lt;%= it.secret %&gt; &amp;");
    expect(text).toContain(description);
  });

  test("keeps the subject on one line of at most 200 characters", () => {
    const { subject } = ticketMail(
      facts({ description: `a\r\nBcc: evil@x.example\0${"long ".repeat(100)}` }),
      "created",
    );
    expect(subject).not.toMatch(/\p{Cc}/u);
    expect(subject).toContain("a Bcc: evil@x.example");
    expect(subject).toHaveLength(200);
  });

  test("says who is assigned and how far it was escalated only where there is something to say", () => {
    expect(ticketMail(facts({}, null), "created").text).toContain("Unassigned");
    expect(ticketMail(facts(), "created").text).not.toContain("Escalation");
    expect(ticketMail(facts({ level: 2 }), "escalated").text).toContain("level 2");
  });

  test("follows the site's daylight saving time", () => {
    expect(localTime("2026-03-29T00:59:00.000Z", "Europe/London")).toBe("29 Mar 2026, 00:59 (Europe/London)");
    expect(localTime("2026-03-29T01:00:00.000Z", "Europe/London")).toBe("29 Mar 2026, 02:00 (Europe/London)");
  });
});

describe("recipients", () => {
  test("are told once however their address is written, and what is no address is skipped", () => {
    const { to, skipped } = checkRecipients([
      { name: "Asha", address: "Asha@x.example" },
      { name: "Asha again", address: "asha@X.example" },
      { name: "Injected\r\nBcc: z@x.example", address: "b@x.example" },
      { name: "", address: "c@x.example\r\nRCPT TO:<z@x.example>" },
      { name: "", address: "a@b.example, c@d.example" },
      { name: "", address: "" },
    ]);
    expect(to).toEqual([
      { name: "Asha", address: "Asha@x.example" },
      { name: "Injected Bcc: z@x.example", address: "b@x.example" },
    ]);
    expect(skipped).toHaveLength(3);
  });

  test("are those of ALERT_TO where nobody else can be told", () => {
    const { to, skipped } = checkRecipients([{ name: "x", address: "nobody" }], "desk@x.example, night@x.example");
    expect(to.map(({ address }) => address)).toEqual(["desk@x.example", "night@x.example"]);
    expect(skipped).toEqual(["nobody"]);
    expect(checkRecipients([{ name: "x", address: "x@x.example" }], "desk@x.example").to).toHaveLength(1);
    expect(checkRecipients([]).to).toEqual([]);
  });

  test("a header text has no control characters and a bounded length", () => {
    expect(headerText(" a\r\n\tb\0c ", 10)).toBe("a b c");
    expect(headerText("abcdef", 4)).toBe("abc…");
  });
});

describe("a failed delivery", () => {
  test.each([
    [{ responseCode: 451, response: "451 later" }, false],
    [{ responseCode: 421 }, false],
    [{ code: "ECONNECTION" }, false],
    [{ code: "ETIMEDOUT" }, false],
    [{ responseCode: 454, code: "EAUTH" }, false],
    [{ responseCode: 503 }, false],
    [{ responseCode: 550, response: "550 no such user" }, true],
    [{ responseCode: 535, code: "EAUTH" }, true],
    [{ code: "EAUTH" }, true],
  ])("%j is final: %s", (properties, isFinal) => {
    const error = Object.assign(new Error("mail"), properties);
    const fate = mailFailure(error);
    expect(fate instanceof Reject).toBe(isFinal);
    if (!isFinal) expect(fate).toBe(error);
  });
});
