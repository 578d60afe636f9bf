// The tasks of the escalation service, as schedules and others enqueue them.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const ticketEscalation = defineTask({
  name: "ticket_escalation",
  summary: "Raises every ticket that has waited longer than its category's matrix allows by one level.",
  params: z.object({}),
  result: z.object({ escalated: z.number() }),
  queue: "critical",
  maxRetries: 3,
  softTimeLimit: "5m",
  timeLimit: "10m",
});

export const sendReminderEmail = defineTask({
  name: "send_reminder_email",
  summary: "The sweep over reminders: enqueues what falls due in the next hours, for its instant.",
  params: z.object({}),
  result: z.object({ planned: z.number(), missed: z.number() }),
  queue: "email",
  maxRetries: 5,
  retryDelay: "5m",
  softTimeLimit: "10m",
  timeLimit: "15m",
});

export const REMINDER_OUTCOMES = ["SUCCESS", "FAILED", "MISSED"] as const;

export const noteReminder = defineTask({
  name: "note_reminder",
  summary: "What became of a reminder's mail, told by whoever sent it.",
  params: z.object({ reminderId: z.number().int().positive(), outcome: z.enum(REMINDER_OUTCOMES) }),
  queue: "default",
  maxRetries: 10,
  retryDelay: "30s",
  softTimeLimit: "1m",
  timeLimit: "2m",
});
