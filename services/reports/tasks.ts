// The tasks of the reports service, as schedules and others enqueue them.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

const rowId = z.number().int().positive();

export const createScheduledReports = defineTask({
  name: "create_scheduled_reports",
  summary: "Orders the reports whose period has ended.",
  params: z.object({}),
  result: z.object({ schedules: z.number(), ordered: z.number() }),
  queue: "reports",
  maxRetries: 2,
  retryDelay: "5m",
  softTimeLimit: "10m",
  timeLimit: "15m",
});

export const generateReport = defineTask({
  name: "generate_report",
  summary: "Makes the file of a run.",
  params: z.object({ runId: rowId }),
  result: z.object({ state: z.string(), rows: z.number(), bytes: z.number() }),
  queue: "reports",
  maxRetries: 3,
  retryDelay: "1m",
  softTimeLimit: "60m",
  timeLimit: "80m",
});

export const sendGeneratedReportOnMail = defineTask({
  name: "send_generated_report_on_mail",
  summary: "The sweep over deliveries: those whose own mail is gone get another.",
  params: z.object({}),
  result: z.object({ enqueued: z.number() }),
  queue: "email",
  maxRetries: 3,
  retryDelay: "2m",
  softTimeLimit: "10m",
  timeLimit: "15m",
});

export const generateMonthlyReport = defineTask({
  name: "generate_monthly_report",
  summary: "A month's summary for one person; once, however often it is asked for.",
  params: z.object({
    month: z.number().int().min(1).max(12),
    year: z.number().int().min(2000).max(2100),
    userId: rowId,
  }),
  result: z.object({ reportId: rowId }),
  queue: "reports",
  maxRetries: 3,
  retryDelay: "1m",
  softTimeLimit: "60m",
  timeLimit: "80m",
});

export const DELIVERY_OUTCOMES = ["SENT", "FAILED", "SKIPPED"] as const;

export const noteReportDelivery = defineTask({
  name: "note_report_delivery",
  summary: "What became of a delivery's mail, told by whoever sent it.",
  params: z.object({
    deliveryId: rowId,
    outcome: z.enum(DELIVERY_OUTCOMES),
    messageId: z.string().optional(),
    isLate: z.boolean().default(false),
  }),
  queue: "default",
  maxRetries: 10,
  retryDelay: "30s",
  softTimeLimit: "1m",
  timeLimit: "2m",
});

export const cleanupReports = defineTask({
  name: "cleanup_reports_which_are_12hrs_old",
  summary:
    "Deletes the files of reports whose retention has ended. The original's name; the hours are each report's own.",
  params: z.object({}),
  result: z.object({ deleted: z.number() }),
  queue: "maintenance",
  maxRetries: 3,
  retryDelay: "5m",
  softTimeLimit: "5m",
  timeLimit: "10m",
});
