// Waiting for tasks to end: one shared question for all that are waited for, asked often at first and less often
// later, and at once when somebody hints that a task has ended. Hints may be lost; the clock asks anyway.
import type { Database } from "../../database/index.ts";
import { detached, plainArray } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import type { Duration } from "../contract/duration.ts";
import { durationMs } from "../contract/duration.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { FinalState } from "../contract/task-state.ts";

const DEFAULT_TIMEOUT_MS = 30_000;
const FIRST_ASK_MS = 5;
const SLOWEST_ASK_MS = 250;

interface Ended {
  readonly id: string;
  readonly state: FinalState;
  readonly reason: string | null;
  readonly error: unknown;
  readonly result: unknown;
}

interface Waiting {
  readonly resolve: (ended: Ended) => void;
  readonly reject: (error: unknown) => void;
  readonly since: number;
}

export class ResultWaiter {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #next: Cancel | undefined;
  #asking = false;

  constructor(database: Database, parts: Foundation) {
    this.#database = database;
    this.#parts = parts;
  }

  /**
   * The result of a task, once it has ended.
   * @throws ApiumError `WAIT_TIMEOUT`, `TASK_FAILED` (with the task's error in `details`), `TASK_NOT_FOUND`.
   */
  async result(id: string, timeout: Duration = DEFAULT_TIMEOUT_MS): Promise<unknown> {
    const ended = await this.ended(id, durationMs(timeout));
    if (ended.state === "SUCCESS") return ended.result ?? undefined;
    throw new ApiumError("TASK_FAILED", `task ${id} ended in ${ended.state}${describe(ended)}`, {
      details: { id, state: ended.state, reason: ended.reason, error: ended.error },
    });
  }

  /** The end of a task, whatever it is. @throws ApiumError `WAIT_TIMEOUT`. */
  ended(id: string, timeoutMs: number): Promise<Ended> {
    const { clock } = this.#parts;
    return new Promise((resolve, reject) => {
      const finish = (done: () => void) => {
        cancel();
        const others = this.#waiting.get(id);
        others?.delete(waiting);
        if (others?.size === 0) this.#waiting.delete(id);
        done();
      };
      const waiting: Waiting = {
        since: clock.monotonic(),
        resolve: (ended) => finish(() => resolve(ended)),
        reject: (error) => finish(() => reject(error)),
      };
      const cancel = clock.after(timeoutMs, () =>
        waiting.reject(
          new ApiumError("WAIT_TIMEOUT", `task ${id} had not ended after ${timeoutMs} ms`, { details: { id } }),
        ),
      );
      const others = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, others.add(waiting));
      this.#askIn(FIRST_ASK_MS);
    });
  }

  /** A hint that these tasks have ended. */
  hint(ids: readonly string[]): void {
    if (ids.some((id) => this.#waiting.has(id))) this.#askIn(0);
  }

  #askIn(delayMs: number): void {
    if (this.#asking) return;
    this.#next?.();
    this.#next = detached(() => this.#parts.clock.after(delayMs, () => void this.#ask()));
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      const { rows } = await this.#database.hot.query<Ended>(
        `select h.id, h.state::text as state, h.reason, h.error,
                (select r.result from task_result r where r.id = h.id limit 1) as result
         from task_history h where h.id = any($1::text::uuid[])`,
        [plainArray([...this.#waiting.keys()])],
      );
      for (const row of rows) for (const waiting of this.#waiting.get(row.id) ?? []) waiting.resolve(row);
    } catch (error) {
      this.#parts.log.debug("could not ask for ended tasks; asking again", error);
    } finally {
      this.#asking = false;
    }
    if (this.#waiting.size === 0) return;
    const { clock } = this.#parts;
    const youngest = Math.max(...[...this.#waiting.values()].flatMap((set) => [...set].map((one) => one.since)));
    this.#askIn(Math.min(Math.max(FIRST_ASK_MS, (clock.monotonic() - youngest) / 4), SLOWEST_ASK_MS));
  }
}

function describe(ended: Ended): string {
  const message = (ended.error as { message?: string } | null)?.message;
  if (message !== undefined) return `: ${message}`;
  return ended.reason === null ? "" : ` (${ended.reason})`;
}
