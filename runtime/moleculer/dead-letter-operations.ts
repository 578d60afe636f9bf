// Dead letters as actions of the service `tasks`: list and show, run again with parameters as they were or edited, dismiss;
// one, or all that a filter names. What is done to many takes `dryRun`.
import { z } from "zod";
import { instantSchema } from "../contract/instant.ts";
import { parseParams } from "../contract/parse-params.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import type { Runtime } from "../runtime.ts";
import { askerOf, audit } from "./audit.ts";
import type { Ctx } from "./inspect-ask.ts";
import type { Actions } from "./inspect-operation.ts";

const id = z.object({ id: z.string() });
const filter = {
  ids: z.array(z.string()).min(1).max(1_000).optional(),
  name: z.string().min(1).optional(),
  queue: z.string().min(1).optional(),
  code: z.string().min(1).max(100).optional(),
  text: z.string().min(1).max(200).optional(),
  since: instantSchema.optional(),
  until: instantSchema.optional(),
};
const { ids: _ids, ...listed } = filter;
const list = z.strictObject({
  ...listed,
  handled: z.stringbool().optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  cursor: z
    .string()
    .regex(/^[0-9TZ:.-]+_[0-9a-f-]{36}$/)
    .optional(),
});
const requeue = id.extend({ params: z.unknown().optional() });
const requeueMany = z.strictObject({
  ...filter,
  limit: z.number().int().min(1).max(1_000).optional(),
  rate: z.string().max(40).optional(),
  dryRun: z.boolean().optional(),
});
/** Nothing is run by it and nothing comes back, so "all" must be said. */
const dismissMany = z
  .strictObject({ ...filter, all: z.boolean().optional(), dryRun: z.boolean().optional() })
  .refine(
    ({ all, dryRun, ...named }) =>
      all === true || dryRun === true || Object.values(named).some((value) => value !== undefined),
    { path: ["filter"], message: "name which: ids, name, queue, code, text, since or until; or say all: true" },
  );

export function deadLetterActions(runtime: Runtime): Actions {
  const { database, operator } = runtime;
  return {
    deadLetters: (ctx: Ctx) => runtime.deadLetters(parseParams(list, ctx.params)),
    deadLetter: (ctx: Ctx) => operator.deadLetter(parseParams(id, ctx.params).id),
    async requeueDeadLetter(ctx: Ctx) {
      const given = parseParams(requeue, ctx.params);
      const accepted = await runtime.requeueDeadLetter(given.id, { params: given.params, by: askerOf(ctx) });
      await audit(database, ctx, "dead-letter.requeue", given.id, {
        requeuedAs: accepted.id,
        edited: given.params !== undefined,
      });
      return acceptedView(accepted);
    },
    async requeueDeadLetters(ctx: Ctx) {
      const { limit, rate, dryRun, ...named } = parseParams(requeueMany, ctx.params);
      const outcome = await operator.requeueDeadLetters(named, { limit, rate, dryRun, by: askerOf(ctx) });
      if (!outcome.dryRun) {
        const { requeued, refused, ...counted } = outcome;
        await audit(database, ctx, "dead-letter.requeue-many", targetOf(named), {
          ...shown(named),
          ...{ ...counted, rate, requeued: requeued.length, refused: refused.length },
        });
      }
      return outcome;
    },
    async dismissDeadLetter(ctx: Ctx) {
      const given = parseParams(id, ctx.params);
      await runtime.dismissDeadLetter(given.id, askerOf(ctx));
      await audit(database, ctx, "dead-letter.dismiss", given.id);
      return { id: given.id, dismissed: true };
    },
    async dismissDeadLetters(ctx: Ctx) {
      const { all: _all, dryRun, ...named } = parseParams(dismissMany, ctx.params);
      const outcome = await operator.dismissDeadLetters(named, { dryRun, by: askerOf(ctx) });
      if (!outcome.dryRun) {
        await audit(database, ctx, "dead-letter.dismiss-many", targetOf(named), { ...shown(named), ...outcome });
      }
      return outcome;
    },
  };
}

interface Named {
  readonly ids?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
  readonly text?: string | undefined;
}

export function targetOf({ ids, name, queue }: Named): string {
  return name ?? queue ?? ids?.[0] ?? "all";
}

/** What was searched for may be somebody's data: it is not written down. */
export function shown({ text: _text, ...named }: Named): object {
  return named;
}

export function acceptedView({ id: taskId, state, queue }: AcceptedTask): { id: string; state: string; queue: string } {
  return { id: taskId, state, queue };
}
