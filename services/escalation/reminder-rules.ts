// What becomes of a reminder. It is of use from its instant until the planned one, while nobody has done the work yet.

export type ReminderStatus = "PENDING" | "QUEUED" | "SUCCESS" | "FAILED" | "MISSED";

/** A reminder whose mail has failed this often, retries within each aside, is given up. */
export const MOST_ATTEMPTS = 5;

/** The sweep runs every eight hours: an hour more than that, so that two sweeps overlap. */
export const LOOK_AHEAD_MS = 9 * 3_600_000;

export interface DueReminder {
  readonly status: ReminderStatus;
  readonly attempts: number;
  readonly remindAt: number;
  readonly planAt: number;
}

/** The statements in `reminder-store.ts` say the same in SQL. */
export function planOf(reminder: DueReminder, now: number): "enqueue" | "give up" | "wait" {
  const { status, attempts, remindAt, planAt } = reminder;
  if (status === "SUCCESS" || status === "MISSED") return "wait";
  if (planAt <= now) return "give up";
  if (status === "QUEUED" || (status === "FAILED" && attempts >= MOST_ATTEMPTS)) return "wait";
  return remindAt <= now + LOOK_AHEAD_MS ? "enqueue" : "wait";
}

const OPEN_WORK = ["ASSIGNED", "INPROGRESS"];

/** Why a mail would be pointless at this moment; undefined when it is due. */
export function pointlessBecause(
  reminder: { readonly status: string; readonly planAt: number; readonly workStatus: string },
  now: number,
): string | undefined {
  if (reminder.status !== "QUEUED") return `the reminder is ${reminder.status}`;
  if (reminder.planAt <= now) return "the planned time has passed";
  if (!OPEN_WORK.includes(reminder.workStatus)) return `the work is ${reminder.workStatus}`;
  return undefined;
}
