// The tasks of the e-mail service, as others enqueue them.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const TICKET_EVENTS = ["created", "updated", "escalated"] as const;

export const WORK_ORDER_EVENTS = [
  ...(["created", "verify", "approve", "approved", "rejected", "cancelled", "overdue", "undecided"] as const),
] as const;

const rowId = z.number().int().positive();
/** `skipped` holds what was no address and whom the server refused; `pointless` says why no mail was due any more. */
const delivered = z.object({
  messageId: z.string(),
  accepted: z.array(z.string()),
  skipped: z.array(z.string()),
  pointless: z.string().optional(),
});
const limits = {
  queue: "email",
  maxRetries: 5,
  retryDelay: "5m",
  softTimeLimit: "5m",
  timeLimit: "10m",
} as const;

export const sendTicketEmail = defineTask({
  name: "send_ticket_email",
  summary: "The mail about a ticket that was opened, changed or escalated.",
  /** `level` says which escalation the mail is about; the ticket may have climbed on since. */
  params: z.object({ ticketId: rowId, event: z.enum(TICKET_EVENTS), level: z.number().int().min(1).optional() }),
  result: delivered,
  ...limits,
});

export const sendAutocloseEmail = defineTask({
  name: "send_autoclose_email",
  summary: "The mail about work the server has closed, and the ticket that was raised for it.",
  params: z.object({ jobneedId: rowId, ticketId: rowId.optional() }),
  result: delivered,
  ...limits,
});

export const sendReadingsAlert = defineTask({
  name: "send_readings_alert",
  summary: "The mail about readings out of range, in work that was reported.",
  params: z.object({ jobneedId: rowId }),
  result: delivered,
  ...limits,
});

export const sendWorkOrderEmail = defineTask({
  name: "send_work_order_email",
  summary:
    "The mail about a work order or a permit: that it is there, waits for somebody, is decided, cancelled or late.",
  params: z.object({ workOrderId: rowId, event: z.enum(WORK_ORDER_EVENTS) }),
  result: delivered,
  ...limits,
});

export const sendJobReminder = defineTask({
  name: "send_job_reminder",
  summary: "The mail about planned maintenance that is ahead.",
  params: z.object({ reminderId: rowId }),
  result: delivered,
  ...limits,
});

export const sendReportEmail = defineTask({
  name: "send_report_email",
  summary: "A report to those its delivery names.",
  params: z.object({ deliveryId: rowId }),
  result: delivered,
  ...limits,
});

export const sendReportNotification = defineTask({
  name: "send_report_notification",
  summary: "Tells one person that a report is ready, with its file.",
  params: z.object({ reportId: rowId, userId: rowId }),
  result: delivered,
  ...limits,
  maxRetries: 3,
});
