// Makes the `TaskContext` of a run. Everything it offers is decided by the run and the database, never by the handler's
// good behaviour: a run that lost its task can neither complete it nor start children for it.
import type { Database, Transaction } from "../../database/index.ts";
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import type { ChildInsert, JoinPlan } from "../contract/join.ts";
import { encodeResult } from "../contract/json.ts";
import type { AcceptedTask, CallOptions, TaskCall } from "../contract/task-definition.ts";
import { finishWithin, startWaiting } from "../results/index.ts";
import type { AttemptLog } from "./attempt-log.ts";
import { LEASE_MS } from "./lease.ts";
import type { Run } from "./run.ts";
import type { Settled, TaskContext } from "./task-context.ts";

/** Inserts the children of a parent inside its transaction. */
export type Spawn = (
  tx: Transaction,
  parentId: string,
  children: readonly TaskCall[],
  inherited: Readonly<Record<string, string>>,
) => Promise<readonly ChildInsert[]>;

export interface ContextParts {
  readonly database: Database;
  readonly spawn: Spawn;
  readonly accept: (call: TaskCall, options: CallOptions) => Promise<AcceptedTask>;
  readonly joinable: (parentIds: readonly string[]) => void;
  readonly ended: (ids: readonly string[]) => void;
}

export interface RunParts extends ContextParts {
  readonly keepMs: number;
  readonly now: () => number;
  readonly noteProgress: (fraction: number, message: string | undefined) => void;
  readonly attemptLog: () => AttemptLog;
}

/** A hung worker's lock on its task goes when its lease does, so that the rescuer finds it free. */
const ENDS_WITH_THE_LEASE = { idleTimeoutMs: LEASE_MS } as const;

export function contextFor(run: Run, parts: RunParts): TaskContext {
  const { claimed } = run;
  const headers = claimed.headers ?? {};
  return {
    id: claimed.id,
    name: claimed.name,
    queue: claimed.queue,
    priority: claimed.priority,
    attempt: claimed.attempt,
    retries: claimed.retries,
    headers,
    parentId: claimed.parentId,
    idempotencyKey: claimed.id,
    get signal() {
      return run.signal;
    },
    get log() {
      return parts.attemptLog().log;
    },
    progress(fraction, message) {
      if (!run.closed) parts.noteProgress(Math.min(Math.max(fraction, 0), 1), message);
    },
    complete: (work) => complete(run, parts, work),
    waitFor: (children, options) => waitFor(run, parts, children, options?.onChildFailure ?? "fail"),
    enqueue: (call, options) => enqueueFor(parts, headers, call, options ?? {}),
  };
}

async function complete<Result>(
  run: Run,
  parts: RunParts,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Settled<Result>> {
  refuseClosed(run);
  const { id, attempt } = run.claimed;
  const { result, parentId } = await parts.database.transaction(async (tx) => {
    await lockHeldTask(tx, id, attempt);
    const value = await work(tx);
    const end = { id, attempt, state: "SUCCESS" as const, result: encodeResult(value), keepMs: parts.keepMs };
    const moved = await finishWithin(tx, "run", end, parts.now());
    if (moved === undefined) throw new ApiumError("TASK_FENCED");
    return { result: value, parentId: moved.parent_id };
  }, ENDS_WITH_THE_LEASE);
  run.settled = true;
  parts.ended([id]);
  if (parentId !== null) parts.joinable([parentId]);
  return { settled: true, result };
}

/** Asks for the row before any effect is made, so that a run that lost its task makes none. */
async function lockHeldTask(tx: Transaction, id: string, attempt: number): Promise<void> {
  const { rows } = await tx.query(
    "select 1 from task where id = $1::uuid and attempt = $2::integer and state = 'STARTED' for update",
    [id, attempt],
  );
  if (rows.length === 0) throw new ApiumError("TASK_FENCED");
}

async function waitFor(
  run: Run,
  parts: RunParts,
  children: readonly TaskCall[],
  onChildFailure: "fail" | "continue",
): Promise<Settled> {
  refuseClosed(run);
  const { claimed } = run;
  const plan: JoinPlan = { kind: "all", onChildFailure };
  await parts.database.transaction(async (tx) => {
    await startWaiting(tx, claimed, children.length, JSON.stringify(plan));
    await parts.spawn(tx, claimed.id, children, claimed.headers ?? {});
  }, ENDS_WITH_THE_LEASE);
  run.settled = true;
  run.waiting = true;
  if (children.length === 0) parts.joinable([claimed.id]);
  return { settled: true, result: undefined };
}

async function enqueueFor(
  parts: RunParts,
  headers: Readonly<Record<string, string>>,
  call: TaskCall,
  options: EnqueueOptions & { readonly tx?: Transaction | undefined },
): Promise<AcceptedTask> {
  const merged = { ...call.options, ...options };
  const correlationId = headers["correlation-id"];
  const inherited = correlationId === undefined ? {} : { "correlation-id": correlationId };
  return parts.accept(call, { ...merged, headers: { ...inherited, ...merged.headers } });
}

function refuseClosed(run: Run): void {
  if (run.closed) throw new ApiumError("TASK_FENCED", "this run is over: a limit or a revocation has ended it");
}
