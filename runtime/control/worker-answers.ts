// What one worker tells of itself when it is inspected. Each answer is made in the worker's own process, from what it has
// in hand; the books are not asked, so a worker answers while its database is away.
import { arch, platform, release } from "node:os";
import type { Foundation } from "../contract/foundation.ts";
import { redact } from "../contract/redact.ts";
import type { TaskSettings } from "../contract/task-definition.ts";
import type { Worker } from "../worker/index.ts";
import type { EventLoopWatch } from "./event-loop.ts";
import { memoryFigures, memoryView } from "./memory.ts";
import { processUsage } from "./process-usage.ts";

export interface WorkerSurroundings extends Foundation {
  /** What this process was started with; secrets are redacted before they are shown. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly queueKind: string;
  readonly loop: EventLoopWatch;
  readonly version: string;
}

export interface AnswerOptions {
  /** Of `memory`: how long allocations are sampled. */
  readonly sampleMs?: number | undefined;
}

type Answer = (worker: Worker, parts: WorkerSurroundings, options: AnswerOptions) => unknown;

export const WORKER_ANSWERS = {
  ping: () => ({ ok: true }),
  active: (worker) => worker.active(),
  reserved: (worker) => worker.reserved(),
  registered: (worker) =>
    worker
      .handlers()
      .names()
      .sort()
      .map((name) => definitionOf(worker, name)),
  active_queues: (worker) => {
    const paused = worker.steering.queues;
    return worker.consumedQueues().map((name) => ({ name, paused: paused.includes(name) }));
  },
  stats: (worker, { loop }) => {
    const { running, concurrency, ...counts } = worker.stats();
    return {
      pool: { busy: running, size: concurrency, draining: worker.isDraining },
      ...counts,
      tasks: worker.countsByName(),
      memory: memoryFigures(),
      usage: processUsage(),
      loopLag: loop.read(),
      uptimeS: Math.round(process.uptime()),
    };
  },
  /** What the worker takes for now, and how far its machine's own clock is ahead of that. The database's time counts. */
  clock: (_worker, { clock }) => {
    const now = clock.now();
    return { now: new Date(now).toISOString(), machineAheadMs: Math.round(Date.now() - now) };
  },
  conf: (_worker, { settings }) => redact(settings),
  report: (worker, { version, queueKind }) => ({
    apium: version,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${platform()} ${release()} ${arch()}`,
    queue: queueKind,
    tasks: worker.handlers().names().length,
    concurrency: worker.concurrency,
    pid: process.pid,
  }),
  memory: (_worker, { clock }, { sampleMs = 0 }) => memoryView(clock, sampleMs),
} as const satisfies Record<string, Answer>;

export type WorkerQuestion = keyof typeof WORKER_ANSWERS;

function definitionOf(worker: Worker, name: string): { readonly name: string } & Partial<TaskSettings> {
  const handler = worker.handlers().find(name);
  return {
    name,
    ...handler?.task.settings,
    ...(handler?.isolation === undefined ? {} : { isolation: handler.isolation }),
  };
}
