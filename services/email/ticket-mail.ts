// The mail about a ticket: created, changed, or escalated.
import { localTime } from "../site-time.ts";
import { ACCENTS, type Fact, layOut, type Mail, priorityAccent, priorityBadge, statusBadge } from "./mail-layout.ts";
import type { TICKET_EVENTS } from "./tasks.ts";

export interface TicketFacts {
  readonly ticket: {
    readonly number: string;
    readonly description: string;
    readonly priority: string;
    readonly status: string;
    readonly level: number;
    readonly createdAt: string;
    readonly category?: string | null;
    readonly comments?: string | null;
    readonly createdBy?: string | null;
    readonly modifiedBy?: string | null;
    readonly modifiedAt?: string | null;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  readonly assignee: string | null;
  readonly escalation?: EscalationFacts | null;
  readonly nextEscalation?: EscalationFacts | null;
}

interface EscalationFacts {
  readonly level: number;
  /** "30 MINUTE", since the ticket was opened. */
  readonly after: string;
  readonly body: string | null;
}

type TicketEvent = (typeof TICKET_EVENTS)[number];

/** `level` is the escalation the mail is about; default the ticket's level. */
export function ticketMail(facts: TicketFacts, event: TicketEvent, level = facts.ticket.level): Mail {
  const { ticket, site } = facts;
  const isEscalation = event === "escalated";
  return layOut({
    subject: isEscalation
      ? `Escalation Level ${level}: Ticket Number ${ticket.number}`
      : `Ticket ${ticket.number} ${event} at ${site.name}: ${ticket.description}`,
    siteName: site.name,
    accent: isEscalation ? ACCENTS.bad : priorityAccent(ticket.priority),
    kicker: isEscalation ? `Ticket escalated to level ${level}` : `Ticket ${event}`,
    title: ticket.number,
    badges: [priorityBadge(ticket.priority), statusBadge(ticket.status)],
    lead: ticket.description,
    sections: [
      ...(isEscalation ? [{ title: "Escalation", facts: escalationFacts(facts, level) }] : []),
      { ...(isEscalation ? { title: "Ticket" } : {}), facts: ticketFacts(facts, level, isEscalation) },
    ],
    reason:
      "You get this mail because the ticket is assigned to you or your group, you opened or changed it, " +
      "or its escalation names you. Times are the site's.",
  });
}

function escalationFacts({ ticket, site, escalation, nextEscalation }: TicketFacts, level: number): Fact[] {
  return [
    ["Level", String(level)],
    ["Waiting since", localTime(ticket.createdAt, site.timezone)],
    ...optional("Escalated in", escalation && `${delayWords(escalation.after)} after it was opened`),
    ["Next escalation", nextEscalation ? `${delayWords(nextEscalation.after)} after it was opened` : "None"],
    ...optional("Details", escalation?.body),
  ];
}

function ticketFacts({ ticket, site, assignee }: TicketFacts, level: number, isEscalation: boolean): Fact[] {
  return [
    ["Site", site.name],
    ...optional("Category", ticket.category),
    ["Assigned to", assignee ?? "Unassigned"],
    ...(level > 0 && !isEscalation ? [["Escalation", `level ${level}`] as const] : []),
    ["Opened", localTime(ticket.createdAt, site.timezone)],
    ...optional("Opened by", ticket.createdBy),
    ...optional("Changed by", ticket.modifiedBy),
    ...optional("Changed", ticket.modifiedBy && ticket.modifiedAt && localTime(ticket.modifiedAt, site.timezone)),
    ...optional("Comments", ticket.comments),
  ];
}

/** "2 HOUR" as people say it: "2 hours". */
export function delayWords(delay: string): string {
  const [value = "", unit = ""] = delay.toLowerCase().split(" ");
  return `${value} ${unit}${value === "1" ? "" : "s"}`;
}

function optional(label: string, value: string | null | undefined): Fact[] {
  return value === null || value === undefined || value === "" ? [] : [[label, value]];
}
