// The task that runs a phone's message, as the mobile service enqueues it.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const processGraphqlMutationAsync = defineTask({
  name: "process_graphql_mutation_async",
  summary: "Runs a stored message as the person who sent it. Done once: a second run finds the answer of the first.",
  params: z.object({ messageId: z.number().int().positive() }),
  result: z.object({ stored: z.number(), refused: z.number() }),
  queue: "high_priority",
  maxRetries: 5,
  retryDelay: "5m",
  softTimeLimit: "5m",
  timeLimit: "10m",
});
