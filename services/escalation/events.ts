// What the escalation service tells.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";

export const escalationEvents = {
  escalated: defineEvent({
    event: "ticket.escalated",
    meaning: "A ticket that waited too long has climbed to `level`.",
    payload: z.strictObject({
      ...{ id: z.int(), uuid: z.string(), number: z.string(), clientId: z.int(), siteId: z.int() },
      level: z.int(),
    }),
  }),
};
