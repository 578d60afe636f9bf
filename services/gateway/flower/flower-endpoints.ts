// Flower's API, endpoint by endpoint, on our own actions: what each asks, and what it answers. Only the shapes are Flower's;
// who may do what, and what is audited, is as everywhere.
import { ApiumError, codeOf } from "../../../runtime/index.ts";
import type { Role } from "../rest-route.ts";
import { applyTask } from "./apply-task.ts";
import type { Ask, FlowerRequest, Given, Items } from "./flower-request.ts";
import { celeryState, flowerTask, type Viewed } from "./flower-task.ts";
import { listTasks } from "./list-tasks.ts";

export interface FlowerEndpoint {
  readonly method: "GET" | "POST";
  /** Below /api. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly answer: (request: FlowerRequest) => Promise<object>;
}

interface Answered {
  readonly worker: string;
  readonly answer?: unknown;
}

const INSPECTED = ["stats", "active_queues", "registered", "active", "reserved", "conf"] as const;
export const FLOWER_ENDPOINTS: readonly FlowerEndpoint[] = [
  {
    method: "GET",
    path: "/workers",
    role: "viewer",
    summary: "Workers with what they do, or with `?status=1` which of them answer.",
    answer: workers,
  },
  {
    method: "GET",
    path: "/tasks",
    role: "viewer",
    summary: "Tasks by their ids; takes Flower's filters.",
    answer: listTasks,
  },
  {
    method: "GET",
    path: "/task/types",
    role: "viewer",
    summary: "Names of the tasks that workers can run.",
    async answer({ ask }) {
      const { items } = await ask<Items<{ tasks: readonly string[] }>>("tasks.workers");
      return { "task-types": [...new Set(items.flatMap(({ tasks }) => tasks))].sort() };
    },
  },
  {
    method: "GET",
    path: "/task/info/:id",
    role: "viewer",
    summary: "One task.",
    answer: async ({ id, ask }) => flowerTask(await ask<Viewed>("tasks.get", { id })),
  },
  {
    method: "GET",
    path: "/task/result/:id",
    role: "viewer",
    summary: "Its state and result; `?timeout=` waits up to 60 s.",
    answer: result,
  },
  {
    method: "GET",
    path: "/queues/length",
    role: "viewer",
    summary: "What waits in each queue.",
    async answer({ ask }) {
      const { items } = await ask<Items<{ name: string; queued: number }>>("tasks.queues");
      return { active_queues: items.map(({ name, queued }) => ({ name, messages: queued })) };
    },
  },
  {
    method: "POST",
    path: "/task/apply/:id",
    role: "operator",
    summary: "Enqueue a task of this name and wait for its end; parameters are `kwargs`.",
    answer: (request) => applyTask(request, true),
  },
  {
    method: "POST",
    path: "/task/async-apply/:id",
    role: "operator",
    summary: "Enqueue a task of this name.",
    answer: (request) => applyTask(request, false),
  },
  {
    method: "POST",
    path: "/task/send-task/:id",
    role: "operator",
    summary: "The same.",
    answer: (request) => applyTask(request, false),
  },
  {
    method: "POST",
    path: "/task/revoke/:id",
    role: "operator",
    summary: "Revoke a task; with `terminate` a running one, too.",
    async answer({ id, given, ask }) {
      await ask("tasks.revoke", { id, terminate: /^(1|true|yes|on)$/i.test(String(given.terminate ?? "")) });
      return { message: `Revoked '${id}'` };
    },
  },
  {
    method: "POST",
    path: "/task/abort/:id",
    role: "operator",
    summary: "End a task.",
    async answer({ id, ask }) {
      await ask("tasks.revoke", { id, terminate: true });
      return { message: `Aborted '${id}'` };
    },
  },
  {
    method: "POST",
    path: "/task/timeout/:id",
    role: "operator",
    summary: "Time limits of a task type, in seconds: `soft`, `hard`.",
    async answer({ id, given, ask }) {
      const seconds = (value: unknown) => (value === undefined || value === "" ? undefined : `${Number(value)}s`);
      const limits = { soft: seconds(given.soft), hard: seconds(given.hard) };
      const named = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
      await ask("tasks.control.time_limit", { task: id, ...named });
      return { message: "time limits set successfully" };
    },
  },
  {
    method: "POST",
    path: "/task/rate-limit/:id",
    role: "operator",
    summary: "Rate of a task type: `ratelimit`.",
    async answer({ id, given, ask }) {
      await ask("tasks.control.rate_limit", { task: id, rate: rateOf(String(given.ratelimit ?? "")) });
      return { message: "new rate limit set successfully" };
    },
  },
  control(
    "/worker/shutdown",
    "shutdown",
    "End a worker, warm.",
    () => ({}),
    () => "Shutting down!",
  ),
  control(
    "/worker/pool/grow",
    "pool_grow",
    "More slots: `n`.",
    countOf,
    (worker, { n }) => `Growing '${worker}' worker's pool by ${n}`,
  ),
  control(
    "/worker/pool/shrink",
    "pool_shrink",
    "Fewer slots: `n`.",
    countOf,
    (worker, { n }) => `Shrinking '${worker}' worker's pool by ${n}`,
  ),
  control(
    "/worker/pool/restart",
    "pool_restart",
    "Give the isolated handlers new processes.",
    () => ({}),
    (worker) => `Restarting '${worker}' worker's pool`,
  ),
  control(
    "/worker/pool/autoscale",
    "autoscale",
    "Size itself between `min` and `max`.",
    ({ min, max }) => ({ min: Number(min), max: Number(max) }),
    (worker, { min, max }) => `Autoscaling '${worker}' worker (min=${min}, max=${max})`,
  ),
  control(
    "/worker/queue/add-consumer",
    "add_consumer",
    "Take from `queue`, too.",
    queueOf,
    (_, { queue }) => `add consumer ${queue}`,
  ),
  control(
    "/worker/queue/cancel-consumer",
    "cancel_consumer",
    "Take nothing more from `queue`.",
    queueOf,
    (_, { queue }) => `no longer consuming from ${queue}`,
  ),
];

function control(
  path: string,
  operation: string,
  summary: string,
  paramsOf: (given: Given) => Readonly<Record<string, unknown>>,
  message: (worker: string, params: Readonly<Record<string, unknown>>) => string,
): FlowerEndpoint {
  return {
    method: "POST",
    path: `${path}/:id`,
    role: "operator",
    summary,
    async answer({ id: worker, given, ask }) {
      await requireWorker(ask, worker);
      const params = paramsOf(given);
      await ask(`tasks.control.${operation}`, { worker, ...params });
      return { message: message(worker, params) };
    },
  };
}

function countOf({ n }: Given): { readonly n: number } {
  return { n: n === undefined ? 1 : Number(n) };
}

function queueOf({ queue }: Given): { readonly queue: string } {
  return { queue: String(queue ?? "") };
}

/** Celery's notation: `200` is a second's; ours says so. */
function rateOf(rate: string): string {
  return /^\d+(\.\d+)?$/.test(rate) ? `${rate}/s` : rate;
}

/** @throws ApiumError `NOT_FOUND`. */
async function requireWorker(ask: Ask, worker: string): Promise<void> {
  const { items } = await ask<Items<{ id: string }>>("tasks.workers");
  if (!items.some(({ id }) => id === worker)) throw new ApiumError("NOT_FOUND", `Unknown worker '${worker}'`);
}

async function workers({ given, ask }: FlowerRequest): Promise<object> {
  const { items } = await ask<Items<{ id: string; heartbeatAt: string }>>("tasks.workers");
  const wanted = typeof given.workername === "string" ? given.workername : undefined;
  const shown = items.filter(({ id }) => wanted === undefined || id === wanted);
  if (wanted !== undefined && shown.length === 0) throw new ApiumError("NOT_FOUND", `Unknown worker '${wanted}'`);
  const asked = wanted === undefined ? {} : { worker: wanted };
  if (given.status !== undefined) {
    const { items: heard } = await ask<Items<Answered>>("tasks.inspect.ping", asked);
    return Object.fromEntries(shown.map(({ id }) => [id, heard.some(({ worker }) => worker === id)]));
  }
  const answers = await Promise.all(
    INSPECTED.map(async (what) => [what, (await ask<Items<Answered>>(`tasks.inspect.${what}`, asked)).items] as const),
  );
  return Object.fromEntries(
    shown.map(({ id, heartbeatAt }) => {
      const told = answers.map(([what, each]) => [what, each.find(({ worker }) => worker === id)?.answer ?? null]);
      const info = Object.fromEntries(told) as Record<string, unknown>;
      const registered = (info.registered ?? []) as readonly { readonly name: string }[];
      return [
        id,
        {
          ...info,
          registered: registered.map(({ name }) => name),
          ...{ scheduled: [], revoked: [], timestamp: Date.parse(heartbeatAt) / 1_000 },
        },
      ];
    }),
  );
}

async function result({ id, given, ask }: FlowerRequest): Promise<object> {
  const known = await ask<Viewed>("tasks.get", { id }).catch((error: unknown) => {
    if (codeOf(error) === "TASK_NOT_FOUND") return undefined;
    throw error;
  });
  // Celery cannot tell an unknown task from one that waits.
  if (known === undefined) return { "task-id": id, state: "PENDING" };
  const seconds = Number(given.timeout ?? 0);
  const task = seconds > 0 && !isEnded(known) ? await waited(ask, id, seconds) : known;
  return { "task-id": id, state: celeryState(task.state), ...(isEnded(task) ? outcomeOf(task) : {}) };
}

async function waited(ask: Ask, id: string, seconds: number): Promise<Viewed> {
  for (const end = performance.now() + Math.min(seconds, 60) * 1_000; ; ) {
    const task = await ask<Viewed>("tasks.get", { id });
    if (isEnded(task) || performance.now() > end) return task;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isEnded({ state }: Viewed): boolean {
  return state === "SUCCESS" || state === "FAILURE" || state === "REVOKED";
}

function outcomeOf({ state, result: value, error }: Viewed): object {
  if (state !== "FAILURE") return { result: value ?? null };
  return { result: error?.message ?? null, traceback: error?.stack ?? null };
}
