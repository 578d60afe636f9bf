// Where the figures come from: actions that are there for people too. One that cannot be asked just now leaves its
// figures out and says so; a scrape never fails for it.
import type { Catalogue } from "./catalogue.ts";

export type Ask = <Answer>(action: string, params?: object) => Promise<Answer>;

interface Source {
  readonly name: string;
  readonly read: (ask: Ask, metrics: Catalogue, now: number) => Promise<void>;
}

interface Items<Item> {
  readonly items: readonly Item[];
}

const S = 1_000;

export const SOURCES: readonly Source[] = [
  {
    name: "queues",
    async read(ask, metrics) {
      const { items } = await ask<Items<Queue>>("tasks.queues");
      for (const { name: queue, queued, scheduled, started, lanes, oldestMs, pausedAt } of items) {
        for (const [state, count] of Object.entries({ queued, scheduled, started })) {
          metrics.queueTasks.set({ queue, state }, count);
        }
        for (const [lane, count] of Object.entries(lanes)) metrics.laneTasks.set({ queue, lane }, count);
        metrics.queueOldest.set({ queue }, (oldestMs ?? 0) / S);
        metrics.queuePaused.set({ queue }, pausedAt === null ? 0 : 1);
        metrics.queueWorkers.set({ queue }, 0);
      }
      const { items: workers } = await ask<Items<{ queues: readonly string[] }>>("tasks.workers");
      for (const queue of workers.flatMap(({ queues }) => queues)) metrics.queueWorkers.inc({ queue });
    },
  },
  {
    name: "dead letters",
    async read(ask, metrics) {
      const { deadLetters } = await ask<{ deadLetters: number }>("tasks.counts");
      metrics.deadLetters.set(deadLetters);
    },
  },
  {
    name: "workers",
    async read(ask, metrics) {
      const { items, silent } = await ask<Items<Answered> & { silent: readonly string[] }>("tasks.inspect.stats");
      for (const worker of silent) metrics.workerUp.set({ worker }, 0);
      for (const { worker, answer } of items) {
        metrics.workerUp.set({ worker }, answer === undefined ? 0 : 1);
        if (answer === undefined) continue;
        metrics.workerSlots.set({ worker, kind: "size" }, answer.pool.size);
        metrics.workerSlots.set({ worker, kind: "busy" }, answer.pool.busy);
        metrics.workerMemory.set({ worker }, answer.memory.rssBytes);
        metrics.workerLag.set({ worker }, answer.loopLag.p99Ms / S);
        for (const [task, { done, failed }] of Object.entries(answer.tasks)) {
          metrics.workerTasks.set({ worker, task, outcome: "done" }, done);
          metrics.workerTasks.set({ worker, task, outcome: "failed" }, failed);
        }
      }
    },
  },
  {
    name: "schedules",
    async read(ask, metrics, now) {
      const { items } = await ask<Items<Schedule>>("scheduler.list");
      for (const { name: schedule, enabled, lastRunAt, nextRunAt, missedCount } of items) {
        if (lastRunAt !== null) metrics.scheduleLast.set({ schedule }, Date.parse(lastRunAt) / S);
        const lateMs = enabled && nextRunAt !== null ? now - Date.parse(nextRunAt) : 0;
        metrics.scheduleOverdue.set({ schedule }, Math.max(0, lateMs) / S);
        metrics.scheduleMissed.set({ schedule }, missedCount);
      }
    },
  },
  {
    name: "cache",
    async read(ask, metrics) {
      const { items } = await ask<Items<Readonly<Record<string, unknown>>>>("cache.stats");
      for (const { cache: name, connected, ...figures } of items) {
        const cache = String(name);
        metrics.cacheConnected.set({ cache }, connected === true ? 1 : 0);
        for (const kind of ["hits", "misses", "sets", "errors", "dropped"]) {
          const count = figures[kind];
          if (typeof count === "number") metrics.cacheCommands.set({ cache, kind }, count);
        }
      }
    },
  },
  {
    name: "mqtt",
    async read(ask, metrics) {
      const { outbox, devices } = await ask<Mqtt>("mqtt.stats");
      metrics.outboxDepth.set(outbox.waiting);
      metrics.outboxOldest.set((outbox.oldestMs ?? 0) / S);
      for (const outcome of ["received", "kept", "repeated", "points"] as const) {
        metrics.deviceMessages.set({ outcome }, devices[outcome]);
      }
      const refused = Object.values(devices.refused).reduce((sum, count) => sum + count, 0);
      metrics.deviceMessages.set({ outcome: "refused" }, refused);
    },
  },
];

interface Queue {
  readonly name: string;
  readonly queued: number;
  readonly scheduled: number;
  readonly started: number;
  readonly lanes: Readonly<Record<string, number>>;
  readonly oldestMs: number | null;
  readonly pausedAt: string | null;
}

interface Answered {
  readonly worker: string;
  readonly answer?: {
    readonly pool: { readonly busy: number; readonly size: number };
    readonly tasks: Readonly<Record<string, { readonly done: number; readonly failed: number }>>;
    readonly memory: { readonly rssBytes: number };
    readonly loopLag: { readonly p99Ms: number };
  };
}

interface Schedule {
  readonly name: string;
  readonly enabled: boolean;
  readonly lastRunAt: string | null;
  readonly nextRunAt: string | null;
  readonly missedCount: number;
}

interface Mqtt {
  readonly outbox: { readonly waiting: number; readonly oldestMs: number | null };
  readonly devices: {
    readonly received: number;
    readonly kept: number;
    readonly repeated: number;
    readonly points: number;
    readonly refused: Readonly<Record<string, number>>;
  };
}
