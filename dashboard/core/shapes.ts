// What the API answers, as far as pages read it.

export interface Items<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface Queue {
  readonly name: string;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  readonly queued: number;
  readonly lanes: { readonly high: number; readonly normal: number; readonly low: number };
  readonly scheduled: number;
  readonly started: number;
  readonly oldestMs: number | null;
  readonly countedAt: string;
}

export interface Worker {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly state: string;
  readonly queues: readonly string[];
  readonly tasks: readonly string[];
  readonly concurrency: number;
  readonly startedAt: string;
  readonly heartbeatAt: string;
  readonly stats: { readonly running: number; readonly done: number; readonly failed: number } | null;
}

export interface TaskFailure {
  readonly code?: string;
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: { readonly name: string; readonly message: string; readonly code?: string };
}

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly state: string;
  readonly reason: string | null;
  readonly attempt: number;
  readonly retries: number;
  readonly crashes: number;
  readonly params: unknown;
  /** In lists, and to viewers: the parameters are sensitive, and null. */
  readonly areParamsHidden?: boolean;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly progress: { readonly fraction: number; readonly message: string | null } | null;
  readonly error: TaskFailure | null;
  readonly createdAt: string;
  readonly dueAt: string | null;
  readonly expiresAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly worker: string | null;
  readonly parentId: string | null;
  readonly retryOf: string | null;
  readonly retriedAs?: string | null;
  readonly traceId?: string | null;
  readonly result?: unknown;
  readonly hasResult: boolean;
  readonly attempts?: readonly Attempt[];
  readonly children?: readonly { readonly id: string; readonly index: number; readonly state: string | null }[];
}

/** `GET /tasks/counts`: unfinished tasks now, ended ones lately, and dead letters that nobody has handled. */
export interface TaskCounts {
  readonly live: Readonly<Record<string, number>>;
  readonly ended: { readonly hour: Readonly<Record<string, number>>; readonly day: Readonly<Record<string, number>> };
  readonly deadLetters?: number;
}

export interface Attempt {
  readonly attempt: number;
  readonly outcome: string;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly worker: string | null;
  readonly error: TaskFailure | null;
}

export interface Schedule {
  readonly name: string;
  readonly task: string;
  readonly enabled: boolean;
  readonly origin: "code" | "api";
  readonly description: string | null;
  readonly cron?: string;
  readonly days?: "and" | "or";
  readonly every?: string;
  readonly at?: string;
  readonly solar?: { readonly event: string; readonly latitude: number; readonly longitude: number };
  readonly timezone: string;
  readonly params: unknown;
  readonly queue: string | null;
  readonly priority: number | null;
  readonly oneOff: boolean;
  readonly startAt: string | null;
  readonly endAt: string | null;
  readonly expires: string | null;
  readonly jitter: string;
  readonly misfire: string;
  readonly misfireGrace: string;
  readonly misfireCap: number;
  readonly overlap: string;
  readonly problem?: string | null;
  readonly lastTaskId: string | null;
  readonly nextRunAt: string | null;
  readonly lastRunAt: string | null;
  readonly lastMissedAt: string | null;
  readonly totalRunCount: number;
  readonly missedCount: number;
  /** Slots that wait for the end of the run before them. */
  readonly waitingSlots: number;
  /** Grows with each change. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly updatedBy: string | null;
}

export interface DeadLetter {
  readonly id: string;
  readonly taskId: string | null;
  readonly name: string | null;
  readonly queue: string;
  readonly priority?: number | null;
  readonly params: unknown;
  readonly headers?: Readonly<Record<string, string>> | null;
  /** Base64 of the first bytes of what was no task. */
  readonly raw?: string | null;
  readonly error: TaskFailure;
  readonly createdAt: string;
  readonly handledAt: string | null;
  readonly handledBy: string | null;
  readonly requeuedAs: string | null;
}

/** `GET /series`: aligned buckets of `stepMs`, the last of them still under way. A null figure: nobody looked then. */
export interface Series {
  readonly stepMs: number;
  readonly from: string;
  readonly to: string;
  readonly points: readonly SeriesPoint[];
  readonly queues: Readonly<Record<string, readonly QueuePoint[]>>;
  readonly names: readonly NameTotal[];
}

export interface SeriesPoint {
  readonly at: string;
  readonly done: number | null;
  readonly failed: number | null;
  readonly retried: number | null;
  readonly revoked: number | null;
  readonly meanMs: number | null;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
}

export interface QueuePoint {
  readonly at: string;
  readonly queued: number | null;
  readonly scheduled: number | null;
  readonly started: number | null;
  readonly high: number | null;
  readonly normal: number | null;
  readonly low: number | null;
  readonly oldestMs: number | null;
}

export interface NameTotal {
  readonly name: string;
  readonly done: number;
  readonly failed: number;
  readonly meanMs: number | null;
  readonly p95Ms: number | null;
}
