// Why a task is not running, from what the books say: a pure function from facts to reasons, the most telling first. A task
// that waits for its time may meet a pause when that comes, so later obstacles are told, too.
import { LANES } from "../contract/priority.ts";
import type { TaskState } from "../contract/task-state.ts";
import { heldForTenant, heldForType } from "../worker/index.ts";

export type ReasonCode =
  | "QUEUE_PAUSED"
  | "TYPE_PAUSED"
  | "TENANT_PAUSED"
  | "RATE_LIMITED"
  | "UNIQUE_KEY_HELD"
  | "NO_CONSUMER"
  | "AHEAD"
  | "SCHEDULED"
  | "RETRY_AT"
  | "WAITING_FOR_CHILDREN"
  | "CONCURRENCY_FULL"
  | "RUNNING"
  | "ENDED";

export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for people. */
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Pause {
  readonly at: string;
  readonly by: string | null;
}

/** A worker that renews its lease. */
export interface WorkerFact {
  readonly id: string;
  readonly takesQueue: boolean;
  readonly hasHandler: boolean;
  readonly draining: boolean;
  readonly busy: number;
  readonly size: number;
}

/** Instants are ISO 8601. */
export interface LiveFacts {
  readonly state: TaskState;
  readonly name: string;
  readonly queue: string;
  /** As in the table: 0 low, 1 normal, 2 high. */
  readonly lane: number;
  readonly tenant: string | null;
  readonly dueAt: string | null;
  readonly startedAt: string | null;
  readonly worker: string | null;
  /** Its worker has claimed it and not begun it: as many of its type run there as may. */
  readonly isReserved: boolean;
  /** How many of its type may run at once in a worker, where that is known here. */
  readonly concurrency: number | null;
  readonly heldFor: string | null;
  readonly hasRateSlot: boolean;
  readonly rateLimit: string | null;
  readonly retries: number;
  readonly lastError: string | null;
  readonly isRevoked: boolean;
  readonly pauses: {
    readonly queue?: Pause | undefined;
    readonly type?: Pause | undefined;
    readonly tenant?: Pause | undefined;
  };
  readonly workers: readonly WorkerFact[];
  /** Waiting before it in its lane, counted to `MOST_COUNTED`; and in higher lanes. */
  readonly ahead: number;
  readonly aheadInHigherLanes: number;
  readonly children: { readonly pending: number; readonly byState: Readonly<Record<string, number>> };
}

export const MOST_COUNTED = 10_000;

export interface EndedFacts {
  readonly state: TaskState;
  readonly reason: string | null;
  readonly finishedAt: string;
  readonly error: string | null;
  readonly deadLetter: string | null;
}

export function reasonsOfEnded({ state, reason, finishedAt, error, deadLetter }: EndedFacts): Reason[] {
  const why = reason === "expired" ? "it was not started in time" : (error ?? undefined);
  const message = `it ended in ${state} at ${finishedAt}${why === undefined ? "" : `: ${why}`}`;
  return [{ code: "ENDED", message, detail: { state, reason, finishedAt, error, deadLetter } }];
}

export function reasonsOf(facts: LiveFacts, now: number): Reason[] {
  switch (facts.state) {
    case "STARTED":
      return [facts.isReserved ? typeFull(facts, now) : running(facts, now)];
    case "WAITING":
      return [waitingForChildren(facts)];
    case "QUEUED":
      return [...obstacles(facts), ahead(facts)];
    default:
      return [...timing(facts, now), ...obstacles(facts)];
  }
}

function running({ worker, startedAt, isRevoked }: LiveFacts, now: number): Reason {
  return {
    code: "RUNNING",
    message: `the worker ${worker ?? "?"} has had it for ${heldS(startedAt, now)} s${told(isRevoked)}`,
    detail: { worker, startedAt, revoked: isRevoked },
  };
}

function typeFull({ name, worker, startedAt, concurrency, isRevoked }: LiveFacts, now: number): Reason {
  const most = concurrency === null ? "" : ` (concurrency ${concurrency})`;
  const full = `as many ${name} run there as may${most}, so it has not begun`;
  return {
    code: "CONCURRENCY_FULL",
    message: `the worker ${worker ?? "?"} has had it for ${heldS(startedAt, now)} s; ${full}${told(isRevoked)}`,
    detail: { worker, startedAt, task: name, concurrency, revoked: isRevoked },
  };
}

function heldS(startedAt: string | null, now: number): number {
  return startedAt === null ? 0 : Math.max(0, Math.round((now - Date.parse(startedAt)) / 1_000));
}

function told(isRevoked: boolean): string {
  return isRevoked ? "; it was told to stop" : "";
}

function waitingForChildren({ children }: LiveFacts): Reason {
  const message =
    children.pending > 0
      ? `it waits for ${counted(children.pending, "child", "children")}`
      : "all its children have ended; it is about to be joined";
  return { code: "WAITING_FOR_CHILDREN", message, detail: { ...children } };
}

function timing(facts: LiveFacts, now: number): Reason[] {
  const { state, dueAt, heldFor, hasRateSlot, rateLimit, retries, lastError } = facts;
  // A pause says it already, or the task is being released this moment.
  if (heldFor !== null) return isPausedFor(facts, heldFor) ? [] : [released(heldFor)];
  const due = dueAt === null || Date.parse(dueAt) <= now ? "now; it is about to be queued" : `at ${dueAt}`;
  if (hasRateSlot) {
    const message = `its rate ${rateLimit === null ? "" : `of ${rateLimit} `}lets it start ${due}`;
    return [{ code: "RATE_LIMITED", message, detail: { until: dueAt, rateLimit } }];
  }
  if (state === "RETRY") {
    const message = `retry ${retries} is due ${due}${lastError === null ? "" : `; it failed with: ${lastError}`}`;
    return [{ code: "RETRY_AT", message, detail: { at: dueAt, retries, lastError } }];
  }
  return [{ code: "SCHEDULED", message: `it is due ${due}`, detail: { at: dueAt } }];
}

function released(heldFor: string): Reason {
  const message = `the pause of ${heldFor.replace(":", " ")} is over; it is about to be queued`;
  return { code: "SCHEDULED", message, detail: { at: null, heldFor } };
}

function isPausedFor({ name, tenant, pauses }: LiveFacts, heldFor: string): boolean {
  if (heldFor === heldForType(name)) return pauses.type !== undefined;
  return tenant !== null && heldFor === heldForTenant(tenant) && pauses.tenant !== undefined;
}

function obstacles(facts: LiveFacts): Reason[] {
  const { name, queue, tenant, pauses } = facts;
  const reasons: Reason[] = [];
  const paused = (code: ReasonCode, what: string, pause: Pause | undefined, detail: object) => {
    if (pause === undefined) return;
    const by = pause.by === null ? "" : ` by ${pause.by}`;
    reasons.push({ code, message: `${what} has been paused since ${pause.at}${by}`, detail: { ...detail, ...pause } });
  };
  paused("QUEUE_PAUSED", `the queue ${queue}`, pauses.queue, { queue });
  paused("TYPE_PAUSED", `the task type ${name}`, pauses.type, { task: name });
  paused("TENANT_PAUSED", `the tenant ${tenant}`, pauses.tenant, { tenant });
  const absent = noConsumer(facts);
  if (absent !== undefined) reasons.push(absent);
  return reasons;
}

function noConsumer({ name, queue, workers }: LiveFacts): Reason | undefined {
  if (able(workers).length > 0) return undefined;
  const onQueue = workers.filter(({ takesQueue, draining }) => takesQueue && !draining);
  const withHandler = workers.filter(({ hasHandler, draining }) => hasHandler && !draining);
  const message =
    workers.length === 0
      ? "no worker is running"
      : onQueue.length === 0
        ? `no worker takes from the queue ${queue}`
        : withHandler.length === 0
          ? `no worker has a handler for ${name}`
          : `no worker that takes from the queue ${queue} has a handler for ${name}`;
  const detail = {
    queue,
    task: name,
    onQueue: onQueue.map(({ id }) => id),
    withHandler: withHandler.map(({ id }) => id),
  };
  return { code: "NO_CONSUMER", message, detail };
}

function ahead({ lane, workers, ahead: before, aheadInHigherLanes }: LiveFacts): Reason {
  const inLane = before >= MOST_COUNTED ? `${MOST_COUNTED} or more` : String(before);
  const slots = able(workers).reduce((sum, { busy, size }) => ({ busy: sum.busy + busy, size: sum.size + size }), {
    busy: 0,
    size: 0,
  });
  const higher = aheadInHigherLanes > 0 ? `, ${aheadInHigherLanes} in higher lanes` : "";
  const message =
    before === 0 && aheadInHigherLanes === 0
      ? `it is the next of its lane; ${slots.busy} of ${slots.size} slots were busy`
      : `${inLane} wait before it in its lane${higher}; ${slots.busy} of ${slots.size} slots were busy`;
  const detail = { lane: LANES[lane] ?? "normal", tasks: before, inHigherLanes: aheadInHigherLanes, slots };
  return { code: "AHEAD", message, detail };
}

function able(workers: readonly WorkerFact[]): WorkerFact[] {
  return workers.filter(({ takesQueue, hasHandler, draining }) => takesQueue && hasHandler && !draining);
}

function counted(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
