// Tickets of the facility.
import { z } from "zod";
import { parseParams, tellOver } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { requireSite } from "../clients.ts";
import { type Asked, scopeOf, type Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { ticketMailFacts } from "./mail-facts.ts";
import { type SiteOverview, siteOverview } from "./overview.ts";
import { raiseTicketTasks } from "./raise-ticket-tasks.ts";
import { ticketActions } from "./ticket-actions.ts";

const id = z.coerce.number().int().positive();
const mailed = z.strictObject({
  ticketId: id,
  event: z.string().default("created"),
  level: z.number().int().min(1).optional(),
});
export function ticketsService(parts: ServiceParts): TaskServiceSchema {
  const { runtime, database, cache } = parts;
  let tell: Tell = () => {};
  return {
    name: "tickets",
    tasks: raiseTicketTasks(parts, (event, payload) => tell(event, payload)),
    actions: {
      ...ticketActions(parts, (event, payload) => tell(event, payload)),
      /** Counted once in five minutes, or when a ticket of the site has changed. */
      async overview(ctx: Asked): Promise<SiteOverview> {
        const { siteId } = parseParams(z.object({ siteId: id }), ctx.params);
        await requireSite(database, scopeOf(ctx), siteId);
        return cache.remember(`site_overview_${siteId}`, { ttl: "300s", staleFor: "60s" }, () =>
          siteOverview(database, siteId, runtime.parts.clock.now()),
        );
      },
      mailFacts: (ctx: Asked) => ticketMailFacts(database, parseParams(mailed, ctx.params)),
    },
    created() {
      tell = tellOver(this.broker);
    },
  };
}
