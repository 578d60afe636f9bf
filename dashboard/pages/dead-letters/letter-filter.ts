// Which dead letters are shown: read from the address, said as the API wants to hear it, and checked here, too, for what it
// does not know.
import { offers } from "../../core/offers.ts";
import type { DeadLetter } from "../../core/shapes.ts";

export interface LetterFilter {
  readonly name: string;
  readonly queue: string;
  /** Of the error. */
  readonly code: string;
  /** In the error or the parameters. */
  readonly text: string;
  /** Died within this many minutes; 0: whenever. */
  readonly minutes: number;
  readonly isHandled: boolean;
  /** An error as {@link likeOf} puts it. */
  readonly like: string;
}

export const LETTER_FILTER_NAMES = ["name", "queue", "code", "q", "time", "handled", "like"] as const;
export const LETTER_TIMES: Readonly<Record<string, number>> = { "1h": 60, "24h": 1_440, "7d": 10_080 };
/** Parameters of `GET /dead-letters` that not every version knows. */
const NEWER = ["code", "text", "since"] as const;

export function letterFilterOf(query: URLSearchParams): LetterFilter {
  const text = (name: string) => query.get(name)?.trim() ?? "";
  return {
    name: text("name"),
    queue: text("queue"),
    code: text("code"),
    text: text("q").slice(0, 200),
    minutes: LETTER_TIMES[text("time")] ?? 0,
    isHandled: text("handled") === "true",
    like: text("like"),
  };
}

/** What the system is asked for, or told to do something with. */
export function letterParams(filter: LetterFilter, now: number): Record<string, string> {
  const { name, queue, code, text, minutes } = filter;
  const since = minutes === 0 ? "" : new Date(now - minutes * 60_000).toISOString();
  const given = Object.entries({ name, queue, code, text, since }).filter(([, value]) => value !== "");
  const isKnown = (field: string) =>
    !(NEWER as readonly string[]).includes(field) || offers("GET /dead-letters", field) === true;
  return Object.fromEntries(given.filter(([field]) => isKnown(field)));
}

/** The system can be told all of the filter; else what fits is picked out of what was read. */
export function isAllKnown({ code, text, minutes, like }: LetterFilter): boolean {
  if (like !== "") return false;
  return (code === "" && text === "" && minutes === 0) || offers("GET /dead-letters", "code") === true;
}

export function fits(letter: DeadLetter, filter: LetterFilter, now: number): boolean {
  const { code, text, minutes, like } = filter;
  const wanted = text.toLowerCase();
  return (
    (code === "" || letter.error.code === code) &&
    (like === "" || likeOf(letter.error.message) === like) &&
    (minutes === 0 || now - Date.parse(letter.createdAt) <= minutes * 60_000) &&
    (wanted === "" || `${letter.error.message} ${JSON.stringify(letter.params)}`.toLowerCase().includes(wanted))
  );
}

/** A message without what differs from one time to the next: ids and numbers. */
export function likeOf(message: string): string {
  return message
    .slice(0, 300)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "#")
    .replaceAll(/0x[0-9a-f]+|\d+(?:[.,]\d+)*/gi, "#");
}
