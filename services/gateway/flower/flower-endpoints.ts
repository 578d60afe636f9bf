// Flower's API, endpoint by endpoint, on our own actions: what each asks, and what it answers. Only the shapes are Flower's;
// who may do what, and what is audited, is as everywhere.
import { ApiumError, codeOf } from "../../../runtime/index.ts";
import type { Role } from "../rest-route.ts";
import { celeryState, flowerTask, ourState, type Viewed } from "./flower-task.ts";

export type Ask = <Answer>(action: string, params?: object) => Promise<Answer>;

export interface FlowerRequest {
  /** Of the address. */
  readonly id: string;
  /** Of the query and the body together. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly ask: Ask;
}

export interface FlowerEndpoint {
  readonly method: "GET" | "POST";
  /** Below /api. */
  readonly path: string;
  readonly role: Role;
  readonly answer: (request: FlowerRequest) => Promise<object>;
}

interface Items<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

interface Answered {
  readonly worker: string;
  readonly answer?: unknown;
}

const LONGEST_LIST = 1_000;
const PAGE = 500;
const INSPECTED = ["stats", "active_queues", "registered", "active", "reserved", "conf"] as const;
const DEFAULT_WAIT = "60s";

export const FLOWER_ENDPOINTS: readonly FlowerEndpoint[] = [
  { method: "GET", path: "/workers", role: "viewer", answer: workers },
  { method: "GET", path: "/tasks", role: "viewer", answer: listTasks },
  {
    method: "GET",
    path: "/task/types",
    role: "viewer",
    async answer({ ask }) {
      const { items } = await ask<Items<{ tasks: readonly string[] }>>("tasks.workers");
      return { "task-types": [...new Set(items.flatMap(({ tasks }) => tasks))].sort() };
    },
  },
  {
    method: "GET",
    path: "/task/info/:id",
    role: "viewer",
    answer: async ({ id, ask }) => flowerTask(await ask<Viewed>("tasks.get", { id })),
  },
  { method: "GET", path: "/task/result/:id", role: "viewer", answer: result },
  {
    method: "GET",
    path: "/queues/length",
    role: "viewer",
    async answer({ ask }) {
      const { items } = await ask<Items<{ name: string; queued: number }>>("tasks.queues");
      return { active_queues: items.map(({ name, queued }) => ({ name, messages: queued })) };
    },
  },
  { method: "POST", path: "/task/apply/:id", role: "operator", answer: (request) => enqueue(request, true) },
  { method: "POST", path: "/task/async-apply/:id", role: "operator", answer: (request) => enqueue(request, false) },
  { method: "POST", path: "/task/send-task/:id", role: "operator", answer: (request) => enqueue(request, false) },
  {
    method: "POST",
    path: "/task/revoke/:id",
    role: "operator",
    async answer({ id, given, ask }) {
      await ask("tasks.revoke", { id, terminate: /^(1|true|yes|on)$/i.test(String(given.terminate ?? "")) });
      return { message: `Revoked '${id}'` };
    },
  },
  {
    method: "POST",
    path: "/task/abort/:id",
    role: "operator",
    async answer({ id, ask }) {
      await ask("tasks.revoke", { id, terminate: true });
      return { message: `Aborted '${id}'` };
    },
  },
  {
    method: "POST",
    path: "/task/timeout/:id",
    role: "operator",
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
    async answer({ id, given, ask }) {
      await ask("tasks.control.rate_limit", { task: id, rate: rateOf(String(given.ratelimit ?? "")) });
      return { message: "new rate limit set successfully" };
    },
  },
  control(
    "/worker/shutdown",
    "shutdown",
    () => ({}),
    () => "Shutting down!",
  ),
  control("/worker/pool/grow", "pool_grow", countOf, (worker, { n }) => `Growing '${worker}' worker's pool by ${n}`),
  control(
    "/worker/pool/shrink",
    "pool_shrink",
    countOf,
    (worker, { n }) => `Shrinking '${worker}' worker's pool by ${n}`,
  ),
  control(
    "/worker/pool/autoscale",
    "autoscale",
    ({ min, max }) => ({ min: Number(min), max: Number(max) }),
    (worker, { min, max }) => `Autoscaling '${worker}' worker (min=${min}, max=${max})`,
  ),
  control("/worker/queue/add-consumer", "add_consumer", queueOf, (_, { queue }) => `add consumer ${queue}`),
  control(
    "/worker/queue/cancel-consumer",
    "cancel_consumer",
    queueOf,
    (_, { queue }) => `no longer consuming from ${queue}`,
  ),
];

type Given = FlowerRequest["given"];

function control(
  path: string,
  operation: string,
  paramsOf: (given: Given) => Readonly<Record<string, unknown>>,
  message: (worker: string, params: Readonly<Record<string, unknown>>) => string,
): FlowerEndpoint {
  return {
    method: "POST",
    path: `${path}/:id`,
    role: "operator",
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

async function listTasks({ given, ask }: FlowerRequest): Promise<object> {
  const named = (value: unknown) => (typeof value === "string" && value !== "" && value !== "All" ? value : undefined);
  const state = named(given.state);
  const ours = state === undefined ? undefined : ourState(state);
  if (state !== undefined && ours === undefined) return {};
  const filter = { state: ours, name: named(given.taskname), worker: named(given.workername), q: named(given.search) };
  const wanted = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  const offset = Math.max(0, Number(given.offset ?? 0) || 0);
  const limit = Math.min(LONGEST_LIST, Number(given.limit ?? LONGEST_LIST) || LONGEST_LIST);
  const [from, to] = [minuteOf(given.received_start), minuteOf(given.received_end)];
  const found: Viewed[] = [];
  let cursor: string | null = null;
  do {
    const page: Items<Viewed> = await ask("tasks.list", {
      ...wanted,
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(
      ...page.items.filter(({ createdAt }) => {
        const at = Date.parse(createdAt);
        return (from === undefined || at > from) && (to === undefined || at < to);
      }),
    );
    cursor = page.nextCursor;
  } while (cursor !== null && found.length < offset + limit);
  const shown = sorted(found.slice(offset, offset + limit).map(flowerTask), named(given.sort_by));
  return Object.fromEntries(shown.map((task) => [task.uuid, task]));
}

function sorted(tasks: Readonly<Record<string, unknown>>[], by: string | undefined) {
  const key = by?.replace(/^-/, "");
  if (key === undefined || !["name", "state", "received", "started"].includes(key)) return tasks;
  const sign = by?.startsWith("-") === true ? -1 : 1;
  return tasks.sort((a, b) => sign * String(a[key] ?? "").localeCompare(String(b[key] ?? ""), "en", { numeric: true }));
}

/** `2026-11-23 18:44`, of UTC. */
function minuteOf(value: unknown): number | undefined {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})/.exec(String(value ?? "")) ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${time}:00Z`);
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

/** Parameters are one object here: Celery's keyword arguments. @throws ApiumError `PARAMS_INVALID`. */
async function enqueue({ id: name, given, ask }: FlowerRequest, waits: boolean): Promise<object> {
  const { args = [], kwargs = {}, ...options } = given;
  if (!Array.isArray(args) || args.length > 0) {
    const message = "tasks here take keyword arguments: give kwargs, and no args";
    throw new ApiumError("PARAMS_INVALID", message, { fields: [{ field: "args", message }] });
  }
  const wait = waits ? { wait: DEFAULT_WAIT } : {};
  const accepted = await ask<{ id: string; state: string; result?: unknown }>("tasks.enqueue", {
    ...{ name, params: kwargs, options: optionsOf(options) },
    ...wait,
  });
  const task = { "task-id": accepted.id, state: waits ? "SUCCESS" : celeryState(accepted.state) };
  return waits ? { ...task, result: accepted.result ?? null } : task;
}

/** Of `apply_async`: seconds are numbers there. */
function optionsOf({ countdown, eta, expires, priority, queue, retry: _, ...rest }: Given): object {
  const seconds = (value: unknown) =>
    typeof value === "number" || /^\d+(\.\d+)?$/.test(String(value)) ? `${Number(value)}s` : value;
  const instant = (value: unknown) =>
    typeof value === "string"
      ? value
          .replace(" ", "T")
          .replace(/(\.\d{3})\d*$/, "$1")
          .replace(/([^Z])$/, "$1Z")
      : value;
  const given = {
    ...rest,
    countdown: countdown === undefined ? undefined : seconds(countdown),
    eta: eta === undefined ? undefined : instant(eta),
    expires:
      expires === undefined
        ? undefined
        : typeof expires === "string" && expires.includes("-")
          ? instant(expires)
          : seconds(expires),
    ...{ priority, queue },
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
