// raise_autoclose_ticket: the ticket, its first history entry, the mail about it and the task's own end are one commit.
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { sendAutocloseEmail } from "../email/tasks.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { ticketEvents } from "./events.ts";
import { cacheKeysOfSite } from "./overview.ts";
import { type RaisedTicket, raiseTicket } from "./raise-ticket.ts";
import { raiseAutocloseTicket } from "./tasks.ts";

/** `tell` hears `ticket.created` after the commit. */
export function raiseTicketTasks(
  { runtime, cache }: ServiceParts,
  tell: Tell,
): NonNullable<TaskServiceSchema["tasks"]> {
  return {
    raiseAutocloseTicket: runs(raiseAutocloseTicket, (ctx) => {
      const { jobneedId } = ctx.params;
      const { task } = ctx.locals;
      return task.complete(async (tx) => {
        const ticket = await raiseTicket(tx, jobneedId, runtime.parts.clock.now());
        if (ticket?.isNew) {
          await task.enqueue(sendAutocloseEmail.with({ jobneedId, ticketId: ticket.id }), { tx });
          cache.afterCommit(tx).delete(...cacheKeysOfSite(ticket.siteId));
          tx.afterCommit(() => tell(ticketEvents.created, announced(ticket)));
        }
        return { ticketId: ticket?.id ?? null, number: ticket?.number ?? null };
      });
    }),
  };
}

function announced({ id, uuid, number, clientId, siteId }: RaisedTicket) {
  return { id, uuid, number, clientId, siteId };
}
