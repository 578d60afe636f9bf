// The joiner: ends waiting parents whose children have ended, and starts the next step of chains. It looks when a
// child's end hints at it and, in any case, every second; each parent is decided under its row's lock, so any number of
// joiners may run.
import type { Database, Transaction } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import { type ChildOutcome, type JoinPlan, judgeJoin } from "../contract/join.ts";
import { describeError } from "../contract/task-error.ts";
import type { TaskState } from "../contract/task-state.ts";
import { finishWithin } from "../results/index.ts";

const BATCH_PARENTS = 100;

export interface JoinerParts extends Foundation {
  readonly database: Database;
  /** Inserts the next step of a chain; `index` is its place. */
  readonly spawnStep: (
    tx: Transaction,
    parent: { readonly id: string; readonly headers: Readonly<Record<string, string>> },
    step: Extract<JoinPlan, { kind: "chain" }>["steps"][number],
    index: number,
    previous: unknown,
  ) => Promise<void>;
  /** Revokes the children of a parent that has ended before them. */
  readonly revokeChildren: (parentId: string) => Promise<void>;
  readonly resultExpiresMs: number;
  readonly ended: (ids: readonly string[]) => void;
}

interface Parent {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly join_plan: JoinPlan;
  readonly headers: Record<string, string> | null;
}

export class Joiner {
  readonly #parts: JoinerParts;
  #hinted = new Set<string>();
  #busy: Promise<void> | undefined;

  constructor(parts: JoinerParts) {
    this.#parts = parts;
  }

  /** Children of these parents have ended. */
  hint(parentIds: readonly string[]): void {
    for (const id of parentIds) this.#hinted.add(id);
    if (this.#hinted.size > 0 && this.#busy === undefined) {
      this.#busy = this.#followHints().finally(() => {
        this.#busy = undefined;
      });
    }
  }

  /** One look at every parent that may be decided. */
  async look(): Promise<void> {
    const { rows } = await this.#parts.database.query<{ id: string }>(
      `select t.id from task t where t.state = 'WAITING' and (t.pending_children <= 0 or exists (
         select 1 from task_child c where c.parent_id = t.id and c.state in ('FAILURE', 'REVOKED')))
       limit ${BATCH_PARENTS}`,
    );
    for (const { id } of rows) await this.#decide(id);
  }

  async stop(): Promise<void> {
    await this.#busy;
  }

  async #followHints(): Promise<void> {
    while (this.#hinted.size > 0) {
      const ids = [...this.#hinted];
      this.#hinted = new Set();
      try {
        const { rows } = await this.#parts.database.query<{ id: string }>(
          `select t.id from task t where t.id = any($1::text::uuid[]) and t.state = 'WAITING' and (
             t.pending_children <= 0 or exists (
               select 1 from task_child c where c.parent_id = t.id and c.state in ('FAILURE', 'REVOKED')))`,
          [plainArray(ids)],
        );
        for (const { id } of rows) await this.#decide(id);
      } catch (error) {
        this.#parts.log.warn("waiting parents could not be looked at; the next look will", error);
      }
    }
  }

  async #decide(id: string): Promise<void> {
    const { database, clock } = this.#parts;
    let childrenLeft = false;
    const grandparent = await database.transaction(async (tx) => {
      const parent = await lockParent(tx, id);
      if (parent === undefined) return undefined;
      const verdict = judgeJoin(parent.join_plan, await outcomes(tx, id));
      if (verdict.kind === "wait") return undefined;
      if (verdict.kind === "next") {
        const step = parent.join_plan.kind === "chain" ? parent.join_plan.steps[verdict.index] : undefined;
        if (step === undefined) throw new ApiumError("INTERNAL", `the chain ${id} has no step ${verdict.index}`);
        await tx.query("update task set pending_children = 1 where id = $1::uuid", [id]);
        await this.#parts.spawnStep(tx, { id, headers: parent.headers ?? {} }, step, verdict.index, verdict.previous);
        return undefined;
      }
      const failed = verdict.kind === "fail" ? childFailed(verdict.child) : undefined;
      const moved = await finishWithin(
        tx,
        "waiting",
        {
          id,
          attempt: parent.attempt,
          state: failed === undefined ? "SUCCESS" : "FAILURE",
          result: verdict.kind === "succeed" ? JSON.stringify(verdict.result ?? null) : undefined,
          error: failed === undefined ? undefined : JSON.stringify(describeError(failed)),
          keepMs: this.#parts.resultExpiresMs,
        },
        clock.now(),
      );
      childrenLeft = failed !== undefined;
      this.#tell(parent, failed === undefined ? "succeeded" : "failed");
      return moved?.parent_id ?? undefined;
    });
    if (childrenLeft) await this.#parts.revokeChildren(id);
    this.#parts.ended([id]);
    if (grandparent !== undefined) this.#hinted.add(grandparent);
  }

  #tell(parent: Parent, type: "succeeded" | "failed"): void {
    const { id, name, queue, attempt } = parent;
    this.#parts.events.emit({ type, id, name, queue, attempt, at: this.#parts.clock.now() });
  }
}

async function lockParent(tx: Transaction, id: string): Promise<Parent | undefined> {
  const { rows } = await tx.query<Parent>(
    `select id, name, queue, attempt, join_plan, headers from task
     where id = $1::uuid and state = 'WAITING' for update skip locked`,
    [id],
  );
  return rows[0];
}

async function outcomes(tx: Transaction, parentId: string): Promise<ChildOutcome[]> {
  const { rows } = await tx.query<{
    child_index: number;
    child_id: string;
    state: TaskState | null;
    result: unknown;
    error: unknown;
  }>(
    `select child_index, child_id, state, result, error from task_child where parent_id = $1::uuid order by child_index`,
    [parentId],
  );
  return rows.map((row) => ({
    index: row.child_index,
    id: row.child_id,
    state: row.state as ChildOutcome["state"],
    result: row.result,
    error: row.error,
  }));
}

function childFailed(child: ChildOutcome): ApiumError {
  const message = (child.error as { message?: string } | null)?.message;
  return new ApiumError(
    "CHILD_FAILED",
    `child ${child.index} (${child.id}) ended in ${child.state}${message === undefined ? "" : `: ${message}`}`,
  );
}
