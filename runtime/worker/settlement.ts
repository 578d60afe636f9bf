// How runs end in the books: success with its result, another try, failure with its dead letter, revocation, or handed
// back. Every write is fenced by the attempt; a refused one changes nothing and says so in the log.
import { BatchWriter, type Database } from "../../database/index.ts";
import type { Dispatcher } from "../contract/dispatch.ts";
import { durationMs } from "../contract/duration.ts";
import type { TaskOverrides } from "../contract/enqueue-options.ts";
import { ApiumError, codeOf } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import { encodeResult } from "../contract/json.ts";
import { subjectOf } from "../contract/log.ts";
import { judge } from "../contract/retry-policy.ts";
import { describeError } from "../contract/task-error.ts";
import type { TaskEvent, TaskEventType } from "../contract/task-event.ts";
import type { ClaimedTask } from "../queue/queue.ts";
import {
  deferTasks,
  type Fence,
  type Finish,
  finish,
  finishSuccesses,
  handBackTasks,
  type RetryRow,
  retryTasks,
} from "../results/index.ts";
import { EndCounts } from "./end-counts.ts";
import type { HeldTask } from "./lost-claims.ts";
import type { Run } from "./run.ts";

const BATCH_ROWS = 1_000;
const LEAVE_TO_OTHERS_MS = 500;

interface Deferral {
  readonly id: string;
  readonly attempt: number;
  readonly dueAt: number;
}

export interface SettlementParts extends Foundation {
  readonly database: Database;
  readonly queue: Dispatcher;
  /** Waiting parents may have got their last child. */
  readonly joinable: (parentIds: readonly string[]) => void;
  /** Tasks have ended: whoever waits for them may look. */
  readonly ended: (ids: readonly string[]) => void;
}

export class Settlement {
  readonly #parts: SettlementParts;
  readonly #resultExpiresMs: number;
  readonly #worker: string;
  readonly #successes: BatchWriter<Finish, boolean>;
  readonly #ends: BatchWriter<Finish, boolean>;
  readonly #revocations: BatchWriter<Finish, boolean>;
  readonly #retries: BatchWriter<RetryRow, boolean>;
  readonly #deferrals: BatchWriter<Deferral, boolean>;
  readonly #returns: BatchWriter<ClaimedTask, true>;
  readonly counts = new EndCounts();

  constructor(parts: SettlementParts, resultExpiresMs: number, worker: string) {
    this.#parts = parts;
    this.#resultExpiresMs = resultExpiresMs;
    this.#worker = worker;
    // The fence keeps a write that comes late from doing harm, so the ends of runs wait for the database.
    const patiently = { most: BATCH_ROWS, patient: true };
    this.#successes = new BatchWriter(parts, patiently, (items) => this.#writeSuccesses(items));
    this.#ends = new BatchWriter(parts, patiently, (items) => this.#writeEnds("run", items));
    this.#revocations = new BatchWriter(parts, patiently, (items) => this.#writeEnds("revoked", items));
    this.#retries = new BatchWriter(parts, patiently, (items) => this.#writeRetries(items));
    this.#deferrals = new BatchWriter(parts, patiently, (items) => this.#writeDeferrals(items));
    this.#returns = new BatchWriter(parts, patiently, async (items) => {
      await this.handBack(items);
      return items.map(() => true);
    });
  }

  /** The handler came to its end. Resolves once that is committed; never rejects. */
  async returned(run: Run, value: unknown): Promise<void> {
    if (run.settled) {
      if (run.waiting) run.span?.end("waiting");
      else this.#succeeded(run);
      return;
    }
    const { claimed, handler } = run;
    try {
      const result = encodeResult(handler.task.result === undefined ? value : handler.task.result.parse(value));
      const plain = claimed.parentId === null && !claimed.keyed;
      const moved = await (plain ? this.#successes : this.#ends).add({
        id: claimed.id,
        attempt: claimed.attempt,
        state: "SUCCESS",
        result,
        keepMs: this.keepMs(run),
      });
      if (moved) this.#succeeded(run);
      else this.#refused(claimed);
    } catch (error) {
      await this.threw(run, error);
    }
  }

  /** The run ended with an error, or was ended. Resolves once that is committed; never rejects. */
  async threw(run: Run, error: unknown): Promise<void> {
    try {
      if (run.revocation !== undefined) await this.#end(run, "REVOKED", run.aborted ?? error);
      else if (isFenced(run.aborted) || isFenced(error)) await this.giveBack([run.claimed]);
      else await this.#retryOrFail(run, error);
    } catch (cause) {
      const { claimed } = run;
      this.#parts.log.error(
        `the end of task ${claimed.id} could not be written; it goes back`,
        cause,
        subjectOf(claimed),
      );
    }
  }

  /**
   * This process has no handler for it. Left to a worker that has one (another service, a newer version); where there is
   * none it becomes a dead letter, never a retry loop.
   */
  async refuseUnknown(claimed: ClaimedTask): Promise<void> {
    if (await this.#isKnownElsewhere(claimed.name)) return this.putOff(claimed, LEAVE_TO_OTHERS_MS);
    const error = describeError(new ApiumError("TASK_UNKNOWN", `this worker has no handler for "${claimed.name}"`));
    try {
      await this.#ends.add({
        id: claimed.id,
        attempt: claimed.attempt,
        state: "FAILURE",
        error: JSON.stringify(error),
        keepMs: this.#resultExpiresMs,
      });
      this.counts.note(claimed.name, "failed");
      this.tell("failed", claimed, { error });
    } catch (cause) {
      this.#parts.log.error(`task ${claimed.id} (${claimed.name}) could not be refused`, cause, subjectOf(claimed));
    }
  }

  /**
   * Gives tasks back unfinished; neither a retry nor a crash is counted. What was revoked meanwhile ends here. Rejects
   * while the database is away: for a worker that leaves, whose lease then decides. The answer holds the ids of those
   * that were given back.
   */
  async handBack(tasks: readonly HeldTask[]): Promise<ReadonlySet<string>> {
    if (tasks.length === 0) return new Set();
    const lanes = new Map(tasks.map((task) => [task.id, task.lane]));
    const back = await handBackTasks(this.#parts.database, tasks);
    this.#parts.queue.dispatch(
      back.map((row) => ({ ...row, lane: lanes.get(row.id) ?? "normal", seq: Number(row.seq) })),
    );
    const returned = new Set(back.map((row) => row.id));
    const kept = tasks.filter((task) => !returned.has(task.id));
    if (kept.length > 0) this.#tellRevoked(kept, await this.#writeEnds("revoked", this.#revokedEnds(kept)));
    return returned;
  }

  /** The same by a worker that goes on: its lease goes on too, so nobody else would ever give them back. */
  async giveBack(tasks: readonly ClaimedTask[]): Promise<void> {
    await Promise.all(tasks.map((task) => this.#returns.add(task)));
  }

  /** Ends those of `tasks` that were revoked before they ran; those that are somebody else's by now are left alone. */
  async endRevoked(tasks: readonly ClaimedTask[]): Promise<void> {
    const ends = this.#revokedEnds(tasks);
    this.#tellRevoked(tasks, await Promise.all(ends.map((end) => this.#revocations.add(end))));
  }

  /** Gives a task back that this worker cannot run for a while; nothing is counted. A revoked one ends here. */
  async putOff(claimed: ClaimedTask, delayMs: number): Promise<void> {
    const { id, attempt } = claimed;
    const dueAt = this.#parts.clock.now() + delayMs;
    try {
      if (await this.#deferrals.add({ id, attempt, dueAt })) this.#parts.queue.expect(dueAt);
      else await this.endRevoked([claimed]);
    } catch (error) {
      this.#parts.log.error(`task ${id} could not be put off; it goes back`, error, subjectOf(claimed));
    }
  }

  /** Resolves when every end has been written. */
  async drained(): Promise<void> {
    const writers = [this.#successes, this.#ends, this.#revocations, this.#retries, this.#deferrals, this.#returns];
    await Promise.all(writers.map((writer) => writer.drained()));
  }

  /** How long the result of a run is kept. */
  keepMs(run: Run): number {
    const own =
      (run.claimed.overrides as TaskOverrides | null)?.resultExpires ?? run.handler.task.settings.resultExpires;
    return own === undefined ? this.#resultExpiresMs : durationMs(own);
  }

  tell(type: TaskEventType, claimed: HeldTask, more: Partial<TaskEvent> = {}): void {
    const { id, name, queue, attempt } = claimed;
    this.#parts.events.emit({
      type,
      id,
      name,
      queue,
      attempt,
      at: this.#parts.clock.now(),
      worker: this.#worker,
      ...more,
    });
  }

  async #retryOrFail(run: Run, error: unknown): Promise<void> {
    const { claimed } = run;
    const verdict = judge(error, run.policy(), claimed.retries, this.#parts.random);
    if (verdict.kind === "fail") return this.#end(run, "FAILURE", error);
    const described = describeError(error);
    const { id, attempt } = claimed;
    const dueAt = this.#parts.clock.now() + verdict.inMs;
    const moved = await this.#retries.add({ id, attempt, dueAt, error: JSON.stringify(described) });
    // Not moved: it was revoked meanwhile, or is somebody else's by now. The end's own fence tells the two apart.
    if (!moved) return this.#end(run, "REVOKED", new ApiumError("TASK_REVOKED"), this.#revocations);
    run.span?.end("retry", error);
    this.tell("retried", claimed, { error: described, retryAt: dueAt, runtimeMs: this.#runtime(run) });
    this.#parts.queue.expect(dueAt);
  }

  async #end(run: Run, state: "FAILURE" | "REVOKED", error: unknown, writer = this.#ends): Promise<void> {
    const { claimed } = run;
    const described = describeError(error);
    const moved = await writer.add({
      id: claimed.id,
      attempt: claimed.attempt,
      state,
      reason: state === "REVOKED" ? "revoked" : undefined,
      error: JSON.stringify(described),
      keepMs: this.keepMs(run),
    });
    if (!moved) return this.#refused(claimed);
    run.span?.end(state === "FAILURE" ? "failure" : "revoked", error);
    if (state === "FAILURE") this.counts.note(claimed.name, "failed");
    this.tell(state === "FAILURE" ? "failed" : "revoked", claimed, { error: described, runtimeMs: this.#runtime(run) });
  }

  async #isKnownElsewhere(name: string): Promise<boolean> {
    try {
      const { rows } = await this.#parts.database.query(
        "select 1 from worker where id <> $1 and state = 'running' and $2 = any(tasks) limit 1",
        [this.#worker, name],
      );
      return rows.length > 0;
    } catch {
      return true; // the database will say later; a dead letter now could be wrong
    }
  }

  #succeeded(run: Run): void {
    run.span?.end("success");
    this.counts.note(run.claimed.name, "done");
    this.tell("succeeded", run.claimed, { runtimeMs: this.#runtime(run) });
  }

  #refused(claimed: ClaimedTask): void {
    const { id, attempt } = claimed;
    this.#parts.log.warn(
      `the end of task ${id}, attempt ${attempt}, was refused: another attempt has taken over`,
      undefined,
      subjectOf(claimed),
    );
  }

  #runtime(run: Run): number {
    return Math.round(this.#parts.clock.monotonic() - run.startedAt);
  }

  async #writeSuccesses(items: readonly Finish[]): Promise<boolean[]> {
    const moved = new Set(await finishSuccesses(this.#parts.database, items, this.#parts.clock.now()));
    this.#parts.ended([...moved]);
    return items.map((item) => moved.has(item.id));
  }

  async #writeEnds(fence: Fence, items: readonly Finish[]): Promise<boolean[]> {
    const rows = await finish(this.#parts.database, fence, items, this.#parts.clock.now());
    const moved = new Set(rows.map((row) => row.id));
    const parents = rows.map((row) => row.parent_id).filter((id) => id !== null);
    if (parents.length > 0) this.#parts.joinable([...new Set(parents)]);
    this.#parts.ended([...moved]);
    return items.map((item) => moved.has(item.id));
  }

  async #writeRetries(items: readonly RetryRow[]): Promise<boolean[]> {
    const moved = await retryTasks(this.#parts.database, items, this.#parts.clock.now());
    return items.map((item) => moved.has(item.id));
  }

  async #writeDeferrals(items: readonly Deferral[]): Promise<boolean[]> {
    const moved = await deferTasks(this.#parts.database, items, false);
    return items.map((item) => moved.has(item.id));
  }

  #revokedEnds(tasks: readonly HeldTask[]): Finish[] {
    const error = JSON.stringify(describeError(new ApiumError("TASK_REVOKED")));
    const end = { state: "REVOKED", reason: "revoked", error, keepMs: this.#resultExpiresMs } as const;
    return tasks.map(({ id, attempt }) => ({ id, attempt, ...end }));
  }

  #tellRevoked(tasks: readonly HeldTask[], moved: readonly boolean[]): void {
    for (const [index, claimed] of tasks.entries()) if (moved[index]) this.tell("revoked", claimed);
  }
}

/**
 * The run does not hold its task, so how it ended says nothing of the task. A claim that a crash of the database took
 * back leaves two runs of one attempt: the one that was told so must not end what the other holds.
 */
function isFenced(error: unknown): boolean {
  return codeOf(error) === "TASK_FENCED";
}
