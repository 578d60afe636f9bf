// Every kind of task that is known, for people: what its definition says, what operators have set, who can run it, what
// its parameters look like, and how it did within the last hour. Known is what this process has defined and what workers
// say they can run.
import { z } from "zod";
import { durationMs, durationText } from "../contract/duration.ts";
import { type RetryPolicy, retryPolicy } from "../contract/retry-policy.ts";
import type { AnyTask, TaskSettings } from "../contract/task-definition.ts";
import { listTypeSettings, type TypeSettings } from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import type { EndFigures } from "../series/index.ts";
import { DEFAULT_TIME_LIMIT_MS, NO_RATE } from "../worker/index.ts";
import { askWorkers, type Ctx } from "./inspect-ask.ts";

export interface TaskTypeView {
  readonly name: string;
  /** Where a call goes that names none; null where only workers of other versions know the task. */
  readonly queue: string | null;
  readonly priority: number | null;
  /** What is in force: the operators' before the definition's. */
  readonly softTimeLimit: string | null;
  readonly timeLimit: string;
  /** In force; null: none. */
  readonly rateLimit: string | null;
  readonly retry: RetryPolicy;
  /** How many run at once in one worker; null: as many as it has slots. */
  readonly concurrency: number | null;
  /** How long it may wait to be started; null: for ever. */
  readonly expires: string | null;
  readonly isSensitive: boolean;
  /** Null: it runs in the worker's own thread, or nobody said. */
  readonly isolation: string | null;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  /** What operators have set; null: nothing. */
  readonly overrides: Omit<TypeSettings, "task" | "pausedAt" | "pausedBy"> | null;
  /** JSON Schema of its parameters; null where it is not known, or cannot be told in one. */
  readonly paramsSchema: unknown;
  /** Workers with a handler for it. */
  readonly workers: readonly string[];
  readonly lastHour: EndFigures;
}

interface Registered extends TaskSettings {
  readonly name: string;
  readonly isolation?: string;
}

const NO_RUNS: EndFigures = { done: 0, failed: 0, retried: 0, revoked: 0, meanMs: null, p95Ms: null, maxMs: null };

/** By name. Takes two seconds when a worker does not answer. @throws ApiumError `STORE_UNAVAILABLE`. */
export async function taskTypes(ctx: Ctx, runtime: Runtime): Promise<TaskTypeView[]> {
  const [{ items: answers }, workers, settings, lastHour] = await Promise.all([
    askWorkers(ctx, runtime, "registered", {}),
    runtime.workers(),
    listTypeSettings(runtime.database),
    runtime.series.lastHour(),
  ]);
  const registered = new Map(
    answers.flatMap(({ answer }) => (answer as readonly Registered[] | undefined) ?? []).map((one) => [one.name, one]),
  );
  const names = [
    ...runtime.registry.all().map(({ taskName }) => taskName),
    ...workers.flatMap(({ tasks }) => tasks),
    ...settings.map(({ task }) => task),
  ];
  return [...new Set(names)].sort().map((name) => {
    const task = runtime.registry.find(name);
    const own: TaskSettings = task?.settings ?? registered.get(name) ?? {};
    const set = settings.find((one) => one.task === name);
    return {
      name,
      ...(task === undefined ? { queue: own.queue ?? null, priority: own.priority ?? null } : runtime.placeOf(task)),
      softTimeLimit: set?.softTimeLimit ?? text(own.softTimeLimit),
      timeLimit: set?.timeLimit ?? durationText(durationMs(own.timeLimit ?? DEFAULT_TIME_LIMIT_MS)),
      rateLimit: rateInForce(set?.rateLimit ?? own.rateLimit),
      retry: retryPolicy(own),
      concurrency: own.concurrency ?? null,
      expires: text(own.expires),
      isSensitive: own.sensitive === true,
      isolation: registered.get(name)?.isolation ?? null,
      pausedAt: set?.pausedAt ?? null,
      pausedBy: set?.pausedBy ?? null,
      overrides: overridesOf(set),
      paramsSchema: task === undefined ? null : schemaOf(task),
      workers: workers.filter(({ tasks }) => tasks.includes(name)).map(({ id }) => id),
      lastHour: lastHour.get(name) ?? NO_RUNS,
    };
  });
}

function overridesOf(set: TypeSettings | undefined): TaskTypeView["overrides"] {
  if (set === undefined) return null;
  const { rateLimit, softTimeLimit, timeLimit, updatedAt, updatedBy } = set;
  if (rateLimit === null && softTimeLimit === null && timeLimit === null) return null;
  return { rateLimit, softTimeLimit, timeLimit, updatedAt, updatedBy };
}

function rateInForce(rate: string | undefined): string | null {
  return rate === undefined || rate === NO_RATE ? null : rate;
}

function text(duration: string | number | undefined): string | null {
  return duration === undefined ? null : durationText(durationMs(duration));
}

const schemas = new WeakMap<AnyTask, unknown>();

/** What a JSON Schema cannot say is left open; what zod cannot turn into one at all is null. */
function schemaOf(task: AnyTask): unknown {
  if (!schemas.has(task)) schemas.set(task, toJsonSchema(task.params));
  return schemas.get(task);
}

function toJsonSchema(params: z.ZodType): unknown {
  try {
    return z.toJSONSchema(params, { io: "input", unrepresentable: "any" });
  } catch {
    return null;
  }
}
