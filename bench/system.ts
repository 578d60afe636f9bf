/**
 * What a system must offer to be measured. Each runs in a process of its own per measure, set up as its own
 * documentation recommends for speed; the work is a no-op that is given `{a, b}` and returns `{ok: 1}`.
 */
export interface Payload {
  readonly a: number;
  readonly b: number;
}

export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly natsUrl: string;
}

export interface System {
  /** Accepts many, in the way that is fastest for it; resolves when the last is accepted. */
  enqueueMany(payloads: readonly Payload[], dueAt?: Date): Promise<void>;
  /** Accepts one; with a delay where given. */
  enqueue(payload: Payload, delayMs?: number): Promise<void>;
  /** Starts one worker process's worth of workers in this process; `started` is called when a handler starts. */
  work(started: (payload: Payload) => void): Promise<void>;
  /** Tasks that have no recorded end yet. */
  unfinished(): Promise<number>;
  stop(): Promise<void>;
}

export type OpenSystem = (servers: Servers) => Promise<System>;

/** What it keeps, for the table. */
export interface Facts {
  readonly durableAtAccept: string;
  readonly setUp: string;
}
