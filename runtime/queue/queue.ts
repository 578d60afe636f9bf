// The port of the delivery engine. Two backends keep it, JetStream and PostgreSQL, and one conformance suite runs on
// both. Whatever a backend does, a task is handed to a worker only through a committed claim of its row.
import type { Dispatcher } from "../contract/dispatch.ts";
import type { Lane } from "../contract/priority.ts";

/** A task whose row says STARTED by this worker. */
export interface ClaimedTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly lane: Lane;
  readonly priority: number;
  readonly attempt: number;
  readonly retries: number;
  readonly crashes: number;
  readonly params: unknown;
  readonly overrides: Readonly<Record<string, unknown>> | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly parentId: string | null;
  /** It holds a unique key. */
  readonly keyed: boolean;
  /** The instant its rate limit granted for this start, if it did. */
  readonly rateSlotAt: number | undefined;
}

/** The worker's side of the counter. */
export interface Consumer {
  readonly worker: string;
  /** Queues it takes from just now (paused ones are left out). */
  queues(): readonly string[];
  /** How many tasks it could start this moment. */
  freeSlots(): number;
  /** Names of tasks of which it runs as many as it may. */
  fullTasks(): readonly string[];
  /** Takes what was claimed for it; never throws. */
  accept(tasks: readonly ClaimedTask[]): void;
}

export interface Subscription {
  /** A slot is free, or the set of queues has changed. */
  poke(): void;
  /** Takes no more; resolves when no claim is under way any more. */
  stop(): Promise<void>;
}

export interface LaneDepth {
  readonly queue: string;
  readonly lane: Lane;
  /** Tasks that wait in state QUEUED. */
  readonly depth: number;
}

/** How far something the engine keeps is from what it may hold. */
export interface EngineLimit {
  /** A stream, or all of them together. */
  readonly of: string;
  readonly unit: "bytes" | "messages";
  readonly used: number;
  readonly most: number;
}

export interface TaskQueue extends Dispatcher {
  readonly kind: "jetstream" | "postgres";
  start(): Promise<void>;
  consume(consumer: Consumer): Subscription;
  /** Forgets a task that was revoked. Best effort: the row decides. */
  remove(task: { readonly id: string; readonly queue: string; readonly lane: Lane }): Promise<void>;
  /** The latest message of a queue in the engine; 0: there never was one. */
  lastMessage(queue: string): Promise<number>;
  /** Takes a queue's messages up to `last` out of the engine, after their rows were revoked. Best effort: the row decides. */
  purge(queue: string, last: number): Promise<void>;
  /** One round of upkeep: lost messages, refused publishes, leftovers. Cheap when there is nothing to do. */
  tend(): Promise<void>;
  /** @throws ApiumError `QUEUE_UNAVAILABLE` when the engine does not answer. */
  check(): Promise<void>;
  /** What of the engine has been given a limit. @throws ApiumError `QUEUE_UNAVAILABLE`. */
  limits(): Promise<readonly EngineLimit[]>;
  stop(): Promise<void>;
}
