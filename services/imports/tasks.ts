// Taking in the rows of an import, as a task: it survives a restart, and is done once.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

export const importFacility = defineTask({
  name: "import_facility",
  summary: "Takes in the rows of an import, all or none; or only checks them.",
  params: z.object({ importId: z.number().int().positive() }),
  queue: "maintenance",
  maxRetries: 3,
  softTimeLimit: "30m",
  timeLimit: "40m",
});
