// `tasks.explain`: why a task is not running; and by unique key, why a call made no new one.
import { z } from "zod";
import { codeOf } from "../contract/errors.ts";
import { parseParams } from "../contract/parse-params.ts";
import { type ExplainParts, explainTask, explainUniqueKey } from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import { askWorkers, type Ctx } from "./inspect-ask.ts";
import type { Actions } from "./inspect-operation.ts";

const byId = z.strictObject({ id: z.string() });
const byKey = z.strictObject({ key: z.string().min(1).max(500) });

const reserved = z.array(z.object({ id: z.string() }));

export function explainActions(runtime: Runtime): Actions {
  const { database, registry, parts } = runtime;
  const asked = (ctx: Ctx): ExplainParts => ({
    ...{ database, registry, now: parts.clock.now() },
    reservedBy: (worker) => reservedBy(ctx, runtime, worker),
  });
  return {
    explain: async (ctx: Ctx) => explainTask(asked(ctx), parseParams(byId, ctx.params).id),
    "explain.key": async (ctx: Ctx) => explainUniqueKey(asked(ctx), parseParams(byKey, ctx.params).key),
  };
}

/** The worker itself is asked: the books do not tell what it runs from what it keeps for later. */
async function reservedBy(ctx: Ctx, runtime: Runtime, worker: string): Promise<string[]> {
  try {
    const { items } = await askWorkers(ctx, runtime, "reserved", { worker: [worker] });
    return items.flatMap(({ answer }) => reserved.safeParse(answer).data ?? []).map(({ id }) => id);
  } catch (error) {
    // Its row has gone meanwhile; whose task it was is about to be seen.
    if (codeOf(error) === "NOT_FOUND") return [];
    throw error;
  }
}
