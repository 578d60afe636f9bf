// Where each task goes, why, and whether anybody is there to run it: the check nobody has until tasks pile up in a queue
// that no worker takes from. Pure.
import type { Routes } from "../contract/routes.ts";
import type { AnyTask } from "../contract/task-definition.ts";

/** A worker that renews its lease and takes tasks. */
export interface TopologyWorker {
  readonly id: string;
  readonly queues: readonly string[];
  readonly tasks: readonly string[];
}

export interface TaskRoute {
  readonly task: string;
  readonly queue: string;
  /** Who says so: the task's definition, TASK_ROUTES, or nobody. */
  readonly from: "definition" | "route" | "default";
  /** Workers that take from the queue. */
  readonly consumers: number;
  /** Workers that have a handler, wherever they take from. */
  readonly handlers: number;
  /** Workers that would run it: both. */
  readonly workers: readonly string[];
  readonly problem: string | null;
}

export interface Topology {
  /** By name. */
  readonly items: readonly TaskRoute[];
  /** Globs of TASK_ROUTES that decide nothing for any known task. */
  readonly unusedRoutes: readonly string[];
}

/** `queueOf` is where a call without options of its own goes. */
export function topologyOf(
  tasks: readonly AnyTask[],
  routes: Routes,
  queueOf: (task: AnyTask) => string,
  workers: readonly TopologyWorker[],
): Topology {
  const items = tasks
    .map((task) => routeOf(task, routes, queueOf(task), workers))
    .sort((a, b) => (a.task < b.task ? -1 : 1));
  return { items, unusedRoutes: routes.unused?.(tasks.map(({ taskName }) => taskName)) ?? [] };
}

function routeOf(task: AnyTask, routes: Routes, queue: string, workers: readonly TopologyWorker[]): TaskRoute {
  const { taskName: name, settings } = task;
  const consumers = workers.filter(({ queues }) => queues.includes(queue));
  const handlers = workers.filter((worker) => worker.tasks.includes(name));
  const both = consumers.filter((worker) => handlers.includes(worker));
  const from = settings.queue !== undefined ? "definition" : routes(name)?.queue === undefined ? "default" : "route";
  const problem =
    both.length > 0
      ? null
      : consumers.length === 0
        ? `no worker takes from the queue ${queue}`
        : handlers.length === 0
          ? "no worker has a handler for it"
          : `no worker that takes from the queue ${queue} has a handler for it`;
  return {
    ...{ task: name, queue, from, consumers: consumers.length, handlers: handlers.length },
    ...{ workers: both.map(({ id }) => id), problem },
  };
}
