// auto_close_jobs: closes everything that expired before the run began, however long ago, batch by batch. Mails and
// tickets are tasks of their own, enqueued with the batch that calls for them, so that neither a slow mail server nor a
// crash between two batches can lose one or send it twice.
import type { Context } from "moleculer";
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { sendAutocloseEmail } from "../email/tasks.ts";
import { id } from "../fields.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { raiseAutocloseTicket } from "../tickets/tasks.ts";
import { type ClosedBatch, type ClosedWork, closeOverdue, FROM_THE_START, type Position } from "./auto-close-store.ts";
import { closeMailFacts } from "./close-mail-facts.ts";
import { jobneedEvents } from "./events.ts";
import { autoCloseJobs } from "./tasks.ts";

export interface AutoCloseResult {
  /** Top-level occurrences that became AUTOCLOSED. */
  readonly closed: number;
  readonly partlyCompleted: number;
  /** Tours whose checkpoints turned out to be all done. */
  readonly completed: number;
  /** Checkpoints nobody had begun, closed with their tours. */
  readonly checkpoints: number;
  readonly mails: number;
  readonly tickets: number;
  /** Tours that somebody was working on at that moment; the next run has them. */
  readonly left: number;
}

const NOTHING: AutoCloseResult = {
  closed: 0,
  partlyCompleted: 0,
  completed: 0,
  checkpoints: 0,
  mails: 0,
  tickets: 0,
  left: 0,
};
const IDS_TOLD = 20;

/** The task of closing. `tell` hears `jobneed.autoclosed` once per site and batch. */
export function autoCloseTasks(parts: ServiceParts, tell: Tell): NonNullable<TaskServiceSchema["tasks"]> {
  return {
    autoCloseJobs: runs(autoCloseJobs, async (ctx) => {
      const { log, signal } = ctx.locals.task;
      const closed = await closeAllOverdue(parts, tell, signal);
      log.info("closed what was overdue", closed);
      return closed;
    }),
  };
}

/** What the mail about closed work needs to know. */
export function autoCloseActions({ database }: ServiceParts) {
  const params = z.strictObject({ jobneedId: id, ticketId: id.optional() });
  return {
    closeMailFacts: (ctx: Context<unknown>) => closeMailFacts(database, parseParams(params, ctx.params)),
  };
}

/** @throws the reason of `signal` when it aborts; batches that are done stay done, and the next run goes on. */
export async function closeAllOverdue(parts: ServiceParts, tell: Tell, signal: AbortSignal): Promise<AutoCloseResult> {
  const now = parts.runtime.parts.clock.now();
  let result = NOTHING;
  let position: Position | undefined = FROM_THE_START;
  while (position !== undefined) {
    signal.throwIfAborted();
    const batch: ClosedBatch = await closeBatch(parts, tell, now, position);
    result = sum(result, batch);
    position = batch.next;
  }
  return result;
}

function closeBatch(parts: ServiceParts, tell: Tell, now: number, after: Position): Promise<ClosedBatch> {
  return parts.database.transaction(async (tx) => {
    const batch = await closeOverdue(tx, now, after);
    await sendAutocloseEmail.enqueueMany(parts.runtime, paramsOf(batch, "mail"), { tx });
    await raiseAutocloseTicket.enqueueMany(parts.runtime, paramsOf(batch, "ticket"), { tx });
    tx.afterCommit(() => tellSites(batch.closed, tell));
    return batch;
  });
}

function paramsOf({ closed }: ClosedBatch, tells: ClosedWork["tells"]): { jobneedId: number }[] {
  return closed.filter((work) => work.tells === tells).map((work) => ({ jobneedId: work.id }));
}

function tellSites(closed: readonly ClosedWork[], tell: Tell): void {
  for (const [siteId, works] of Map.groupBy(closed, (work) => work.siteId)) {
    const ids = works.slice(0, IDS_TOLD).map(({ id: workId }) => workId);
    const [{ clientId }] = works as [ClosedWork];
    tell(jobneedEvents.autoclosed, { clientId, siteId, count: works.length, ids });
  }
}

function sum(result: AutoCloseResult, { closed, checkpoints, left }: ClosedBatch): AutoCloseResult {
  const count = (fits: (work: ClosedWork) => boolean) => closed.filter(fits).length;
  return {
    closed: result.closed + count(({ status }) => status === "AUTOCLOSED"),
    partlyCompleted: result.partlyCompleted + count(({ status }) => status === "PARTIALLYCOMPLETED"),
    completed: result.completed + count(({ status }) => status === "COMPLETED"),
    checkpoints: result.checkpoints + checkpoints,
    mails: result.mails + count(({ tells }) => tells === "mail"),
    tickets: result.tickets + count(({ tells }) => tells === "ticket"),
    left: result.left + left,
  };
}
