// The tasks of the e-mail service, as others enqueue them.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const TICKET_EVENTS = ["created", "updated", "escalated"] as const;

export const sendTicketEmail = defineTask({
  name: "send_ticket_email",
  params: z.object({ ticketId: z.number().int().positive(), event: z.enum(TICKET_EVENTS) }),
  result: z.object({ messageId: z.string(), accepted: z.array(z.string()), skipped: z.array(z.string()) }),
  queue: "email",
  maxRetries: 5,
  retryDelay: "5m",
  softTimeLimit: "5m",
  timeLimit: "10m",
});
