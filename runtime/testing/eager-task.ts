// What the eager caller remembers of a task: where its life has come to, and what it left behind.
import { isFinal, type RevokeReason, type TaskState } from "../contract/task-state.ts";

export interface EagerTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** As the handler gets them: checked, and through JSON. */
  readonly params: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly parentId: string | null;
  /** A final one, unless something enqueued within a transaction still waits for its commit. */
  readonly state: TaskState;
  readonly reason: RevokeReason | undefined;
  /** Through JSON, as a caller would read it. */
  readonly result: unknown;
  /** What ended it in FAILURE, as it was thrown. */
  readonly error: unknown;
  /** What each attempt that failed threw, in order. */
  readonly errors: readonly unknown[];
  /** How often its handler was started. */
  readonly attempts: number;
  /** When each attempt began, on the virtual clock. */
  readonly startedAt: readonly number[];
  readonly progress: { readonly fraction: number; readonly message: string | undefined } | undefined;
}

/** The same while it lives. */
export class LiveTask implements EagerTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly params: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly parentId: string | null;
  state: TaskState;
  reason: RevokeReason | undefined;
  result: unknown;
  error: unknown;
  readonly errors: unknown[] = [];
  readonly startedAt: number[] = [];
  progress: EagerTask["progress"];

  constructor(made: Pick<EagerTask, "id" | "name" | "queue" | "params" | "headers" | "parentId" | "state">) {
    this.id = made.id;
    this.name = made.name;
    this.queue = made.queue;
    this.params = made.params;
    this.headers = made.headers;
    this.parentId = made.parentId;
    this.state = made.state;
  }

  get attempts(): number {
    return this.startedAt.length;
  }

  get ended(): boolean {
    return isFinal(this.state);
  }
}
