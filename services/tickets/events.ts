// What the tickets service tells.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";
import { STATUSES } from "./tables.ts";

const ticket = {
  id: z.int(),
  uuid: z.string(),
  number: z.string(),
  clientId: z.int().nullable(),
  siteId: z.int(),
};

export const ticketEvents = {
  created: defineEvent({
    event: "ticket.created",
    meaning: "A ticket was opened: by somebody, for work that nobody did, or for a site's crisis.",
    payload: z.strictObject({ ...ticket, isCrisis: z.literal(true).optional() }),
  }),
  updated: defineEvent({
    event: "ticket.updated",
    meaning: "Fields of a ticket have changed.",
    payload: z.strictObject({ ...ticket, fields: z.array(z.string()).readonly(), status: z.enum(STATUSES) }),
  }),
  commented: defineEvent({
    event: "ticket.commented",
    meaning: "Somebody has commented on a ticket.",
    payload: z.strictObject(ticket),
  }),
};
