// The tasks of the tickets service, as others enqueue them.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const raiseAutocloseTicket = defineTask({
  name: "raise_autoclose_ticket",
  summary: "A ticket for work that nobody did in time; at most one ever, however often it is enqueued.",
  params: z.object({ jobneedId: z.number().int().positive() }),
  /** Null where there was nothing to raise a ticket for any more. */
  result: z.object({ ticketId: z.number().nullable(), number: z.string().nullable() }),
  queue: "critical",
  maxRetries: 5,
  retryDelay: "30s",
  softTimeLimit: "1m",
  timeLimit: "2m",
});
