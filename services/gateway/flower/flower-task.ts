// A task as Flower's API shows it: its keys, its states, seconds since the epoch, parameters and results as text. Scripts that
// were written for Flower read these. Keys as in flower 2.0 (flower/api/tasks.py, flower/utils/tasks.py). Pure.

/** Of a task's view, what is needed here. */
export interface Viewed {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: string;
  readonly retries: number;
  readonly params: unknown;
  readonly error: { readonly message?: string; readonly stack?: string } | null;
  readonly createdAt: string;
  readonly dueAt: string | null;
  readonly expiresAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly worker: string | null;
  readonly parentId: string | null;
  readonly result?: unknown;
  readonly children?: readonly { readonly id: string }[];
}

/** Celery has one state for all that has not begun, and none for a parent that waits for its children. */
const STATES: Readonly<Record<string, string>> = { QUEUED: "PENDING", SCHEDULED: "PENDING", WAITING: "STARTED" };

export function celeryState(state: string): string {
  return STATES[state] ?? state;
}

/** Ours for one of Celery's, as they are shown; empty for one that no task can be in. Our own names are known, too. */
export function ourStates(state: string): readonly string[] {
  const known: Readonly<Record<string, readonly string[]>> = {
    PENDING: ["QUEUED", "SCHEDULED"],
    RECEIVED: ["QUEUED", "SCHEDULED"],
    STARTED: ["STARTED", "WAITING"],
  };
  const all = ["QUEUED", "SCHEDULED", "WAITING", "RETRY", "SUCCESS", "FAILURE", "REVOKED"];
  return known[state] ?? all.filter((one) => one === state);
}

export function flowerTask(task: Viewed): Readonly<Record<string, unknown>> {
  const { id, name, queue, state, retries, params, error, worker, parentId, result, children } = task;
  const [created, started, finished] = [task.createdAt, task.startedAt, task.finishedAt].map(secondsOf);
  const endedAs = (ours: string) => (state === ours ? finished : null);
  return {
    uuid: id,
    name,
    state: celeryState(state),
    received: created,
    sent: created,
    started,
    rejected: null,
    succeeded: endedAs("SUCCESS"),
    failed: endedAs("FAILURE"),
    retried: null,
    revoked: endedAs("REVOKED"),
    args: "()",
    kwargs: JSON.stringify(params ?? {}),
    eta: task.dueAt,
    expires: task.expiresAt,
    retries,
    worker,
    result: result === undefined ? null : JSON.stringify(result),
    exception: error?.message ?? null,
    timestamp: finished ?? started ?? created,
    runtime: typeof started === "number" && typeof finished === "number" ? finished - started : null,
    traceback: error?.stack ?? null,
    exchange: null,
    routing_key: queue,
    clock: 0,
    client: null,
    root: null,
    root_id: null,
    parent: parentId,
    parent_id: parentId,
    children: (children ?? []).map((child) => child.id),
  };
}

function secondsOf(instant: string | null): number | null {
  return instant === null ? null : Date.parse(instant) / 1_000;
}
