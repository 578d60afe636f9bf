// Tickets over the broker. Creating one and enqueueing its mail is one transaction: there is no ticket without its mail,
// and no mail without its ticket. The same holds for a change that somebody is to hear of.
import { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { auditChange, shown } from "../change-audit.ts";
import { sendTicketEmail } from "../email/tasks.ts";
import { ctzoffset, flag, freeText, id, PRIORITIES, page, text } from "../fields.ts";
import { type Asked, authorOf, scopeOf, type Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { changeTicket, commentTicket, type TicketChange } from "./change-ticket.ts";
import { ticketEvents } from "./events.ts";
import { listHistory } from "./history.ts";
import { cacheKeysOfSite } from "./overview.ts";
import { findTicket, insertTicket, listTickets, type Ticket, ticketOfUuid } from "./store.ts";
import { STATUSES } from "./tables.ts";

const one = z.strictObject({ id });
const newTicket = z.strictObject({
  siteId: id,
  uuid: z.uuid().optional(),
  description: text(10_000),
  priority: z.enum(PRIORITIES).default("LOW"),
  identifier: z.enum(["REQUEST", "TICKET"]).optional(),
  category: text(100).optional(),
  categoryId: id.optional(),
  assignedToPersonId: id.optional(),
  assignedToGroupId: id.optional(),
  assetId: id.optional(),
  locationId: id.optional(),
  questionSetId: id.optional(),
  comments: freeText(2_000).optional(),
  ctzoffset: ctzoffset.optional(),
});
const change = z.strictObject({
  id,
  description: text(10_000).optional(),
  priority: z.enum(PRIORITIES).optional(),
  status: z.enum(STATUSES).optional(),
  category: text(100).nullish(),
  categoryId: id.nullish(),
  assignedToPersonId: id.nullish(),
  assignedToGroupId: id.nullish(),
  assetId: id.nullish(),
  locationId: id.nullish(),
  questionSetId: id.nullish(),
  comments: freeText(2_000).nullish(),
  ctzoffset: ctzoffset.optional(),
});
const transition = z.strictObject({ id, status: z.enum(STATUSES), comments: freeText(2_000).optional() });
const comment = z.strictObject({ id, comment: text(2_000) });
const filter = z.strictObject({
  siteId: id.optional(),
  status: z.enum(STATUSES).optional(),
  priority: z.enum(PRIORITIES).optional(),
  categoryId: id.optional(),
  assignedToPersonId: id.optional(),
  assignedToGroupId: id.optional(),
  assetId: id.optional(),
  jobneedId: id.optional(),
  isEscalated: flag.optional(),
  q: text(100).optional(),
  ...page,
  limit: page.limit.default(50),
});
const historyPage = z.strictObject({ id, ...page });

export function ticketActions({ runtime, database, cache }: ServiceParts, tell: Tell) {
  function mail(ctx: Asked, tx: Transaction, ticketId: number, event: "created" | "updated") {
    const headers = ctx.meta.correlationId === undefined ? {} : { "correlation-id": ctx.meta.correlationId };
    return sendTicketEmail.enqueue(runtime, { ticketId, event }, { tx, headers });
  }

  function announce(tx: Transaction, { siteId }: Ticket, told: () => void): void {
    cache.afterCommit(tx).delete(...cacheKeysOfSite(siteId));
    tx.afterCommit(told);
  }

  async function changed(ctx: Asked, ticketId: number, wanted: TicketChange) {
    return database.transaction(async (tx) => {
      const { ticket, fields, isToBeMailed } = await changeTicket(tx, scopeOf(ctx), ticketId, wanted, authorOf(ctx));
      const task = isToBeMailed ? await mail(ctx, tx, ticketId, "updated") : undefined;
      const { status } = ticket;
      const told = () => tell(ticketEvents.updated, { ...announced(ticket), fields, status });
      if (fields.length > 0) {
        const now: Readonly<Record<string, unknown>> = { ...ticket };
        const changes = Object.fromEntries(fields.map((field) => [field, now[field]]));
        await auditChange(tx, ctx, "ticket.change", ticketId, shown(changes));
        announce(tx, ticket, told);
      }
      return { ...ticket, emailTaskId: task?.id ?? null };
    });
  }

  return {
    /** A ticket sent again under its uuid is answered as it is, without a second mail (`emailTaskId` null). */
    async create(ctx: Asked) {
      const { ctzoffset: _, ...given } = parseParams(newTicket, ctx.params);
      const { name: createdBy, personId: createdById } = authorOf(ctx);
      return database.transaction(async (tx) => {
        const known = given.uuid === undefined ? undefined : await ticketOfUuid(tx, given.uuid, scopeOf(ctx));
        if (known !== undefined) return { ...known, emailTaskId: null };
        const { assignedToPersonId } = given;
        const wanted = { ...given, assignedToPersonId, createdBy, createdById };
        const ticket = await insertTicket(tx, wanted, scopeOf(ctx));
        const task = await mail(ctx, tx, ticket.id, "created");
        await auditChange(tx, ctx, "ticket.create", ticket.id, shown(given));
        announce(tx, ticket, () => tell(ticketEvents.created, announced(ticket)));
        return { ...ticket, emailTaskId: task.id };
      });
    },
    get: (ctx: Asked) => findTicket(database, parseParams(one, ctx.params).id, scopeOf(ctx)),
    list: (ctx: Asked) => listTickets(database, parseParams(filter, ctx.params), scopeOf(ctx)),
    change(ctx: Asked) {
      const { id: ticketId, ctzoffset: _, ...wanted } = parseParams(change, ctx.params);
      return changed(ctx, ticketId, wanted);
    },
    /** To another state, as the table of `ticket-state.ts` allows. */
    transition(ctx: Asked) {
      const { id: ticketId, ...wanted } = parseParams(transition, ctx.params);
      return changed(ctx, ticketId, wanted);
    },
    async comment(ctx: Asked) {
      const { id: ticketId, comment: words } = parseParams(comment, ctx.params);
      return database.transaction(async (tx) => {
        const ticket = await commentTicket(tx, scopeOf(ctx), ticketId, words, authorOf(ctx));
        await auditChange(tx, ctx, "ticket.comment", ticketId);
        announce(tx, ticket, () => tell(ticketEvents.commented, announced(ticket)));
        return ticket;
      });
    },
    async history(ctx: Asked) {
      const { id: ticketId, ...rows } = parseParams(historyPage, ctx.params);
      await findTicket(database, ticketId, scopeOf(ctx));
      return listHistory(database, ticketId, rows);
    },
  };
}

function announced({ id: ticketId, uuid, number, clientId, siteId }: Ticket) {
  return { id: ticketId, uuid, number, clientId, siteId };
}
