// The mail about work that nobody reported in time, with the ticket that was raised for it, if one was.
import { localStamp, localTime } from "../site-time.ts";
import { ACCENTS, type Fact, layOut, type Mail, statusBadge } from "./mail-layout.ts";
import { delayWords } from "./ticket-mail.ts";

export interface ClosedWorkFacts {
  readonly work: {
    readonly identifier: string;
    readonly name: string;
    readonly status: string;
    readonly planAt: string | null;
    readonly expiryAt: string | null;
    readonly createdBy: string | null;
    readonly assignedTo: string | null;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  readonly ticket: {
    readonly number: string;
    readonly description: string;
    readonly category: string | null;
    readonly priority: string;
    readonly status: string;
    readonly createdBy: string;
    readonly createdAt: string;
    readonly assignedTo: string | null;
    readonly nextEscalation: string | null;
  } | null;
}

const KINDS: Readonly<Record<string, string>> = {
  INTERNALTOUR: "TOUR",
  EXTERNALTOUR: "TOUR",
};
const WORDS: Readonly<Record<string, string>> = { TOUR: "tour", TASK: "task", SITEREPORT: "site report" };

export function autocloseMail({ work, site, ticket }: ClosedWorkFacts): Mail {
  const kind = KINDS[work.identifier] ?? work.identifier;
  const word = WORDS[kind] ?? kind;
  const planned = work.planAt === null ? "no date" : localStamp(work.planAt, site.timezone);
  return layOut({
    subject: `AUTOCLOSE ${kind} planned on ${planned} not reported in time`,
    siteName: site.name,
    accent: ticket === null ? ACCENTS.warn : ACCENTS.bad,
    kicker: ticket === null ? "Not reported in time" : `Not reported in time · ticket ${ticket.number} raised`,
    title: work.name,
    badges: [{ text: kind, background: "#17324d", colour: "#ffffff" }, statusBadge(work.status)],
    lead: `The server did not receive a completion report of this ${word} in time.${
      work.status === "PARTIALLYCOMPLETED" ? "\nSome of its checkpoints were reported." : ""
    }`,
    sections: [
      { facts: workFacts(work, site) },
      ...(ticket === null ? [] : [{ title: "Ticket", facts: ticketFacts(ticket, site) }]),
    ],
    reason:
      "You get this mail because you are in charge of this site, or get your organisation's alerts. " +
      "Times are the site's.",
  });
}

function workFacts(work: ClosedWorkFacts["work"], site: ClosedWorkFacts["site"]): Fact[] {
  return [
    ["Site", site.name],
    ["Description", work.name],
    ["Planned on", at(work.planAt, site.timezone)],
    ["Expired at", at(work.expiryAt, site.timezone)],
    ["Assigned to", work.assignedTo ?? "Unassigned"],
    ["Created by", work.createdBy ?? "Unknown"],
  ];
}

function ticketFacts(ticket: NonNullable<ClosedWorkFacts["ticket"]>, site: ClosedWorkFacts["site"]): Fact[] {
  return [
    ["Ticket", ticket.number],
    ["Description", ticket.description],
    ["Category", ticket.category ?? "General"],
    ["Priority", ticket.priority],
    ["Status", ticket.status],
    ["Created by", ticket.createdBy],
    ["Created on", localTime(ticket.createdAt, site.timezone)],
    ["Assigned to", ticket.assignedTo ?? "Unassigned"],
    ["Next escalation", ticket.nextEscalation === null ? "None" : `In ${delayWords(ticket.nextEscalation)}`],
  ];
}

function at(instant: string | null, timezone: string): string {
  return instant === null ? "No date" : localTime(instant, timezone);
}
