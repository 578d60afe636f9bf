// The delivery engine without an engine: the rows themselves, claimed in order with `skip locked`. What is dispatched
// only wakes the consumers of this process; those of others find it by looking, a few times a second.
import type { Database } from "../../../database/index.ts";
import { detached } from "../../../database/index.ts";
import type { Cancel } from "../../contract/clock.ts";
import type { QueuedTask } from "../../contract/dispatch.ts";
import type { Foundation } from "../../contract/foundation.ts";
import { LANE_WEIGHTS, LANES } from "../../contract/priority.ts";
import { claimLanes, claimRefs, type LaneWish } from "../claim.ts";
import type { ClaimedTask, Consumer, Subscription, TaskQueue } from "../queue.ts";

const POLL_MS = 200;
/** Claims under way at once: the second is sent while the first is answered. */
const MOST_FLIGHTS = 2;
const BATCH_ROWS = 1_000;

export class PostgresQueue implements TaskQueue {
  readonly kind = "postgres";
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #consumers = new Set<LaneConsumer>();
  #expected: (dueAt: number) => void;

  constructor(database: Database, parts: Foundation, expected: (dueAt: number) => void = () => {}) {
    this.#database = database;
    this.#parts = parts;
    this.#expected = expected;
  }

  async start(): Promise<void> {}

  dispatch(tasks: readonly QueuedTask[]): void {
    const [task] = tasks;
    const consumers = [...this.#consumers];
    // A single task is claimed by its id, which is quicker than looking through the lanes.
    if (task !== undefined && tasks.length === 1 && consumers.some((consumer) => consumer.offer(task))) return;
    for (const consumer of consumers) consumer.wake();
  }

  expect(dueAt: number): void {
    this.#expected(dueAt);
  }

  consume(consumer: Consumer): Subscription {
    const loop = new LaneConsumer(this.#database, this.#parts, consumer, () => this.#consumers.delete(loop));
    this.#consumers.add(loop);
    detached(() => loop.run());
    return loop;
  }

  async remove(): Promise<void> {}

  async lastMessage(): Promise<number> {
    return 0;
  }

  async purge(): Promise<void> {}

  async tend(): Promise<void> {}

  async check(): Promise<void> {
    await this.#database.now();
  }

  async limits(): Promise<readonly []> {
    return [];
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
  }
}

type Claim = (worker: string, now: number) => Promise<ClaimedTask[]>;

class LaneConsumer implements Subscription {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #consumer: Consumer;
  readonly #ended: () => void;
  readonly #flights = new Set<Promise<void>>();
  #asked = 0;
  #stopping = false;
  /** False once a look has found nothing, until something hints at work or the clock says look again. */
  #mayHoldWork = true;
  #wakes = 0;
  #cancelPoll: Cancel = () => {};

  constructor(database: Database, parts: Foundation, consumer: Consumer, ended: () => void) {
    this.#database = database;
    this.#parts = parts;
    this.#consumer = consumer;
    this.#ended = ended;
  }

  run(): void {
    if (this.#stopping) return;
    this.#cancelPoll = this.#parts.clock.after(POLL_MS, () => this.run());
    this.wake();
  }

  /** Claims a task this process has just accepted. False when there is no free slot, or others wait before it. */
  offer(task: QueuedTask): boolean {
    const isIdle = !this.#stopping && this.#flights.size === 0 && !this.#mayHoldWork && this.#consumer.freeSlots() > 0;
    if (!isIdle || !this.#consumer.queues().includes(task.queue)) return false;
    this.#fly(1, (worker, now) => claimRefs(this.#database, worker, [task], now));
    return true;
  }

  wake(): void {
    this.#wakes++;
    this.#mayHoldWork = true;
    this.poke();
  }

  poke(): void {
    while (!this.#stopping && this.#mayHoldWork && this.#flights.size < MOST_FLIGHTS) {
      const most = Math.min(this.#consumer.freeSlots() - this.#asked, BATCH_ROWS);
      if (most <= 0) return;
      this.#fly(most, (worker, now) => {
        const lanes = wishes(this.#consumer.queues());
        return claimLanes(this.#database, worker, lanes, most, this.#consumer.fullTasks(), now);
      });
    }
  }

  #fly(most: number, claim: Claim): void {
    const flight = detached(() => this.#claim(most, claim)).finally(() => {
      this.#flights.delete(flight);
      this.poke();
    });
    this.#flights.add(flight);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelPoll();
    await Promise.all(this.#flights);
    this.#ended();
  }

  async #claim(most: number, claim: Claim): Promise<void> {
    const wakes = this.#wakes;
    this.#asked += most;
    try {
      const tasks = await claim(this.#consumer.worker, this.#parts.clock.now());
      if (tasks.length === 0 && wakes === this.#wakes) this.#mayHoldWork = false;
      this.#consumer.accept(tasks);
    } catch (error) {
      this.#mayHoldWork = false;
      this.#parts.log.warn("could not claim tasks; looking again", error);
    } finally {
      this.#asked -= most;
    }
  }
}

function wishes(queues: readonly string[]): LaneWish[] {
  return queues.flatMap((queue) =>
    LANES.map((lane, index) => ({ queue, lane: index, weight: LANE_WEIGHTS[lane], above: 0 })),
  );
}
