// What is asked to draw, to count and to fill in forms: figures over time, how many tasks there are, kinds of tasks.
// Nothing here changes anything.
import { parseParams } from "../contract/parse-params.ts";
import type { Runtime } from "../runtime.ts";
import { seriesQuery } from "../series/index.ts";
import type { Ctx } from "./inspect-ask.ts";
import type { Actions } from "./inspect-operation.ts";
import { taskTypes } from "./task-types.ts";

export function seriesActions(runtime: Runtime): Actions {
  return {
    series: async (ctx: Ctx) => runtime.series.read(parseParams(seriesQuery, ctx.params)),
    counts: async () => runtime.series.counts(),
    types: async (ctx: Ctx) => ({ items: await taskTypes(ctx, runtime), nextCursor: null }),
  };
}
