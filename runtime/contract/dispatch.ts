// What the rooms that put tasks in order say to the delivery engine, and nothing more.
import type { Lane } from "./priority.ts";

/** A committed row in state QUEUED. */
export interface QueuedTask {
  readonly id: string;
  readonly attempt: number;
  readonly queue: string;
  readonly lane: Lane;
  /** Its place in its lane; for a batch inserted together, the lowest of the batch will do. */
  readonly seq: number;
  /** Taken from a worker that fell silent: one that only hangs would still be handed messages, and must not get it. */
  readonly rescued?: boolean | undefined;
}

/** Called after the commit. Never throws: what cannot be delivered now is found and delivered later. */
export interface Dispatcher {
  /** Tasks that may start at once. */
  dispatch(tasks: readonly QueuedTask[]): void;
  /** A task falls due at this instant (milliseconds since the epoch). */
  expect(dueAt: number): void;
}
