// Every operation on tasks as an action of the service `tasks`: the gateway, the REPL and the CLI call these and add
// nothing but their own way of asking. Who asks comes in `ctx.meta.user`; what changes something leaves an audit row.
import type { Context, ServiceSchema } from "moleculer";
import { z } from "zod";
import { parseEnqueueOptions } from "../contract/enqueue-options.ts";
import { parseParams } from "../contract/parse-params.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import { TASK_EVENTS_SUBJECT, type TaskEventBatch } from "../contract/task-event.ts";
import type { Runtime } from "../runtime.ts";
import { type AskerMeta, askerOf, audit } from "./audit.ts";
import { auditFilter, listAudit } from "./audit-list.ts";
import { inspectService, type ProcessSurroundings } from "./inspect-service.ts";
import { listFilter } from "./list-filter.ts";
import { seriesActions } from "./series-operations.ts";

/** Tells every process that something that runs was revoked. */
export const REVOCATION_EVENT = "task.revocation";

type Ctx<Params> = Context<Params, AskerMeta>;

const id = z.object({ id: z.string() });
const enqueue = z.strictObject({
  name: z.string(),
  params: z.unknown().optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  wait: z.union([z.string(), z.number()]).optional(),
});
const revoke = id.extend({
  terminate: z.boolean().optional(),
  grace: z.union([z.string(), z.number()]).optional(),
});
const letters = z.strictObject({
  name: z.string().optional(),
  queue: z.string().optional(),
  handled: z.stringbool().optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  cursor: z
    .string()
    .regex(/^[0-9TZ:.-]+_[0-9a-f-]{36}$/)
    .optional(),
});
const requeue = id.extend({ params: z.unknown().optional() });
const requeueMany = z.strictObject({
  name: z.string().optional(),
  queue: z.string().optional(),
  limit: z.number().int().min(1).max(1_000).optional(),
});
const queueName = z.object({ name: z.string() });

export function taskOperations(runtime: Runtime, surroundings: ProcessSurroundings = {}): ServiceSchema {
  const { database } = runtime;
  const inspection = inspectService(runtime, surroundings);

  return {
    name: "tasks",
    actions: {
      async enqueue(ctx: Ctx<unknown>) {
        const given = parseParams(enqueue, ctx.params);
        const task = runtime.registry.get(given.name);
        const options = parseEnqueueOptions(given.options ?? {});
        const headers = { ...correlation(ctx), ...options.headers };
        const accepted = await runtime.enqueue(task, given.params ?? {}, { ...options, headers });
        await audit(database, ctx, "task.enqueue", accepted.id, { name: given.name, queue: accepted.queue });
        if (given.wait === undefined) return acceptedView(accepted);
        return {
          ...acceptedView(accepted),
          state: "SUCCESS",
          result: (await runtime.result(accepted.id, given.wait)) ?? null,
        };
      },
      get: (ctx: Ctx<unknown>) => runtime.getTask(parseParams(id, ctx.params).id),
      list: (ctx: Ctx<unknown>) => runtime.listTasks(parseParams(listFilter, ctx.params)),
      async revoke(ctx: Ctx<unknown>) {
        const given = parseParams(revoke, ctx.params);
        const outcome = await runtime.revoke(given.id, {
          terminate: given.terminate,
          grace: given.grace,
          by: askerOf(ctx),
        });
        await audit(database, ctx, "task.revoke", given.id, { outcome, terminate: given.terminate ?? false });
        return { id: given.id, outcome };
      },
      async retry(ctx: Ctx<unknown>) {
        const given = parseParams(id, ctx.params);
        const accepted = await runtime.retry(given.id);
        await audit(database, ctx, "task.retry", given.id, { retriedAs: accepted.id });
        return acceptedView(accepted);
      },
      async queues() {
        return { items: await runtime.queues(), nextCursor: null };
      },
      async purge(ctx: Ctx<unknown>) {
        const { name } = parseParams(queueName, ctx.params);
        const purged = await runtime.purge(name);
        await audit(database, ctx, "queue.purge", name, { purged });
        return { name, purged };
      },
      async pause(ctx: Ctx<unknown>) {
        const { name } = parseParams(queueName, ctx.params);
        await runtime.pauseQueue(name, askerOf(ctx));
        await audit(database, ctx, "queue.pause", name);
        return { name, paused: true };
      },
      async resume(ctx: Ctx<unknown>) {
        const { name } = parseParams(queueName, ctx.params);
        await runtime.resumeQueue(name);
        await audit(database, ctx, "queue.resume", name);
        return { name, paused: false };
      },
      async workers() {
        return { items: await runtime.workers(), nextCursor: null };
      },
      deadLetters: (ctx: Ctx<unknown>) => runtime.deadLetters(parseParams(letters, ctx.params)),
      async requeueDeadLetter(ctx: Ctx<unknown>) {
        const given = parseParams(requeue, ctx.params);
        const accepted = await runtime.requeueDeadLetter(given.id, { params: given.params, by: askerOf(ctx) });
        await audit(database, ctx, "dead-letter.requeue", given.id, { requeuedAs: accepted.id });
        return acceptedView(accepted);
      },
      async requeueDeadLetters(ctx: Ctx<unknown>) {
        const given = parseParams(requeueMany, ctx.params);
        const outcome = await runtime.requeueDeadLetters(given, askerOf(ctx));
        await audit(database, ctx, "dead-letter.requeue-many", given.name ?? given.queue ?? "all", {
          requeued: outcome.requeued.length,
          refused: outcome.refused.length,
        });
        return outcome;
      },
      async dismissDeadLetter(ctx: Ctx<unknown>) {
        const given = parseParams(id, ctx.params);
        await runtime.dismissDeadLetter(given.id, askerOf(ctx));
        await audit(database, ctx, "dead-letter.dismiss", given.id);
        return { id: given.id, dismissed: true };
      },
      /** Who changed what, newest first. */
      audit: (ctx: Ctx<unknown>) => listAudit(database, parseParams(auditFilter, ctx.params)),
      /** Whether this process can do its work: the database and the delivery engine answer. */
      async ready() {
        await runtime.database.now();
        await runtime.queue.check();
        return { ready: true };
      },
      ...inspection.actions,
      ...seriesActions(runtime),
    },
    started: async () => inspection.start(),
    stopped: async () => inspection.stop(),
    events: {
      ...inspection.events,
      [TASK_EVENTS_SUBJECT](ctx: Context<TaskEventBatch>) {
        const ends = ctx.params.events.filter(
          ({ type }) => type === "succeeded" || type === "failed" || type === "revoked",
        );
        if (ends.length > 0) runtime.hintEnded(ends.map((event) => event.id));
      },
      [REVOCATION_EVENT]() {
        runtime.lookForRevocations();
      },
    },
  };
}

function acceptedView({ id: taskId, state, queue }: AcceptedTask): { id: string; state: string; queue: string } {
  return { id: taskId, state, queue };
}

function correlation(ctx: Ctx<unknown>): Record<string, string> {
  return ctx.meta.correlationId === undefined ? {} : { "correlation-id": ctx.meta.correlationId };
}
