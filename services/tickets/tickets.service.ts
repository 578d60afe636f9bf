// Tickets of the facility. Creating one and enqueueing its mail is one transaction: there is no ticket without its
// mail, and no mail without its ticket.
import type { Context } from "moleculer";
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { sendTicketEmail } from "../email/tasks.ts";
import type { ServiceParts } from "../service-parts.ts";
import { loadDemoFacility } from "./demo-facility.ts";
import { cacheKeysOfSite, type SiteOverview, siteOverview } from "./overview.ts";
import { createSite, listSites } from "./sites.ts";
import { findTicket, insertTicket, listTickets, mailFacts } from "./store.ts";
import { PRIORITIES, STATUSES } from "./tables.ts";

const id = z.coerce.number().int().positive();
const newTicket = z.strictObject({
  siteId: id,
  description: text(10_000),
  priority: z.enum(PRIORITIES).default("LOW"),
  category: text(100).optional(),
  assignedToPersonId: id.optional(),
});
const filter = z.strictObject({
  siteId: id.optional(),
  status: z.enum(STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: id.optional(),
});
const newSite = z.strictObject({
  code: z.string().regex(/^[A-Za-z0-9_-]{1,30}$/, "has up to 30 letters, digits, _ or -"),
  name: text(200),
  timezone: z.string().refine(isZone, "must be an IANA time zone such as Asia/Kolkata"),
});

interface Meta {
  readonly user?: { readonly name: string };
  readonly correlationId?: string;
}
type Ctx = Context<unknown, Meta>;

export function ticketsService({ runtime, database, cache, log }: ServiceParts): TaskServiceSchema {
  return {
    name: "tickets",
    actions: {
      async create(ctx: Ctx) {
        const given = parseParams(newTicket, ctx.params);
        const headers = ctx.meta.correlationId === undefined ? {} : { "correlation-id": ctx.meta.correlationId };
        const created = await database.transaction(async (tx) => {
          const ticket = await insertTicket(tx, {
            ...given,
            category: given.category,
            assignedToPersonId: given.assignedToPersonId,
            createdBy: ctx.meta.user?.name ?? "internal",
          });
          const mail = await sendTicketEmail.enqueue(
            runtime,
            { ticketId: ticket.id, event: "created" },
            { tx, headers },
          );
          cache.afterCommit(tx).delete(...cacheKeysOfSite(ticket.siteId));
          return { ...ticket, emailTaskId: mail.id };
        });
        ctx.emit("ticket.created", { id: created.id, number: created.number, siteId: created.siteId }).catch(() => {});
        return created;
      },
      get: (ctx: Ctx) => findTicket(database, parseParams(z.object({ id }), ctx.params).id),
      list: (ctx: Ctx) => listTickets(database, parseParams(filter, ctx.params)),
      /** Counted once in five minutes, or when a ticket of the site has changed. */
      overview(ctx: Ctx): Promise<SiteOverview> {
        const { siteId } = parseParams(z.object({ siteId: id }), ctx.params);
        return cache.remember(`site_overview_${siteId}`, { ttl: "300s", staleFor: "60s" }, () =>
          siteOverview(database, siteId, runtime.parts.clock.now()),
        );
      },
      mailFacts: (ctx: Ctx) => mailFacts(database, parseParams(z.object({ ticketId: id }), ctx.params).ticketId),
      async sites() {
        return { items: await listSites(database), nextCursor: null };
      },
      createSite: (ctx: Ctx) => createSite(database, parseParams(newSite, ctx.params)),
    },
    async started() {
      if (database.engine !== "pglite") return;
      if (await loadDemoFacility(database)) log.info("loaded the demo facility: 3 sites, 6 people, 4 tickets");
    },
  };
}

/** NUL cannot be kept in PostgreSQL text. */
function text(maxLength: number) {
  const hasNoNul = (value: string) => !value.includes("\0");
  return z.string().trim().min(1).max(maxLength).refine(hasNoNul, "must not contain NUL");
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
