// Accepts tasks. When `enqueue` returns, the row is committed (or part of the caller's transaction), and nothing can
// lose it any more; delivering it is somebody else's duty.
import { BatchWriter, type Database, type Queryable, type Transaction } from "../../database/index.ts";
import type { Dispatcher, QueuedTask } from "../contract/dispatch.ts";
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import { parseEnqueueOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { Routes } from "../contract/routes.ts";
import type { AcceptedTask, AnyTask, CallOptions, TaskCaller, WaitOptions } from "../contract/task-definition.ts";
import { traceEnqueue } from "../telemetry/index.ts";
import { claimGivenId, claimIdempotencyKey, claimUniqueKey, isIdentified, standFor } from "./identity.ts";
import { type Inserted, insertTasks } from "./insert-tasks.ts";
import { type Placement, paramsText, place } from "./prepare.ts";

const BATCH_ROWS = 1_000;

/** Waits for the end of a task; given by the results room. */
export type Await = (id: string, timeout: WaitOptions["timeout"]) => Promise<unknown>;

export interface CallerParts extends Foundation {
  readonly database: Database;
  readonly dispatcher: Dispatcher;
  readonly routes: Routes;
  readonly awaitResult: Await;
}

/** One task of a call of its own. */
interface Single {
  readonly id: string;
  readonly text: string;
  readonly headers: string | undefined;
}

export class Caller implements TaskCaller {
  readonly #parts: CallerParts;
  readonly #writers = new Map<string, BatchWriter<Single, Inserted>>();

  constructor(parts: CallerParts) {
    this.#parts = parts;
  }

  async enqueue(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<AcceptedTask> {
    const { tx, ...given } = options;
    const checked = checkOptions(given);
    return traceEnqueue(task.taskName, 1, checked, (traced) => this.#enqueueOne(task, params, tx, traced));
  }

  async #enqueueOne(
    task: AnyTask,
    params: unknown,
    tx: CallOptions["tx"],
    checked: EnqueueOptions,
  ): Promise<AcceptedTask> {
    const placement = place(task, checked, this.#parts.routes, this.#parts.clock);
    const text = paramsText(task, params);
    if (isIdentified(checked)) {
      return this.#within(tx, (open) => this.#enqueueIdentified(open, placement, text, checked));
    }
    const id = this.#parts.newId();
    if (tx !== undefined || placement.dueAt !== undefined || placement.expiresAt !== undefined) {
      const store = tx === undefined ? this.#parts.database.hot : asTransaction(tx);
      const inserted = await insertTasks(store, { ...placement, ids: [id], params: [text] });
      this.#announce(tx === undefined ? undefined : asTransaction(tx), placement, [id], inserted);
    } else {
      this.#parts.database.refuseWhileHeld();
      const inserted = await this.#together(placement).add({ id, text, headers: placement.headers });
      this.#announce(undefined, placement, [id], inserted);
    }
    return accepted(placement, id);
  }

  async enqueueMany(task: AnyTask, params: readonly unknown[], options: CallOptions = {}): Promise<AcceptedTask[]> {
    const { tx, ...given } = options;
    const checked = checkOptions(given);
    if (isIdentified(checked)) {
      throw new ApiumError("OPTIONS_INVALID", "taskId, idempotencyKey and uniqueKey belong to one task, not to many", {
        fields: [{ field: "options", message: "enqueueMany takes neither taskId nor idempotencyKey nor uniqueKey" }],
      });
    }
    if (params.length === 0) return [];
    const { length } = params;
    return traceEnqueue(task.taskName, length, checked, (traced) => this.#enqueueAll(task, params, tx, traced));
  }

  async #enqueueAll(
    task: AnyTask,
    params: readonly unknown[],
    tx: CallOptions["tx"],
    checked: EnqueueOptions,
  ): Promise<AcceptedTask[]> {
    const placement = place(task, checked, this.#parts.routes, this.#parts.clock);
    const texts = checkedTexts(task, params);
    const ids = texts.map(() => this.#parts.newId());
    if (texts.length <= BATCH_ROWS) {
      const store = tx === undefined ? this.#parts.database.hot : asTransaction(tx);
      const inserted = await insertTasks(store, { ...placement, ids, params: texts });
      this.#announce(tx === undefined ? undefined : asTransaction(tx), placement, ids, inserted);
    } else {
      await this.#within(tx, (open) => this.#insertBatches(open, placement, ids, texts));
    }
    return ids.map((id) => accepted(placement, id));
  }

  async callAndWait(task: AnyTask, params: unknown, options: WaitOptions = {}): Promise<unknown> {
    const { timeout, ...call } = options;
    if (call.tx !== undefined) {
      throw new ApiumError("OPTIONS_INVALID", "a task cannot be waited for inside the transaction that enqueues it", {
        fields: [{ field: "options.tx", message: "must not be given to callAndWait" }],
      });
    }
    const { id } = await this.enqueue(task, params, call);
    return this.#parts.awaitResult(id, timeout);
  }

  /** Calls of one kind that come while others are being committed share the next commit: one fsync for all of them. */
  #together(placement: Placement): BatchWriter<Single, Inserted> {
    const { name, queue, priority, overrides } = placement;
    const kind = `${name} ${queue} ${priority} ${overrides ?? ""}`;
    const known = this.#writers.get(kind);
    if (known !== undefined) return known;
    for (const [other, writer] of this.#writers) if (writer.isIdle) this.#writers.delete(other);
    const made = new BatchWriter<Single, Inserted>(
      this.#parts,
      { most: BATCH_ROWS, patient: false },
      async (singles) => {
        const inserted = await insertTasks(this.#parts.database.hot, {
          ...placement,
          ids: singles.map(({ id }) => id),
          params: singles.map(({ text }) => text),
          headers: undefined,
          ownHeaders: singles.map(({ headers }) => headers),
          createdAt: this.#parts.clock.now(),
        });
        return singles.map(() => inserted);
      },
    );
    this.#writers.set(kind, made);
    return made;
  }

  async #insertBatches(open: Transaction, placement: Placement, ids: string[], texts: string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += BATCH_ROWS) {
      const batch = ids.slice(start, start + BATCH_ROWS);
      const params = texts.slice(start, start + BATCH_ROWS);
      this.#announce(open, placement, batch, await insertTasks(open, { ...placement, ids: batch, params }));
    }
  }

  async #enqueueIdentified(
    open: Transaction,
    placement: Placement,
    text: string,
    options: EnqueueOptions,
  ): Promise<AcceptedTask> {
    const id = options.taskId ?? this.#parts.newId();
    if (options.taskId !== undefined) {
      const known = await claimGivenId(open, id, placement.name, text);
      if (known !== undefined) return known;
    }
    if (options.idempotencyKey !== undefined) {
      const known = await claimIdempotencyKey(open, options.idempotencyKey, id, placement.name, text);
      if (known !== undefined) return known;
    }
    if (options.uniqueKey !== undefined) {
      const holder = await claimUniqueKey(open, options.uniqueKey, id, options.onConflict ?? "return");
      if (holder !== undefined) {
        await standFor(open, options, holder.id);
        return holder;
      }
    }
    const inserted = await insertTasks(open, { ...placement, ids: [id], params: [text], uniqueKey: options.uniqueKey });
    if (inserted.accepted === 0) throw new ApiumError("TASK_ID_CONFLICT", `the id ${id} belongs to another task`);
    this.#announce(open, placement, [id], inserted);
    return accepted(placement, id);
  }

  #within<Result>(tx: CallOptions["tx"], work: (open: Transaction) => Promise<Result>): Promise<Result> {
    return tx === undefined ? this.#parts.database.transaction(work) : work(asTransaction(tx));
  }

  /** Hands committed tasks on; inside a transaction, once it has committed. */
  #announce(tx: Transaction | undefined, placement: Placement, ids: readonly string[], inserted: Inserted): void {
    const tell = () => {
      const { dispatcher } = this.#parts;
      if (placement.dueAt !== undefined) return dispatcher.expect(placement.dueAt);
      const { queue, lane } = placement;
      dispatcher.dispatch(ids.map((id): QueuedTask => ({ id, attempt: 1, queue, lane, seq: inserted.first })));
    };
    if (tx === undefined) tell();
    else tx.afterCommit(tell);
  }
}

function accepted(placement: Placement, id: string): AcceptedTask {
  return { id, state: placement.state, queue: placement.queue, created: true };
}

function checkOptions(options: EnqueueOptions): EnqueueOptions {
  for (const _ in options) return parseEnqueueOptions(options);
  return options;
}

/** Checks every item before any is accepted, and names the one that is wrong. */
function checkedTexts(task: AnyTask, params: readonly unknown[]): string[] {
  return params.map((item, index) => {
    try {
      return paramsText(task, item);
    } catch (error) {
      if (!(error instanceof ApiumError)) throw error;
      throw new ApiumError(error.code, `item ${index}: ${error.message}`, {
        cause: error,
        fields: (error.fields ?? []).map(({ field, message }) => ({ field: `[${index}].${field}`, message })),
      });
    }
  });
}

function asTransaction(tx: NonNullable<CallOptions["tx"]>): Transaction & Queryable {
  if (!("afterCommit" in tx)) {
    throw new ApiumError("OPTIONS_INVALID", "tx must be the transaction that Database.transaction gives", {
      fields: [{ field: "options.tx", message: "is not a transaction of this database" }],
    });
  }
  return tx as Transaction;
}
