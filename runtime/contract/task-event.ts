// What the runtime tells the world about tasks, batched onto the bus. Events are for watching: they may be dropped
// under load (the batch says how many), and nothing that must survive depends on them.
import { z } from "zod";
import { defineEvent } from "./bus-event.ts";

export const TASK_EVENTS = [
  "received",
  "started",
  "progress",
  "succeeded",
  "failed",
  "retried",
  "revoked",
  "rescued",
] as const;
export type TaskEventType = (typeof TASK_EVENTS)[number];

export interface TaskEvent {
  readonly type: TaskEventType;
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly worker?: string | undefined;
  readonly runtimeMs?: number | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly progress?: { readonly fraction: number; readonly message: string | undefined } | undefined;
  readonly retryAt?: number | undefined;
}

export interface TaskEventBatch {
  readonly events: readonly TaskEvent[];
  /** Events that were not sent because too many came at once. */
  readonly dropped: number;
}

/** The Moleculer event a batch travels as. */
export const TASK_EVENTS_SUBJECT = "task.events";

const taskEvent = z.strictObject({
  type: z.enum(TASK_EVENTS),
  ...{ id: z.string(), name: z.string(), queue: z.string(), attempt: z.int(), at: z.int() },
  worker: z.string().optional(),
  runtimeMs: z.number().optional(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  progress: z.strictObject({ fraction: z.number(), message: z.string().optional() }).optional(),
  retryAt: z.number().optional(),
});

/** What is told of each kind of task event, for references. */
export const TASK_EVENT_MEANINGS: Readonly<Record<TaskEventType, string>> = {
  received: "A worker has claimed the task.",
  started: "Its handler began.",
  progress: "The handler has said how far it is: `progress`.",
  succeeded: "It ended in SUCCESS after `runtimeMs`.",
  failed: "It ended in FAILURE: `error`.",
  retried: "The attempt failed; the next one begins at `retryAt`.",
  revoked: "It ended in REVOKED: it was revoked, or has expired.",
  rescued: "Its worker was lost, or gave it back: it waits again.",
};

/** The batch as an event of the bus. */
export const taskEvents = defineEvent({
  event: TASK_EVENTS_SUBJECT,
  meaning:
    "What tasks did, gathered for 50 ms. Of more than 2 000 in that time the rest is counted in `dropped`. `at` and `retryAt` are milliseconds since 1970.",
  payload: z.strictObject({ events: z.array(taskEvent).readonly(), dropped: z.int() }),
});

/** Where the runtime's rooms put their events. Never throws, never waits. */
export interface EventSink {
  emit(event: TaskEvent): void;
}
