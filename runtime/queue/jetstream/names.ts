// Names in the delivery engine: one stream per queue, one durable consumer per lane, the task's id in the subject so
// that a queued message can be found and removed.
import { LANES, type Lane } from "../../contract/priority.ts";

export interface LaneName {
  readonly queue: string;
  readonly lane: Lane;
}

export function streamName(queue: string): string {
  return `TASKS_${queue.toUpperCase()}`;
}

export function laneSubject(queue: string, lane: Lane): string {
  return `tasks.${queue}.${lane}`;
}

export function taskSubject(queue: string, lane: Lane, id: string): string {
  return `tasks.${queue}.${lane}.${id}`;
}

/** Every lane of the queues. */
export function lanesOf(queues: readonly string[]): LaneName[] {
  return queues.flatMap((queue) => LANES.map((lane) => ({ queue, lane })));
}

export function laneKey({ queue, lane }: LaneName): string {
  return `${queue}.${lane}`;
}
