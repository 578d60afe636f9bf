// What the API answers about the system itself, as far as its pages read it: schedules' history, caches, the audit, accounts,
// settings.
import type { Items } from "./shapes.ts";

export interface ScheduleHistory {
  readonly runs: readonly {
    readonly slot: string;
    readonly state: "fired" | "waiting" | "manual";
    readonly isLate: boolean;
    readonly taskId: string | null;
    /** Null when the task is no longer kept. */
    readonly taskState: string | null;
    readonly recordedAt: string;
  }[];
  readonly misses: readonly {
    readonly from: string;
    readonly to: string;
    readonly slots: number;
    readonly isAtLeast: boolean;
    readonly reason: string;
    readonly detail: string | null;
    readonly recordedAt: string;
  }[];
}

/** Of `GET /schedules/:name/explain`. */
export interface ScheduleExplanation {
  readonly reasons: readonly {
    readonly code: string;
    readonly message: string;
    readonly suggestion: string | null;
    readonly detail: Readonly<Record<string, unknown>>;
  }[];
}

/** Of `GET /doctor`, and of `GET /doctor/schedules`. */
export interface Health {
  readonly isHealthy: boolean;
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: string;
  /** A schedule, several with commas between them, a queue, a server, a process. */
  readonly subject: string;
  readonly message: string;
  readonly suggestion: string;
}

/** Of `GET /cache`: each node counts for itself, since its start. */
export interface CacheStats extends Items<NamedCache> {
  readonly node?: string;
}

export interface NamedCache {
  readonly cache: string;
  readonly store?: "redis" | "memory";
  readonly connected: boolean;
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  readonly deletes: number;
  readonly errors: number;
  /** Commands that were given up because the server is away. */
  readonly dropped: number;
  readonly latency: { readonly p50: number; readonly p99: number } | null;
  readonly entries?: number | null;
  readonly memoryBytes?: number | null;
}

export interface CacheCommand {
  readonly at: string;
  readonly cache: string;
  readonly action: string;
  readonly key: string | null;
  readonly outcome: "hit" | "miss" | "done";
  readonly ms: number;
  readonly caller: string | null;
}

export interface AuditEntry {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly target: string | null;
  readonly details: unknown;
}

export interface Token {
  readonly id: number;
  readonly name: string;
  readonly role: string;
  readonly clientId: number | null;
  readonly personId: number | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

/** Of `GET /inspect/…`: what each worker answers, and which did not. */
export interface Answers<Answer> {
  readonly items: readonly {
    readonly worker: string;
    readonly node: string;
    readonly answer?: Answer;
    readonly error?: { readonly code: string; readonly message: string };
  }[];
  readonly silent: readonly string[];
}

/** A task type as its author defined it; durations as text or milliseconds. */
export interface TypeDefinition {
  readonly name: string;
  readonly queue?: string;
  readonly maxRetries?: number;
  readonly retryDelay?: string | number;
  readonly softTimeLimit?: string | number;
  readonly timeLimit?: string | number;
  readonly rateLimit?: string;
}

/** Of `GET /inspect/settings`: what operators have set for all. Null: as defined. */
export interface SteeringSettings {
  readonly types: readonly TypeSettings[];
  readonly tenants: readonly { readonly tenant: string; readonly pausedAt: string; readonly pausedBy: string | null }[];
}

export interface TypeSettings {
  readonly task: string;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  /** `none`: no limit. */
  readonly rateLimit: string | null;
  readonly softTimeLimit: string | null;
  readonly timeLimit: string | null;
  readonly updatedAt: string;
  readonly updatedBy: string | null;
}
