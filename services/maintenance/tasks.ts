// The clean-up, as the scheduler enqueues it.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

const days = (least: number, usual: number) => z.number().int().min(least).max(3_650).default(usual);

export const cleanupOldRecords = defineTask({
  name: "cleanup_old_records",
  summary: "Deletes what nobody needs any more. Days are counted back from now.",
  params: z.object({
    /** Where devices were. */
    trackingDays: days(1, 90),
    /** Which rows are gone: a phone that has not asked for longer starts anew. */
    deletedRowDays: days(30, 400),
    /** What imports were sent, with their reports. */
    importDays: days(1, 7),
    /** Of phones, with their answers: those that have been run. */
    messageDays: days(1, 30),
    /** That wait for the MQTT broker. */
    changeDays: days(1, 7),
  }),
  result: z.object({
    tracking: z.number(),
    deletedRows: z.number(),
    imports: z.number(),
    messages: z.number(),
    changes: z.number(),
  }),
  queue: "maintenance",
  maxRetries: 3,
  retryDelay: "5m",
  softTimeLimit: "30m",
  timeLimit: "40m",
});
