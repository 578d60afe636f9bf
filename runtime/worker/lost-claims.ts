// A claim can be committed and its answer be lost with the connection that should have brought it. The row then says
// STARTED under a worker that lives and renews its lease, and nothing would ever run, end or rescue it. So the worker
// compares what the books say it holds with what it has in hand, and hands the difference back to the queue. Nothing
// here rests on how long an answer takes: what is handed back is noted first, and an answer that arrives after all
// finds no entry any more.
import type { Database, Statement } from "../../database/index.ts";
import { detached } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import type { Foundation } from "../contract/foundation.ts";
import { LANES } from "../contract/priority.ts";
import type { ClaimedTask } from "../queue/queue.ts";

const LOOK_EVERY_MS = 5_000;
/** Younger claims are still on their way, as a rule. That saves a detour; no promise rests on it. */
const YOUNGEST_MS = 5_000;
/** Longer than any answer can be late: the database's connections give up waiting after 65 s. */
const FORGET_AFTER_MS = 300_000;

/** What is known of a task that only the books speak of. */
export type HeldTask = Pick<ClaimedTask, "id" | "attempt" | "name" | "queue" | "lane">;

/** The worker's own side. */
export interface Hands {
  /** What runs, with its end not yet committed, and what is parked. */
  tasks(): Iterable<HeldTask>;
  /** Gives them back, fenced by the attempt. May reject: the next look finds them again. */
  handBack(tasks: readonly HeldTask[]): Promise<void>;
}

const HELD: Statement = {
  name: "held_tasks",
  text: `select id, attempt, name, queue, lane::integer as lane
         from task where state = 'STARTED' and worker = $1 and started_at <= $2::timestamptz`,
};

type HeldRow = Omit<HeldTask, "lane"> & { readonly lane: number };

export class LostClaims {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #worker: string;
  readonly #hands: Hands;
  /** In hand, but neither running nor parked: at the rate gate, or on their way back. */
  readonly #onTheWay = new Set<HeldTask>();
  /** Handed back, and when. */
  readonly #given = new Map<string, number>();
  #cancel: Cancel = () => {};
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(database: Database, parts: Foundation, worker: string, hands: Hands) {
    this.#database = database;
    this.#parts = parts;
    this.#worker = worker;
    this.#hands = hands;
  }

  start(): void {
    if (this.#stopped) return;
    this.#cancel = detached(() =>
      this.#parts.clock.after(LOOK_EVERY_MS, () => {
        this.#looking = this.look().finally(() => this.start());
      }),
    );
  }

  /** No more looks of its own accord; resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
  }

  /** Counts `tasks` as in hand until `work` is over. */
  async keep<Value>(tasks: readonly HeldTask[], work: Promise<Value>): Promise<Value> {
    for (const task of tasks) this.#onTheWay.add(task);
    try {
      return await work;
    } finally {
      for (const task of tasks) this.#onTheWay.delete(task);
    }
  }

  /** Whether this attempt was handed back already: its answer came too late, and it must not begin. */
  isGiven(task: HeldTask): boolean {
    return this.#given.size > 0 && this.#given.has(fenceOf(task));
  }

  /** Hands back what is claimed and not in hand; the youngest claims too where this is the last look. Never rejects. */
  async look(isLast = false): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      const before = this.#inHand();
      const oldEnough = isLast ? "infinity" : new Date(clock.now() - YOUNGEST_MS).toISOString();
      const { rows } = await this.#database.relaxed.query<HeldRow>(HELD, [this.#worker, oldEnough]);
      this.#forget();
      // What ended while the question was under way was in hand before; what has arrived since is so now.
      const inHand = rows.length === 0 ? before : this.#inHand();
      const lost = rows.filter((row) => !before.has(fenceOf(row)) && !inHand.has(fenceOf(row)));
      if (lost.length === 0) return;
      for (const row of lost) this.#given.set(fenceOf(row), clock.monotonic());
      log.warn(`${lost.length} tasks are claimed by this worker and never arrived; handing them back`);
      await this.#hands.handBack(lost.map((row) => ({ ...row, lane: LANES[row.lane] ?? "normal" })));
    } catch (error) {
      log.warn("could not look for lost claims; looking again", error);
    }
  }

  #inHand(): Set<string> {
    const fences = new Set<string>();
    for (const task of this.#hands.tasks()) fences.add(fenceOf(task));
    for (const task of this.#onTheWay) fences.add(fenceOf(task));
    return fences;
  }

  #forget(): void {
    const oldest = this.#parts.clock.monotonic() - FORGET_AFTER_MS;
    for (const [fence, at] of this.#given) {
      if (at > oldest) break; // kept in the order they were given back
      this.#given.delete(fence);
    }
  }
}

function fenceOf({ id, attempt }: { readonly id: string; readonly attempt: number }): string {
  return `${id}:${attempt}`;
}
