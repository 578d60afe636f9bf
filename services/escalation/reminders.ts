// How a reminder leaves at its minute. Every half minute the service takes the reminders that fall due within nine hours,
// however and by whoever they were made, and enqueues the mail of each for its own instant; the scheduled sweep does the
// same every eight hours where no such service was running. A reminder is taken by a change of its row, in the
// transaction that enqueues its mail: two that look at once, a restart, or a crash in between make neither two mails
// nor none.
import { detached } from "../../database/index.ts";
import { sendJobReminder } from "../email/tasks.ts";
import type { ServiceParts } from "../service-parts.ts";
import { BATCH_ROWS, giveUpLate, type PlannedReminder, takeDue } from "./reminder-store.ts";

const LOOK_EVERY_MS = 30_000;

export interface PlanResult {
  readonly planned: number;
  readonly missed: number;
}

/** Enqueues what falls due, gives up what is too late. @throws the reason of `signal` when it aborts. */
export async function planReminders({ database, runtime }: ServiceParts, signal?: AbortSignal): Promise<PlanResult> {
  const now = runtime.parts.clock.now();
  let missed = 0;
  for (let late = BATCH_ROWS; late === BATCH_ROWS; missed += late) {
    signal?.throwIfAborted();
    late = await giveUpLate(database, now);
  }
  let planned = 0;
  for (let taken = BATCH_ROWS; taken === BATCH_ROWS; planned += taken) {
    signal?.throwIfAborted();
    taken = await database.transaction(async (tx) => {
      const reminders = await takeDue(tx, now);
      for (const [eta, ofInstant] of Map.groupBy(reminders, (reminder) => instantOf(reminder, now))) {
        const mails = ofInstant.map(({ id }) => ({ reminderId: id }));
        await sendJobReminder.enqueueMany(runtime, mails, eta === undefined ? { tx } : { tx, eta });
      }
      return reminders.length;
    });
  }
  return { planned, missed };
}

/** Those that are due already go together. */
function instantOf({ remindAt }: PlannedReminder, now: number): string | undefined {
  return Date.parse(remindAt) <= now ? undefined : remindAt;
}

/** Looks again and again until the returned function is called, which waits for the last look. */
export function watchReminders(parts: ServiceParts): () => Promise<void> {
  const { clock } = parts.runtime.parts;
  let isStopped = false;
  let look: Promise<unknown> = Promise.resolve();
  let cancel = () => {};
  const lookIn = (delayMs: number) => {
    if (isStopped) return;
    cancel = detached(() =>
      clock.after(delayMs, () => {
        look = planReminders(parts)
          .catch((error: Error) => parts.log.warn(`the look at reminders failed; it comes again: ${error.message}`))
          .finally(() => lookIn(LOOK_EVERY_MS));
      }),
    );
  };
  lookIn(0);
  return async () => {
    isStopped = true;
    cancel();
    await look;
  };
}
