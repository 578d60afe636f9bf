// The original's chunking: a large task that splits itself, and the chunks it becomes.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

const limits = { queue: "default", maxRetries: 3, softTimeLimit: "30m", timeLimit: "60m" } as const;
const datasetId = z.number().int().positive();

export const processLargeDataset = defineTask({
  name: "process_large_dataset",
  summary: "Splits a dataset into chunks, waits for all, and lists their results.",
  params: z.object({ datasetId, chunkSize: z.number().int().min(1).max(10_000).default(100) }),
  ...limits,
});

export const processChunk = defineTask({
  name: "process_chunk",
  summary: "One chunk of a dataset.",
  params: z.object({ datasetId, start: z.number().int().min(0), end: z.number().int().min(0) }),
  result: z.object({ rows: z.number(), checksum: z.string() }),
  ...limits,
});
