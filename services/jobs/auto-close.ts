// What becomes of work that nobody reported in time. The checkpoints of a tour count for more than what its parent row
// says: a tour whose checkpoints are all done is done, however it was left.

/** Kinds of work the server closes. Everything else (tickets, incident reports, …) waits for people. */
export const CLOSED_BY_SERVER = ["TASK", "INTERNALTOUR", "EXTERNALTOUR", "PPM", "SITEREPORT"] as const;

export const CLOSED_STATUSES = ["COMPLETED", "PARTIALLYCOMPLETED", "AUTOCLOSED"] as const;
export type ClosedStatus = (typeof CLOSED_STATUSES)[number];

export interface OverdueWork {
  /** A tour's checkpoints; 0 for work that has none. */
  readonly checkpoints: number;
  /** How many of them are COMPLETED or PARTIALLYCOMPLETED. */
  readonly done: number;
  /** The code of its notify category. */
  readonly notifyCategory: string | null;
}

export interface Closing {
  readonly status: ClosedStatus;
  /** "mail" tells people; "ticket" raises a ticket, which then tells them. */
  readonly tells: "nobody" | "mail" | "ticket";
}

const TELLS: ReadonlyMap<string | null, Closing["tells"]> = new Map([
  ["AUTOCLOSENOTIFY", "mail"],
  ["RAISETICKETNOTIFY", "ticket"],
]);

/** Decides about one overdue occurrence. Nothing is told of work that turns out to be done. */
export function closingOf({ checkpoints, done, notifyCategory }: OverdueWork): Closing {
  if (checkpoints > 0 && done >= checkpoints) return { status: "COMPLETED", tells: "nobody" };
  const status = done > 0 ? "PARTIALLYCOMPLETED" : "AUTOCLOSED";
  return { status, tells: TELLS.get(notifyCategory) ?? "nobody" };
}
