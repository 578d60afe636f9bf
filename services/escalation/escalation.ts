// A run of ticket_escalation: batch by batch, each one commit of levels, history entries and mails.

import { sendTicketEmail } from "../email/tasks.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { BATCH_ROWS, type EscalatedTicket, escalateDue } from "./escalation-store.ts";
import { escalationEvents } from "./events.ts";

/** @throws the reason of `signal` when it aborts; batches that are done stay done, and the next run goes on. */
export async function escalateAllDue(
  parts: ServiceParts,
  tell: Tell,
  signal: AbortSignal,
): Promise<{ escalated: number }> {
  const now = parts.runtime.parts.clock.now();
  let escalated = 0;
  for (let found = BATCH_ROWS; found === BATCH_ROWS; escalated += found) {
    signal.throwIfAborted();
    found = (await escalateBatch(parts, tell, now)).length;
  }
  return { escalated };
}

function escalateBatch(parts: ServiceParts, tell: Tell, now: number): Promise<EscalatedTicket[]> {
  return parts.database.transaction(async (tx) => {
    const tickets = await escalateDue(tx, now);
    const mails = tickets.map(({ id, level }) => ({ ticketId: id, event: "escalated" as const, level }));
    await sendTicketEmail.enqueueMany(parts.runtime, mails, { tx });
    tx.afterCommit(() => {
      for (const ticket of tickets) tell(escalationEvents.escalated, ticket);
    });
    return tickets;
  });
}
