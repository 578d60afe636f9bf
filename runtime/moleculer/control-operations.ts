// The family `tasks.control`: what can be changed while everything runs. What holds for all (rates, time limits, pauses) is
// a row that workers read and survives restarts; what is one worker's (slots, queues, its end) is told to that worker.
// Each change leaves an audit row. What destroys takes `dryRun`.
import { z } from "zod";
import { durationMs, durationText, isDuration } from "../contract/duration.ts";
import { ApiumError } from "../contract/errors.ts";
import { queueNamed } from "../contract/queues.ts";
import { LIVE_STATES } from "../contract/task-state.ts";
import {
  pauseTenant,
  pauseType,
  readTimeLimit,
  resumeTenant,
  resumeType,
  setRateLimit,
  setTimeLimit,
} from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import { DEFAULT_TIME_LIMIT_MS } from "../worker/index.ts";
import { askerOf, audit, auditMany } from "./audit.ts";
import { workerOrders } from "./control-workers.ts";
import type { Ctx } from "./inspect-ask.ts";
import { type Operations, operation } from "./inspect-operation.ts";

/** Tells every process that what operators set has changed. */
export const STEERING_EVENT = "task.steering";

/** Back to what the definition says. */
const DEFAULT = "default";

const duration = z.union([z.number(), z.string()]).refine(isDuration, "must be a duration such as 30s or milliseconds");
const ids = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => (typeof given === "string" ? given.split(",").map((one) => one.trim()) : given))
  .pipe(z.array(z.string()).min(1).max(1_000));
const revoke = z.strictObject({
  ids: ids.optional(),
  name: z.string().min(1).optional(),
  queue: z.string().min(1).optional(),
  tenant: z.string().min(1).optional(),
  text: z.string().min(1).max(200).optional(),
  headers: z
    .record(z.string().min(1), z.string())
    .refine((headers) => Object.keys(headers).length > 0, "must name a header")
    .optional(),
  states: z.array(z.enum(LIVE_STATES)).min(1).optional(),
  terminate: z.boolean().optional(),
  grace: duration.optional(),
  dryRun: z.boolean().optional(),
});
const terminate = z.strictObject({ ids, grace: duration.optional(), dryRun: z.boolean().optional() });
const rateLimit = z.strictObject({ task: z.string().min(1), rate: z.string().min(1).max(40) });
const limit = z.union([z.literal(DEFAULT), duration]);
const timeLimit = z
  .strictObject({ task: z.string().min(1), soft: limit.optional(), hard: limit.optional() })
  .refine(({ soft, hard }) => soft !== undefined || hard !== undefined, "name soft or hard, or both");
const subject = z
  .strictObject({
    queue: z.string().min(1).optional(),
    task: z.string().min(1).optional(),
    tenant: z.string().min(1).max(500).optional(),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    message: "name exactly one of queue, task and tenant",
  });

export function controlOperations(runtime: Runtime): Operations {
  const { database } = runtime;

  /** @throws ApiumError `TASK_UNKNOWN` for a type that neither this process nor any worker knows. */
  async function known(task: string): Promise<string> {
    if (runtime.registry.find(task) === undefined) {
      const { rows } = await database.query("select 1 from worker where $1 = any(tasks) limit 1", [task]);
      if (rows.length === 0) runtime.registry.get(task);
    }
    return task;
  }

  async function tellAll(ctx: Ctx): Promise<void> {
    await runtime.lookAtSettings();
    await ctx.broker.broadcast(STEERING_EVENT);
  }

  async function revokeThem(ctx: Ctx, given: z.output<typeof revoke>, action: string) {
    const { terminate: isFinal, grace, dryRun, ...filter } = given;
    const { text: _text, ...named } = filter;
    const target = filter.ids?.[0] ?? filter.name ?? filter.queue ?? filter.tenant ?? "filter";
    const change = { action, target, details: { ...named, terminate: isFinal ?? false } };
    return auditMany(database, ctx, change, (onProgress) =>
      runtime.revokeMany(filter, { terminate: isFinal, grace, dryRun, by: askerOf(ctx), onProgress }),
    );
  }

  return {
    revoke: operation({ params: revoke, run: (ctx, given) => revokeThem(ctx, given, "task.revoke-many") }),
    terminate: operation({
      params: terminate,
      run: (ctx, given) => revokeThem(ctx, { ...given, terminate: true }, "task.terminate"),
    }),
    rate_limit: operation({
      params: rateLimit,
      run: async (ctx, { task, rate }) => {
        await known(task);
        await setRateLimit(database, task, rate === DEFAULT ? null : rate, askerOf(ctx));
        await audit(database, ctx, "task-type.rate-limit", task, { rate });
        await tellAll(ctx);
        return { task, rate };
      },
    }),
    time_limit: operation({
      params: timeLimit,
      run: async (ctx, { task, soft, hard }) => {
        await known(task);
        const limits = await database.transaction(async (tx) => {
          const kept = await readTimeLimit(tx, task);
          const wanted = { soft: limitMs(soft, kept.soft), hard: limitMs(hard, kept.hard) };
          refuseSoftAboveHard(runtime, task, wanted, soft === undefined ? "hard" : "soft");
          await setTimeLimit(tx, task, wanted, askerOf(ctx));
          await audit(tx, ctx, "task-type.time-limit", task, { soft, hard });
          return wanted;
        });
        await tellAll(ctx);
        return { task, soft: limitText(limits.soft), hard: limitText(limits.hard) };
      },
    }),
    pause: operation({
      params: subject,
      run: async (ctx, { queue, task, tenant }) => {
        const by = askerOf(ctx);
        if (queue !== undefined) await runtime.pauseQueue(queue, by);
        if (task !== undefined) await pauseType(database, await known(task), by);
        if (tenant !== undefined) await pauseTenant(database, tenant, by);
        return noted(ctx, "pause", { queue, task, tenant }, { paused: true });
      },
    }),
    resume: operation({
      params: subject,
      run: async (ctx, { queue, task, tenant }) => {
        const now = runtime.parts.clock.now();
        let released = 0;
        if (queue !== undefined) await runtime.resumeQueue(queue);
        if (task !== undefined) released = await resumeType(database, await known(task), now, askerOf(ctx));
        if (tenant !== undefined) released = await resumeTenant(database, tenant, now);
        return noted(ctx, "resume", { queue, task, tenant }, { paused: false, released });
      },
    }),
    ...workerOrders(runtime),
  };

  async function noted(
    ctx: Ctx,
    verb: "pause" | "resume",
    { queue, task, tenant }: z.output<typeof subject>,
    outcome: object,
  ) {
    const [kind, name] =
      queue !== undefined
        ? ["queue", queueNamed(queue)]
        : task !== undefined
          ? ["task-type", task]
          : ["tenant", tenant];
    await audit(database, ctx, `${kind}.${verb}`, name ?? "");
    await tellAll(ctx);
    return { kind, name, ...outcome };
  }
}

/** What is not named stays. */
function limitMs(given: string | number | undefined, kept: number | null): number | null {
  if (given === undefined) return kept;
  return given === DEFAULT ? null : durationMs(given);
}

function limitText(limit: number | null): string {
  return limit === null ? DEFAULT : durationText(limit);
}

/** As defining a task does: a soft limit at or above the hard one would never be heard. */
function refuseSoftAboveHard(
  runtime: Runtime,
  task: string,
  limits: { readonly soft: number | null; readonly hard: number | null },
  field: "soft" | "hard",
): void {
  // What another process defines is known to it alone.
  const defined = runtime.registry.find(task)?.settings;
  const or = (own: number | null, other: string | number | undefined) =>
    own ?? (other === undefined ? undefined : durationMs(other));
  const soft = or(limits.soft, defined?.softTimeLimit);
  const hard = or(limits.hard, defined && (defined.timeLimit ?? DEFAULT_TIME_LIMIT_MS));
  if (soft === undefined || hard === undefined || soft < hard) return;
  const message =
    field === "soft"
      ? `must be below the hard limit (${durationText(hard)})`
      : `must be above the soft limit (${durationText(soft)})`;
  throw new ApiumError("PARAMS_INVALID", "the request is not valid", { fields: [{ field, message }] });
}
