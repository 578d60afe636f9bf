// Every operation on tasks as an action of the service `tasks`: the gateway, the REPL and the CLI call these and add
// nothing but their own way of asking. Who asks comes in `ctx.meta.user`; what changes something leaves an audit row.
import type { Context, ServiceSchema } from "moleculer";
import { z } from "zod";
import { type BusEvent, defineEvent } from "../contract/bus-event.ts";
import { isDuration } from "../contract/duration.ts";
import { type EnqueueOptions, parseEnqueueOptions } from "../contract/enqueue-options.ts";
import { parseParams } from "../contract/parse-params.ts";
import { TASK_EVENTS_SUBJECT, type TaskEventBatch, taskEvents } from "../contract/task-event.ts";
import { withoutParamsOf } from "../results/index.ts";
import type { Runtime } from "../runtime.ts";
import { type AskerMeta, askerOf, audit, auditMany } from "./audit.ts";
import { auditFilter, listAudit } from "./audit-list.ts";
import { STEERING_EVENT } from "./control-operations.ts";
import { acceptedView, deadLetterActions } from "./dead-letter-operations.ts";
import { inspectService, type ProcessSurroundings } from "./inspect-service.ts";
import { listFilter } from "./list-filter.ts";
import { runAgainActions } from "./run-again-operations.ts";
import { seriesActions } from "./series-operations.ts";
import { taskStoryActions } from "./task-story-operations.ts";
import { topologyActions } from "./topology-operations.ts";

/** Tells every process that something that runs was revoked. */
export const REVOCATION_EVENT = "task.revocation";

/** What the platform itself tells over the bus. */
export const PLATFORM_EVENTS: readonly BusEvent[] = [
  taskEvents,
  defineEvent({
    event: REVOCATION_EVENT,
    meaning: "Something that runs was revoked: workers look at once whether it is theirs.",
    payload: z.undefined(),
  }),
  defineEvent({
    event: STEERING_EVENT,
    meaning: "What operators set (rates, time limits, pauses) has changed: workers read it anew.",
    payload: z.undefined(),
  }),
];

type Ctx<Params> = Context<Params, AskerMeta>;

const id = z.object({ id: z.string() });
const enqueue = z.strictObject({
  name: z.string(),
  params: z.unknown().optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  /** As `options.idempotencyKey`, but one's own: another asker's equal key is another key. */
  idempotencyKey: z.string().min(1).max(255).optional(),
  wait: z.union([z.string(), z.number()]).optional(),
});
const revoke = id.extend({
  terminate: z.boolean().optional(),
  grace: z.union([z.string(), z.number()]).optional(),
});
const purge = z.strictObject({
  name: z.string(),
  olderThan: z.union([z.number(), z.string()]).refine(isDuration, "must be a duration such as 30m").optional(),
  dryRun: z.boolean().optional(),
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
        const accepted = await runtime.enqueue(task, given.params ?? {}, {
          ...options,
          ...ownKey(ctx, options, given.idempotencyKey),
          headers: { ...correlation(ctx), ...options.headers },
        });
        // Also where it was accepted before: whoever accepted it may have died before it could write this.
        await audit(database, ctx, "task.enqueue", accepted.id, {
          ...{ name: given.name, queue: accepted.queue },
          ...(accepted.created ? {} : { again: true }),
        });
        if (given.wait === undefined) return acceptedView(accepted);
        return {
          ...acceptedView(accepted),
          state: "SUCCESS",
          result: (await runtime.result(accepted.id, given.wait)) ?? null,
        };
      },
      async get(ctx: Ctx<unknown>) {
        const task = await runtime.getTask(parseParams(id, ctx.params).id);
        return mayRunTasks(ctx) ? task : withoutParamsOf(runtime.registry.sensitive(), task);
      },
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
      ...runAgainActions(runtime),
      async queues() {
        return { items: await runtime.queues(), nextCursor: null };
      },
      async purge(ctx: Ctx<unknown>) {
        const { name, ...options } = parseParams(purge, ctx.params);
        const change = { action: "queue.purge", target: name, details: { olderThan: options.olderThan } };
        const outcome = await auditMany(database, ctx, change, (onProgress) =>
          runtime.operator.purge(name, { ...options, onProgress }),
        );
        return { name, ...outcome };
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
      ...deadLetterActions(runtime),
      /** Who changed what, newest first. */
      audit: (ctx: Ctx<unknown>) => listAudit(database, parseParams(auditFilter, ctx.params)),
      /** Whether this process can do its work: the database and the delivery engine answer. */
      async ready() {
        await runtime.database.now();
        await runtime.queue.check();
        return { ready: true };
      },
      ...taskStoryActions(runtime),
      ...topologyActions(runtime, {
        settings: surroundings.settings ?? {},
        version: surroundings.version ?? "unknown",
      }),
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

/** Whoever may enqueue a task, and so read what to enqueue it with. Another service asks in nobody's name. */
function mayRunTasks({ meta: { user } }: Ctx<unknown>): boolean {
  return user === undefined || user.role === "operator" || user.role === "admin";
}

/** The call's own names for its task come first: they say the same, and more. */
function ownKey(ctx: Ctx<unknown>, options: EnqueueOptions, key: string | undefined): EnqueueOptions {
  if (key === undefined || options.taskId !== undefined || options.idempotencyKey !== undefined) return {};
  return { idempotencyKey: JSON.stringify([askerOf(ctx), key]) };
}

function correlation(ctx: Ctx<unknown>): Record<string, string> {
  return ctx.meta.correlationId === undefined ? {} : { "correlation-id": ctx.meta.correlationId };
}
