// A mail about a ticket, from its facts: subject, HTML and text. Pure but for the templates, which are files of ours;
// facts are data and are escaped, never compiled.
import { readFileSync } from "node:fs";
import { Eta } from "eta";
import { headerText } from "./recipients.ts";
import type { TICKET_EVENTS } from "./tasks.ts";

export interface TicketFacts {
  readonly ticket: {
    readonly number: string;
    readonly description: string;
    readonly priority: string;
    readonly status: string;
    readonly level: number;
    readonly createdAt: string;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  readonly assignee: string | null;
}

export interface TicketMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

const COLOURS: Readonly<Record<string, string>> = { HIGH: "#b3261e", MEDIUM: "#b06000", LOW: "#3f6b52" };
const MAX_SUBJECT = 200;

const eta = new Eta({ autoEscape: true, useWith: false });
const templates = {
  html: readFileSync(new URL("./templates/ticket.html", import.meta.url), "utf8"),
  text: readFileSync(new URL("./templates/ticket.txt", import.meta.url), "utf8"),
};
const plain = new Eta({ autoEscape: false, useWith: false });

export function ticketMail(facts: TicketFacts, event: (typeof TICKET_EVENTS)[number]): TicketMail {
  const { ticket, site } = facts;
  const data = {
    event,
    ticket,
    site,
    assignee: facts.assignee ?? "Unassigned",
    colour: COLOURS[ticket.priority] ?? "#44546a",
    createdAt: localTime(ticket.createdAt, site.timezone),
  };
  return {
    subject: headerText(`Ticket ${ticket.number} ${event} at ${site.name}: ${ticket.description}`, MAX_SUBJECT),
    html: eta.renderString(templates.html, data),
    text: plain.renderString(templates.text, data),
  };
}

/** The instant as the site's clocks show it, with its zone. */
export function localTime(instant: string, timezone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    dateStyle: "medium",
    timeStyle: "short",
  })
    .format(new Date(instant))
    .concat(` (${timezone})`);
}
