// What the runtime tells the world about tasks, batched onto the bus. Events are for watching: they may be dropped
// under load (the batch says how many), and nothing that must survive depends on them.

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

/** Where the runtime's rooms put their events. Never throws, never waits. */
export interface EventSink {
  emit(event: TaskEvent): void;
}
