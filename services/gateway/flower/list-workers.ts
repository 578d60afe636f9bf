// GET /api/workers: each worker with what Flower's inspector asks of it (flower/inspector.py), under Celery's keys; or, with
// `status`, whether it answers. As in Flower a worker that does not answer a question has no key for it. What waits for
// its time and what was revoked is in the books and not with a worker: the first stands with the first worker that takes it,
// so that a sum over workers counts it once; the second, as in Celery, with every worker.
import { ApiumError } from "../../../runtime/index.ts";
import { celeryQueue } from "./celery-queue.ts";
import { celeryRequest, celeryScheduled, type Given, type HeldTask, type ScheduledTask } from "./celery-request.ts";
import { celeryStats, type OurStats } from "./celery-stats.ts";
import type { Ask, FlowerRequest, Items } from "./flower-request.ts";

/** What runs is looked up in one page of the list of tasks; of more than a page some are shown without their parameters. */
const MOST_LOOKED_UP = 500;
const MOST_SCHEDULED = 500;
const MOST_REVOKED = 1_000;

interface WorkerRow {
  readonly id: string;
  readonly pid: number;
  readonly state: string;
  readonly queues: readonly string[];
  readonly tasks: readonly string[];
  readonly heartbeatAt: string;
}

interface Running extends HeldTask {
  readonly runningMs: number;
}

interface Named {
  readonly name: string;
}

/** Of one worker; `undefined` is what it has not said. */
interface Told {
  readonly stats: OurStats | undefined;
  readonly active_queues: readonly Named[] | undefined;
  readonly registered: readonly Named[] | undefined;
  readonly active: readonly Running[] | undefined;
  readonly reserved: readonly HeldTask[] | undefined;
  readonly conf: Readonly<Record<string, unknown>> | undefined;
}

/** Of the whole system. */
interface Facts {
  readonly given: ReadonlyMap<string, Given>;
  readonly scheduled: readonly ScheduledTask[];
  /** By worker. */
  readonly scheduledAt: ReadonlyMap<string | undefined, readonly ScheduledTask[]>;
  readonly revoked: readonly string[];
  readonly now: number;
}

export async function listWorkers({ given, ask, now }: FlowerRequest): Promise<object> {
  const { items: all } = await ask<Items<WorkerRow>>("tasks.workers");
  const wanted = typeof given.workername === "string" ? given.workername : undefined;
  const shown = all.filter(({ id }) => wanted === undefined || id === wanted);
  if (wanted !== undefined && shown.length === 0) throw new ApiumError("NOT_FOUND", `Unknown worker '${wanted}'`);
  const asked = wanted === undefined ? {} : { worker: wanted };
  if (given.status !== undefined) {
    const heard = await answersOf(ask, "ping", asked);
    return Object.fromEntries(shown.map(({ id }) => [id, heard.has(id)]));
  }
  const [told, books] = await Promise.all([askAll(ask, asked), readBooks(ask)]);
  const scheduledAt = Map.groupBy(books.scheduled, (task) => takerOf(task, all));
  return Object.fromEntries(shown.map((row) => [row.id, infoOf(row, told(row.id), { ...books, scheduledAt, now })]));
}

async function answersOf<Answer>(ask: Ask, what: string, asked: object): Promise<ReadonlyMap<string, Answer>> {
  const { items } = await ask<Items<{ worker: string; answer?: Answer }>>(`tasks.inspect.${what}`, asked);
  return new Map(items.flatMap(({ worker, answer }) => (answer === undefined ? [] : [[worker, answer]])));
}

async function askAll(ask: Ask, asked: object): Promise<(worker: string) => Told> {
  const [stats, queues, registered, active, reserved, conf] = await Promise.all([
    answersOf<OurStats>(ask, "stats", asked),
    answersOf<readonly Named[]>(ask, "active_queues", asked),
    answersOf<readonly Named[]>(ask, "registered", asked),
    answersOf<readonly Running[]>(ask, "active", asked),
    answersOf<readonly HeldTask[]>(ask, "reserved", asked),
    answersOf<Readonly<Record<string, unknown>>>(ask, "conf", asked),
  ]);
  return (worker) => ({
    stats: stats.get(worker),
    active_queues: queues.get(worker),
    registered: registered.get(worker),
    active: active.get(worker),
    reserved: reserved.get(worker),
    conf: conf.get(worker),
  });
}

async function readBooks(ask: Ask): Promise<Omit<Facts, "scheduledAt" | "now">> {
  const [running, scheduled, revoked] = await Promise.all([
    ask<Items<HeldTask & Given>>("tasks.list", { state: "STARTED", limit: MOST_LOOKED_UP }),
    ask<Items<ScheduledTask>>("tasks.inspect.scheduled", { limit: MOST_SCHEDULED }),
    ask<Items<HeldTask>>("tasks.inspect.revoked", { limit: MOST_REVOKED }),
  ]);
  return {
    given: new Map(running.items.map((task) => [task.id, task])),
    scheduled: scheduled.items,
    revoked: revoked.items.map(({ id }) => id),
  };
}

function infoOf({ id, pid, heartbeatAt }: WorkerRow, told: Told, facts: Facts): object {
  const { stats, active = [], conf: settings = {} } = told;
  const request = (task: HeldTask, since: number | null) =>
    celeryRequest(task, facts.given.get(task.id), {
      ...{ worker: id, since, isClaimed: true },
      pid: since === null ? null : pid,
    });
  const info = {
    stats: stats && celeryStats({ stats, pid, running: active.map(({ name }) => name), settings }),
    active_queues: told.active_queues?.map(({ name }) => celeryQueue(name)),
    registered: told.registered?.map(({ name }) => name),
    active: told.active?.map((task) => request(task, (facts.now - task.runningMs) / 1_000)),
    reserved: told.reserved?.map((task) => request(task, null)),
    conf: told.conf,
  };
  return {
    ...Object.fromEntries(Object.entries(info).filter(([, answer]) => answer !== undefined)),
    scheduled: facts.scheduledAt.get(id)?.map((task) => celeryScheduled(task, id)) ?? [],
    revoked: facts.revoked,
    timestamp: Date.parse(heartbeatAt) / 1_000,
  };
}

function takerOf({ queue, name }: HeldTask, workers: readonly WorkerRow[]): string | undefined {
  return workers.find(({ state, queues, tasks }) => state !== "lost" && queues.includes(queue) && tasks.includes(name))
    ?.id;
}
