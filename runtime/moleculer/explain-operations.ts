// `tasks.explain`: why a task is not running; and by unique key, why a call made no new one.
import { z } from "zod";
import { parseParams } from "../contract/parse-params.ts";
import { explainTask, explainUniqueKey } from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import type { Ctx } from "./inspect-ask.ts";
import type { Actions } from "./inspect-operation.ts";

const byId = z.strictObject({ id: z.string() });
const byKey = z.strictObject({ key: z.string().min(1).max(500) });

export function explainActions({ database, registry, parts }: Runtime): Actions {
  const now = () => ({ database, registry, now: parts.clock.now() });
  return {
    explain: async (ctx: Ctx) => explainTask(now(), parseParams(byId, ctx.params).id),
    "explain.key": async (ctx: Ctx) => explainUniqueKey(now(), parseParams(byKey, ctx.params).key),
  };
}
