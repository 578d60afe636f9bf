// The tasks of the reports service, as schedules and others enqueue them.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

const rowId = z.number().int().positive();

/** Orders the reports whose period has ended. */
export const createScheduledReports = defineTask({
  name: "create_scheduled_reports",
  params: z.object({}),
  result: z.object({ schedules: z.number(), ordered: z.number() }),
  queue: "reports",
  maxRetries: 2,
  retryDelay: "5m",
  softTimeLimit: "10m",
  timeLimit: "15m",
});

/** Makes the file of a run. */
export const generateReport = defineTask({
  name: "generate_report",
  params: z.object({ runId: rowId }),
  result: z.object({ state: z.string(), rows: z.number(), bytes: z.number() }),
  queue: "reports",
  maxRetries: 3,
  retryDelay: "1m",
  softTimeLimit: "60m",
  timeLimit: "80m",
});

/** The sweep over deliveries: those whose own mail is gone get another. */
export const sendGeneratedReportOnMail = defineTask({
  name: "send_generated_report_on_mail",
  params: z.object({}),
  result: z.object({ enqueued: z.number() }),
  queue: "email",
  maxRetries: 3,
  retryDelay: "2m",
  softTimeLimit: "10m",
  timeLimit: "15m",
});

/** A month's summary for one person; once, however often it is asked for. */
export const generateMonthlyReport = defineTask({
  name: "generate_monthly_report",
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

/** What became of a delivery's mail, told by whoever sent it. */
export const noteReportDelivery = defineTask({
  name: "note_report_delivery",
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

/** Deletes the files of reports whose retention has ended. The original's name; the hours are each report's own. */
export const cleanupReports = defineTask({
  name: "cleanup_reports_which_are_12hrs_old",
  params: z.object({}),
  result: z.object({ deleted: z.number() }),
  queue: "maintenance",
  maxRetries: 3,
  retryDelay: "5m",
  softTimeLimit: "5m",
  timeLimit: "10m",
});
