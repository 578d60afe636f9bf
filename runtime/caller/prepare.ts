// From a call to the row it becomes: validation, routing, priorities, times. Pure.
import type { Clock } from "../contract/clock.ts";
import { durationMs } from "../contract/duration.ts";
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import { resolveOptions } from "../contract/enqueue-options.ts";
import { encodeParams } from "../contract/json.ts";
import type { Lane } from "../contract/priority.ts";
import { DEFAULT_PRIORITY, laneOf } from "../contract/priority.ts";
import { DEFAULT_QUEUE, queueNamed } from "../contract/queues.ts";
import type { Routes } from "../contract/routes.ts";
import type { AnyTask } from "../contract/task-definition.ts";
import { validateParams } from "../contract/task-definition.ts";

/** Everything the tasks of one call share. */
export interface Placement {
  readonly name: string;
  readonly queue: string;
  readonly lane: Lane;
  readonly priority: number;
  readonly state: "QUEUED" | "SCHEDULED";
  readonly overrides: string | undefined;
  readonly headers: string | undefined;
  readonly dueAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly createdAt: number;
}

/** Where and when: from the call, else the task, else the routes, else the defaults. @throws ApiumError `QUEUE_UNKNOWN`. */
export function place(task: AnyTask, options: EnqueueOptions, routes: Routes, clock: Clock): Placement {
  const now = clock.now();
  const resolved = resolveOptions(options, now, task.settings);
  const route = routes(task.taskName);
  const own = task.settings.queue;
  const priority = options.priority ?? task.settings.priority ?? route?.priority ?? DEFAULT_PRIORITY;
  const expires = task.settings.expires;
  return {
    name: task.taskName,
    queue: resolved.queue ?? (own === undefined ? undefined : queueNamed(own)) ?? route?.queue ?? DEFAULT_QUEUE,
    lane: laneOf(priority),
    priority,
    state: resolved.dueAt === undefined ? "QUEUED" : "SCHEDULED",
    overrides: resolved.overrides === undefined ? undefined : JSON.stringify(resolved.overrides),
    headers: options.headers === undefined ? undefined : JSON.stringify(options.headers),
    dueAt: resolved.dueAt,
    expiresAt:
      resolved.expiresAt ?? (expires === undefined ? undefined : (resolved.dueAt ?? now) + durationMs(expires)),
    createdAt: now,
  };
}

/** JSON text of checked parameters. @throws ApiumError `PARAMS_INVALID`, `PARAMS_TOO_LARGE`. */
export function paramsText(task: AnyTask, params: unknown): string {
  return encodeParams(validateParams(task, params));
}
