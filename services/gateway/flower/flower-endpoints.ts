// Flower's API, endpoint by endpoint, on our own actions: what each asks, and what it answers. Only the shapes are Flower's;
// who may do what, and what is audited, is as everywhere.
import { ApiumError } from "../../../runtime/index.ts";
import type { Role } from "../rest-route.ts";
import { applyTask } from "./apply-task.ts";
import type { Ask, FlowerRequest, Given, Items } from "./flower-request.ts";
import { flowerTask, type Viewed } from "./flower-task.ts";
import { listTasks } from "./list-tasks.ts";
import { listWorkers } from "./list-workers.ts";
import { taskResult } from "./task-result.ts";

export interface FlowerEndpoint {
  readonly method: "GET" | "POST";
  /** Below /api. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly answer: (request: FlowerRequest) => Promise<object>;
}

export const FLOWER_ENDPOINTS: readonly FlowerEndpoint[] = [
  {
    method: "GET",
    path: "/workers",
    role: "viewer",
    summary: "Workers with what they do, under Celery's keys; or with `?status=1` which of them answer.",
    answer: listWorkers,
  },
  {
    method: "GET",
    path: "/tasks",
    role: "viewer",
    summary:
      "Tasks by their ids; takes Flower's filters. `sort_by` sorts the newest 10 000 that fit; `-received` all of them.",
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
    answer: taskResult,
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
    summary: "Enqueue a task of this name and wait for its end, a minute at most; parameters are `kwargs`.",
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
