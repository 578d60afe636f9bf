// The family `tasks.inspect`: what can be seen of workers and of the tasks on their way. Nothing here changes anything.
// Questions to workers are answered by each in its own process; those about tasks come from the books.
import { z } from "zod";
import {
  findTasks,
  listTenantPauses,
  listTypeSettings,
  revokedTasks,
  scheduledTasks,
  type WorkerQuestion,
} from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import { askWorkers, targets } from "./inspect-ask.ts";
import { type Operations, operation } from "./inspect-operation.ts";

const DEFAULT_SAMPLE_MS = 500;
const LONGEST_SAMPLE_MS = 5_000;

const ofWorkers = z.strictObject(targets);
const limited = z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).optional() });
const sampled = z.strictObject({
  ...targets,
  sampleMs: z.coerce.number().int().min(0).max(LONGEST_SAMPLE_MS).default(DEFAULT_SAMPLE_MS),
});
const ids = z.strictObject({
  ids: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => (typeof given === "string" ? given.split(",").map((one) => one.trim()) : given))
    .pipe(z.array(z.string()).min(1).max(1_000)),
});

/** By the names Celery knows them by; `settings` besides: what operators have set for all. */
export function inspectOperations(runtime: Runtime): Operations {
  const { database } = runtime;
  const ask = (question: WorkerQuestion) =>
    operation({ params: ofWorkers, run: (ctx, given) => askWorkers(ctx, runtime, question, given) });
  const all = <Item>(items: readonly Item[]) => ({ items, nextCursor: null });

  return {
    ping: ask("ping"),
    active: ask("active"),
    reserved: ask("reserved"),
    registered: ask("registered"),
    active_queues: ask("active_queues"),
    stats: ask("stats"),
    clock: ask("clock"),
    conf: ask("conf"),
    report: ask("report"),
    memory: operation({
      params: sampled,
      run: (ctx, { sampleMs, ...given }) =>
        askWorkers(ctx, runtime, "memory", given, { sampleMs }, { withinMs: sampleMs }),
    }),
    scheduled: operation({
      params: limited,
      run: async (_ctx, { limit }) => all(await scheduledTasks(database, runtime.registry.sensitive(), limit)),
    }),
    revoked: operation({ params: limited, run: async (_ctx, { limit }) => all(await revokedTasks(database, limit)) }),
    query_task: operation({ params: ids, run: async (_ctx, given) => all(await findTasks(database, given.ids)) }),
    settings: operation({
      params: z.strictObject({}),
      run: async () => {
        const [types, tenants, queues] = await Promise.all([
          listTypeSettings(database),
          listTenantPauses(database),
          runtime.queues(),
        ]);
        const paused = queues.filter(({ pausedAt }) => pausedAt !== null);
        return { types, tenants, queues: paused.map(({ name, pausedAt, pausedBy }) => ({ name, pausedAt, pausedBy })) };
      },
    }),
  };
}
