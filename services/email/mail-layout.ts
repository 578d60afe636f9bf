// How every mail looks: what one says is data, and one HTML template and one plain-text form lay it out. Templates are
// files of ours; facts are escaped, never compiled.
import { readFileSync } from "node:fs";
import { Eta } from "eta";
import { headerText } from "./recipients.ts";

export type Fact = readonly [label: string, value: string];

export interface Badge {
  readonly text: string;
  readonly background: string;
  readonly colour: string;
}

export interface MailContent {
  readonly subject: string;
  readonly siteName: string;
  /** A colour; says at a glance how bad it is. */
  readonly accent: string;
  /** A few words above the title: what kind of mail this is. */
  readonly kicker: string;
  readonly title: string;
  readonly badges: readonly Badge[];
  /** The first thing to read, in a sentence or two. */
  readonly lead: string;
  readonly sections: readonly { readonly title?: string; readonly facts: readonly Fact[] }[];
  /** Why one gets this mail. */
  readonly reason: string;
}

export interface Mail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

const MAX_SUBJECT = 200;
const MAX_PREVIEW = 140;
const WIDEST_LABEL = 18;

export const ACCENTS = { calm: "#2f6f8f", good: "#3f6b52", warn: "#b06000", bad: "#b3261e" } as const;
const PRIORITY_ACCENTS: Readonly<Record<string, string>> = {
  HIGH: ACCENTS.bad,
  MEDIUM: ACCENTS.warn,
  LOW: ACCENTS.good,
};

const eta = new Eta({ autoEscape: true, useWith: false });
const template = eta.compile(readFileSync(new URL("./templates/mail.html", import.meta.url), "utf8"));

export function layOut(content: MailContent): Mail {
  const subject = headerText(content.subject, MAX_SUBJECT);
  const preview = headerText(content.lead, MAX_PREVIEW);
  return { subject, html: eta.render(template, { ...content, subject, preview }), text: plainText(content) };
}

export function priorityAccent(priority: string): string {
  return PRIORITY_ACCENTS[priority] ?? "#44546a";
}

export function priorityBadge(priority: string): Badge {
  return { text: priority, background: priorityAccent(priority), colour: "#ffffff" };
}

export function statusBadge(status: string): Badge {
  return { text: STATUS_WORDS[status] ?? status, background: "#eef1f4", colour: "#33475b" };
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  AUTOCLOSED: "AUTO-CLOSED",
  PARTIALLYCOMPLETED: "PARTIALLY COMPLETED",
  INPROGRESS: "IN PROGRESS",
  ONHOLD: "ON HOLD",
};

function plainText({ kicker, title, badges, lead, sections, reason }: MailContent): string {
  const head = [kicker, title, badges.map(({ text }) => text).join(" · ")].filter((line) => line !== "");
  const blocks = sections.map((section) =>
    [...(section.title === undefined ? [] : [section.title.toUpperCase()]), ...section.facts.map(factLine)].join("\n"),
  );
  return `${[head.join("\n"), lead, ...blocks, `--\n${reason}`].join("\n\n")}\n`;
}

function factLine([label, value]: Fact): string {
  const indent = " ".repeat(WIDEST_LABEL);
  return `${`${label}:`.padEnd(WIDEST_LABEL)}${value.replaceAll(/\r?\n/g, `\n${indent}`)}`;
}
