// What the service of work orders tells.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";
import { STANDINGS, STATUSES } from "./states.ts";

const payload = z.strictObject({
  ...{ id: z.int(), uuid: z.string(), number: z.string().nullable(), clientId: z.int(), siteId: z.int() },
  status: z.enum(STATUSES),
  permitStatus: z.enum(STANDINGS),
});

export const workOrderEvents = {
  created: defineEvent({
    event: "work-order.created",
    meaning: "A work order or a permit was made.",
    payload,
  }),
  changed: defineEvent({
    event: "work-order.changed",
    meaning: "It was brought to another state.",
    payload,
  }),
  decided: defineEvent({
    event: "work-order.decided",
    meaning: "One of those who are asked has approved or rejected a permit.",
    payload,
  }),
};
