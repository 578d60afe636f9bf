// The relay: moves what has fallen due to QUEUED and hands it to the delivery engine. Driven by time; hints only make
// it look sooner. Any number may run, in any processes: `skip locked` shares the rows among them.
import type { Database, Statement } from "../../database/index.ts";
import { byIndex, detached } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import type { Foundation } from "../contract/foundation.ts";
import { LANES } from "../contract/priority.ts";
import type { TaskQueue } from "../queue/queue.ts";
import type { Requeued } from "../results/index.ts";

const LOOK_EVERY_MS = 200;
const AFTER_ERROR_MS = 1_000;
const BATCH_ROWS = 2_000;

const RELEASE: Statement = {
  name: "release_due",
  text: `
with due as (
  select id from task where state in ('SCHEDULED', 'RETRY') and due_at <= $1::timestamptz
  order by due_at limit $2::integer for update skip locked)
update task t set state = 'QUEUED', seq = nextval('task_seq')
from due where ${byIndex("t.id", "due.id")}
returning t.id, t.attempt, t.queue, t.lane::integer as lane, t.seq`,
};

const NEXT_DUE: Statement = {
  name: "next_due",
  text: `select extract(epoch from min(due_at)) * 1000 as due_ms from task where state in ('SCHEDULED', 'RETRY')`,
};

export class Relay {
  readonly #database: Database;
  readonly #queue: TaskQueue;
  readonly #parts: Foundation;
  #nextLook = Number.POSITIVE_INFINITY;
  #cancel: Cancel = () => {};
  #looking: Promise<void> | undefined;
  #stopped = true;

  constructor(database: Database, queue: TaskQueue, parts: Foundation) {
    this.#database = database;
    this.#queue = queue;
    this.#parts = parts;
  }

  start(): void {
    this.#stopped = false;
    this.#lookAt(this.#parts.clock.now());
  }

  /** Something falls due then. */
  expect(dueAt: number): void {
    if (dueAt >= this.#nextLook) return;
    if (this.#looking === undefined) this.#lookAt(dueAt);
    else this.#nextLook = dueAt;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
  }

  #lookAt(instant: number): void {
    if (this.#stopped || this.#looking !== undefined) return;
    this.#cancel();
    this.#nextLook = instant;
    const delayMs = instant - this.#parts.clock.now();
    this.#cancel = detached(() =>
      this.#parts.clock.after(delayMs, () => {
        this.#looking = this.#look().finally(() => {
          this.#looking = undefined;
          this.#lookAt(this.#nextLook);
        });
      }),
    );
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#nextLook = clock.now() + LOOK_EVERY_MS;
    try {
      for (;;) {
        const { rows } = await this.#database.hot.query<Requeued>(RELEASE, [
          new Date(clock.now()).toISOString(),
          BATCH_ROWS,
        ]);
        if (rows.length > 0) {
          this.#queue.dispatch(
            rows.map((row) => ({ ...row, lane: LANES[row.lane] ?? "normal", seq: Number(row.seq) })),
          );
        }
        if (rows.length < BATCH_ROWS || this.#stopped) break;
      }
      const { rows } = await this.#database.hot.query<{ due_ms: number | null }>(NEXT_DUE);
      const due = rows[0]?.due_ms ?? Number.POSITIVE_INFINITY;
      this.#nextLook = Math.max(Math.min(this.#nextLook, Number(due)), clock.now());
    } catch (error) {
      this.#nextLook = clock.now() + AFTER_ERROR_MS;
      log.warn("the relay could not look for due tasks; looking again", error);
    }
  }
}
