// Moving media off the disk, as the scheduler enqueues it.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const moveMediaToCloudStorage = defineTask({
  name: "move_media_to_cloud_storage",
  summary: "Uploads attachments to the store, and frees the disk of those that are there.",
  params: z.object({ olderThanDays: z.number().min(0).max(3_650).default(60) }),
  result: z.object({
    moved: z.number(),
    bytes: z.number(),
    /** In the store already, with the right sum. */
    found: z.number(),
    missing: z.number(),
    broken: z.number(),
    failed: z.number(),
  }),
  queue: "maintenance",
  maxRetries: 3,
  retryDelay: "10m",
  softTimeLimit: "6h",
  timeLimit: "8h",
});
