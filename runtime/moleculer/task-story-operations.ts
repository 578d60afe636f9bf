// `tasks.logs` and `tasks.tree`: what a task's handlers have said, and whose child and parent it is.
import { z } from "zod";
import { LOG_LEVELS } from "../contract/log-line.ts";
import { parseParams } from "../contract/parse-params.ts";
import { listTaskLogs, MOST_LOG_LINES, taskTree } from "../results/index.ts";
import type { Runtime } from "../runtime.ts";
import type { Ctx } from "./inspect-ask.ts";
import type { Actions } from "./inspect-operation.ts";

const byId = z.strictObject({ id: z.string() });
const logs = byId.extend({
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(MOST_LOG_LINES).optional(),
  level: z.enum(LOG_LEVELS).optional(),
});

export function taskStoryActions({ database }: Runtime): Actions {
  return {
    async logs(ctx: Ctx) {
      const { id, ...filter } = parseParams(logs, ctx.params);
      return listTaskLogs(database, id, filter);
    },
    tree: async (ctx: Ctx) => taskTree(database.hot, parseParams(byId, ctx.params).id),
  };
}
