// The part of `tasks.control` that is told to workers: slots, queues, a profile, an end. One worker, several, or all. An
// end must be told to somebody: without a name nothing is shut down unless `all` is said.
import { z } from "zod";
import { durationMs, isDuration } from "../contract/duration.ts";
import { ApiumError } from "../contract/errors.ts";
import { queueNamed } from "../contract/queues.ts";
import {
  LONGEST_PROFILE_S,
  MOST_SLOTS,
  type OrderOptions,
  SHUTDOWN_MODES,
  type WorkerOrder,
} from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import { audit } from "./audit.ts";
import { type Answers, askWorkers, type Ctx, type Targets, targets } from "./inspect-ask.ts";
import { type Operations, operation } from "./inspect-operation.ts";

const slots = z.coerce.number().int().min(1).max(MOST_SLOTS);
const resize = z.strictObject({ ...targets, n: slots.default(1) });
const consumer = z.strictObject({ ...targets, queue: z.string().min(1) });
const autoscale = z
  .strictObject({ ...targets, min: slots.optional(), max: slots.optional(), off: z.boolean().optional() })
  .refine(
    ({ min, max, off }) =>
      off === true ? min === undefined && max === undefined : min !== undefined && max !== undefined,
    {
      message: "name min and max, or off",
    },
  )
  .refine(({ min = 1, max = 1 }) => min <= max, { path: ["min"], message: "must not be above max" });
const shutdown = z
  .strictObject({
    ...targets,
    all: z.boolean().optional(),
    mode: z.enum(SHUTDOWN_MODES).default("warm"),
    within: z.union([z.number(), z.string()]).refine(isDuration, "must be a duration such as 30s").optional(),
  })
  .refine(({ worker, id, all }) => (worker ?? id) !== undefined || all === true, {
    path: ["worker"],
    message: "name the workers, or say all: true",
  });
/** A profile of a large process takes this long to write beside its work. */
const PROFILE_WRITTEN_WITHIN_MS = 5_000;
const profile = z
  .strictObject({ ...targets, seconds: z.coerce.number().min(0.1).max(LONGEST_PROFILE_S).default(5) })
  .refine(({ worker, id }) => (id === undefined ? worker?.length === 1 : true), {
    path: ["worker"],
    message: "name one worker",
  });

export function workerOrders(runtime: Runtime): Operations {
  async function order(
    ctx: Ctx,
    what: WorkerOrder,
    at: Targets,
    options: OrderOptions,
    withinMs = 0,
  ): Promise<Answers> {
    const target = at.id ?? at.worker?.join(",") ?? "all";
    const note = (details: object) =>
      audit(runtime.database, ctx, `worker.${what.replaceAll("_", "-")}`, target, { ...options, ...details });
    // An end may be that of the asker's own process, which would write nothing afterwards.
    const before = what === "shutdown" ? () => note({}) : undefined;
    const answers = await askWorkers(ctx, runtime, what, at, options, { withinMs, ...(before && { before }) });
    const obeyed = answers.items.filter(({ error }) => error === undefined).map(({ worker }) => worker);
    const { silent } = answers;
    if (before === undefined) await note({ obeyed, ...(silent.length === 0 ? {} : { silent }) });
    refuseWhatAllRefuse(answers);
    return answers;
  }

  return {
    pool_grow: operation({ params: resize, run: (ctx, { n, ...at }) => order(ctx, "pool_grow", at, { n }) }),
    pool_shrink: operation({ params: resize, run: (ctx, { n, ...at }) => order(ctx, "pool_shrink", at, { n }) }),
    pool_restart: operation({
      params: z.strictObject(targets),
      run: (ctx, at) => order(ctx, "pool_restart", at, {}),
    }),
    autoscale: operation({
      params: autoscale,
      run: (ctx, { min, max, off: _off, ...at }) =>
        order(ctx, "autoscale", at, { bounds: min === undefined || max === undefined ? null : { min, max } }),
    }),
    add_consumer: operation({
      params: consumer,
      run: (ctx, { queue, ...at }) => order(ctx, "add_consumer", at, { queue: queueNamed(queue) }),
    }),
    cancel_consumer: operation({
      params: consumer,
      run: (ctx, { queue, ...at }) => order(ctx, "cancel_consumer", at, { queue: queueNamed(queue) }),
    }),
    shutdown: operation({
      params: shutdown,
      run: (ctx, { mode, within, all: _all, ...at }) =>
        order(ctx, "shutdown", at, { mode, ...(within === undefined ? {} : { withinMs: durationMs(within) }) }),
    }),
    profile: operation({
      params: profile,
      role: "admin",
      run: (ctx, { seconds, ...at }) =>
        order(ctx, "profile", at, { seconds }, seconds * 1_000 + PROFILE_WRITTEN_WITHIN_MS),
    }),
  };
}

/** One worker's refusal is the caller's mistake and is thrown as such; of several, each one's stands in its answer. */
function refuseWhatAllRefuse({ items, silent }: Answers): void {
  const [only] = items;
  if (items.length !== 1 || silent.length > 0 || only?.error?.code !== "PARAMS_INVALID") return;
  throw new ApiumError("PARAMS_INVALID", only.error.message, {
    fields: [{ field: "worker", message: only.error.message }],
  });
}
