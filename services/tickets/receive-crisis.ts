// A site's crisis becomes a ticket of high priority, once: with whom the matrix names first, and on its way up from there.
import { sendTicketEmail } from "../email/tasks.ts";
import type { PhoneRecord, Receipt, ReceiverParts } from "../receiver.ts";
import { type Crisis, crisisOf } from "../site-crisis.ts";
import { derivedUuid } from "./derived-uuid.ts";
import { ticketEvents } from "./events.ts";
import { cacheKeysOfSite } from "./overview.ts";
import { insertTicket, ticketOfUuid } from "./store.ts";

interface First {
  readonly assignedToPersonId: number | null;
  readonly assignedToGroupId: number | null;
}

const FIRST = `
select assigned_person_id as "assignedToPersonId", assigned_group_id as "assignedToGroupId"
from escalation_matrix
where enabled and client_id = $1::bigint and category_id = $2::bigint and level = 1
  and (site_id = $3::bigint or site_id is null)
order by site_id nulls last limit 1`;

export async function receiveCrisis(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { database, runtime, sender, tell } = parts;
  const uuid = String(record.uuid);
  const crisis = await crisisOf(database, uuid, sender.clientId);
  if (crisis === undefined) return { uuid, outcome: "unchanged" };
  const ticketUuid = derivedUuid("crisis", uuid.toLowerCase());
  return database.transaction(async (tx) => {
    const scope = { clientId: sender.clientId };
    if ((await ticketOfUuid(tx, ticketUuid, scope)) !== undefined) return { uuid, outcome: "unchanged" };
    const { rows } = await tx.query<First>(FIRST, [crisis.clientId, crisis.categoryId, crisis.siteId]);
    const ticket = await insertTicket(
      tx,
      {
        ...{ siteId: crisis.siteId, uuid: ticketUuid, description: descriptionOf(crisis), priority: "HIGH" },
        ...{ categoryId: crisis.categoryId ?? undefined, category: undefined },
        assignedToPersonId: rows[0]?.assignedToPersonId ?? undefined,
        assignedToGroupId: rows[0]?.assignedToGroupId ?? undefined,
        ...{ createdBy: sender.name, createdById: sender.personId },
      },
      scope,
    );
    // Whom the first level names has it from the beginning; the sweep goes on with the second.
    await tx.query("update ticket set level = 1 where id = $1", [ticket.id]);
    await sendTicketEmail.enqueue(runtime, { ticketId: ticket.id, event: "created" }, { tx, priority: 9 });
    const { id, number, clientId, siteId } = ticket;
    parts.cache.afterCommit(tx).delete(...cacheKeysOfSite(siteId));
    tx.afterCommit(() =>
      tell(ticketEvents.created, { id, uuid: ticketUuid, number, clientId, siteId, isCrisis: true }),
    );
    return { uuid, outcome: "created" };
  });
}

function descriptionOf({ typeName, remarks }: Crisis): string {
  return remarks === null || remarks.trim() === ""
    ? `Site crisis: ${typeName}`
    : `Site crisis: ${typeName}\n${remarks}`;
}
