// What a row of the parity table says: something Celery, Flower, beat or django-redis has, in their words, and where it is
// here, face by face. Words in angle brackets stand for something of the system that is asked: `<task>` for a task's id, and
// so on; the tests that call every row (test/integration/parity.test.ts) and go to its place in the dashboard
// (test/end-to-end/dashboard-parity.test.ts) put one in its place.
import type { Elsewhere, Place } from "./place.ts";

export interface ParityRow {
  /** In their own words. */
  readonly there: string;
  /** The one implementation: an action of the broker. */
  readonly action?: string;
  /** What it is given. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Below /api/v1. What the path names is taken from `params`; the rest of them is its query, or its body. */
  readonly rest?: string;
  /** Other addresses with the same answer. */
  readonly alsoAt?: readonly string[];
  /** After `apium`. The REPL takes the same words, except where it has its own: `cache` is `caches`, `events` `task-events`. */
  readonly cli?: string;
  /** Below /api: Flower's own addresses, for scripts that were written for it. */
  readonly flower?: string | readonly string[];
  /** Its place in the dashboard, or why it has none. */
  readonly dashboard?: Place | Elsewhere;
  /** It changes something. */
  readonly changes?: Change;
  /** It is shown by another row: that one's `there`. */
  readonly sameAs?: string;
  /** A program, a page or a stream: how to have it, and the test that shows it. */
  readonly program?: { readonly use: string; readonly shownBy: string };
  /** There is none here, and this is why. */
  readonly notApplicable?: string;
  /** For people. */
  readonly note?: string;
}

export interface Change {
  readonly role: "operator" | "admin";
  /** What the audit calls it. */
  readonly audit: string;
  /** It takes `dryRun`, `--dry-run` on the command line, which changes nothing and leaves no trace. */
  readonly dryRun?: true;
  /** What must be as it was before each face is asked: see the test's stage. */
  readonly reset?: "slots" | "queues";
}

export interface ParitySection {
  readonly title: string;
  /** Where the list on the left comes from, and how long it is there. */
  readonly source: string;
  readonly rows: readonly ParityRow[];
}

/** A change for operators, under the audit's name of it. */
export function change(audit: string, more: Omit<Change, "role" | "audit"> = {}): Change {
  return { role: "operator", audit, ...more };
}
