// Results and second runs as actions of the service `tasks`: what a task has come to, forgetting that, running finished
// tasks again, and letting go at once what waits for its time. What is done to many takes `dryRun`.
import { z } from "zod";
import { durationMs, isDuration } from "../contract/duration.ts";
import { instantSchema } from "../contract/instant.ts";
import { parseParams } from "../contract/parse-params.ts";
import { FINAL_STATES, LIVE_STATES } from "../contract/task-state.ts";
import { MOST_RETRIED } from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import { askerOf, audit, auditMany } from "./audit.ts";
import { acceptedView, shown, targetOf } from "./dead-letter-operations.ts";
import type { Ctx } from "./inspect-ask.ts";
import type { Actions } from "./inspect-operation.ts";

const id = z.object({ id: z.string() });
const wait = z.union([z.number(), z.string()]).refine(isDuration, "must be a duration such as 30s or milliseconds");
const result = id.extend({ wait: wait.optional() });
const ids = z.array(z.string()).min(1).max(MOST_RETRIED).optional();
const rate = z.string().max(40).optional();
const dryRun = z.boolean().optional();
const retryMany = z.strictObject({
  ids,
  name: z.string().min(1).optional(),
  queue: z.string().min(1).optional(),
  states: z.array(z.enum(FINAL_STATES)).min(1).optional(),
  code: z.string().min(1).max(100).optional(),
  text: z.string().min(1).max(200).optional(),
  since: instantSchema.optional(),
  until: instantSchema.optional(),
  limit: z.number().int().min(1).max(MOST_RETRIED).optional(),
  rate,
  dryRun,
});
const runNow = id.extend({ dryRun });
const runNowMany = z.strictObject({
  ids,
  name: z.string().min(1).optional(),
  queue: z.string().min(1).optional(),
  tenant: z.string().min(1).optional(),
  text: z.string().min(1).max(200).optional(),
  headers: z.record(z.string().min(1), z.string()).optional(),
  states: z.array(z.enum(LIVE_STATES)).min(1).optional(),
  rate,
  dryRun,
});

export function runAgainActions(runtime: Runtime): Actions {
  const { database, operator } = runtime;
  return {
    async result(ctx: Ctx) {
      const given = parseParams(result, ctx.params);
      return runtime.resultOf(given.id, given.wait === undefined ? undefined : durationMs(given.wait));
    },
    async forget(ctx: Ctx) {
      const given = parseParams(id, ctx.params);
      const forgotten = await operator.forgetResult(given.id);
      await audit(database, ctx, "task.forget", given.id, { forgotten });
      return { id: given.id, forgotten };
    },
    async retry(ctx: Ctx) {
      const given = parseParams(id, ctx.params);
      const accepted = await runtime.retry(given.id, askerOf(ctx));
      await audit(database, ctx, "task.retry", given.id, { retriedAs: accepted.id });
      return acceptedView(accepted);
    },
    async retryMany(ctx: Ctx) {
      const { limit, rate: perTime, dryRun: isDry, ...named } = parseParams(retryMany, ctx.params);
      const options = { limit, rate: perTime, dryRun: isDry, by: askerOf(ctx) };
      const outcome = await operator.retryMany(named, options);
      if (!outcome.dryRun) {
        const { retried, refused, ...counted } = outcome;
        await audit(database, ctx, "task.retry-many", targetOf(named), {
          ...shown(named),
          ...{ ...counted, rate: perTime, retried: retried.length, refused: refused.length },
        });
      }
      return outcome;
    },
    async runNow(ctx: Ctx) {
      const given = parseParams(runNow, ctx.params);
      const outcome = await operator.runNow(given.id, { dryRun: given.dryRun });
      if (!outcome.dryRun) await audit(database, ctx, "task.run-now", given.id, outcome);
      return outcome;
    },
    async runNowMany(ctx: Ctx) {
      const { rate: perTime, dryRun: isDry, ...named } = parseParams(runNowMany, ctx.params);
      const target = named.tenant ?? targetOf(named);
      const change = { action: "task.run-now-many", target, details: { ...shown(named), rate: perTime } };
      return auditMany(database, ctx, change, (onProgress) =>
        operator.runNow(named, { rate: perTime, dryRun: isDry, onProgress }),
      );
    },
  };
}
