// The tasks of the jobs service, as others enqueue them. Names, queues and limits are the original's.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

const id = z.number().int().positive();

const generation = {
  /** Only these jobs; default all that are due. The rules hold for them all the same. */
  params: z.strictObject({ jobIds: z.array(id).max(10_000).optional() }),
  result: z.object({
    jobs: z.number(),
    occurrences: z.number(),
    checkpoints: z.number(),
    details: z.number(),
    reminders: z.number(),
    missed: z.number(),
    withdrawn: z.number(),
    unrouted: z.number(),
    /** Of the jobs asked for by id, those that are not generated, and why. */
    notDue: z.array(z.object({ jobId: z.number(), reason: z.string() })),
    failed: z.array(z.object({ jobId: z.number(), code: z.string(), message: z.string() })),
  }),
  queue: "high_priority",
  softTimeLimit: "30m",
  timeLimit: "40m",
} as const;

export const createJob = defineTask({
  name: "create_job",
  summary: "Makes the occurrences of jobs and tours that are due.",
  maxRetries: 3,
  ...generation,
});
export const createPpmJob = defineTask({
  name: "create_ppm_job",
  summary: "Makes the occurrences of planned maintenance that are due, with their reminders.",
  maxRetries: 2,
  ...generation,
});

export const autoCloseJobs = defineTask({
  name: "auto_close_jobs",
  summary: "Closes work that expired, mails about it, or raises a ticket.",
  params: z.strictObject({}),
  queue: "critical",
  maxRetries: 3,
  softTimeLimit: "10m",
  timeLimit: "15m",
});
