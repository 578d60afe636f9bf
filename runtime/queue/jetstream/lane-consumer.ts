// Feeds one worker from the delivery engine, and from the table where a lane's tasks are not all in the engine.
// A message is acknowledged as soon as the claim it led to is committed: from then on the row and the worker's lease
// guard the task, so nothing in the engine has to be kept alive while a handler runs for hours (ADR 4).
import type { NatsConnection } from "@nats-io/transport-node";
import { type Database, detached, plainArray } from "../../../database/index.ts";
import type { Cancel } from "../../contract/clock.ts";
import { sleep } from "../../contract/clock.ts";
import type { QueuedTask } from "../../contract/dispatch.ts";
import type { Foundation } from "../../contract/foundation.ts";
import { LANE_WEIGHTS, LANES } from "../../contract/priority.ts";
import { decodeMessage, type TaskRef } from "../../contract/task-message.ts";
import { claimLanes, claimRefs } from "../claim.ts";
import type { Consumer, Subscription } from "../queue.ts";
import type { LaneBook } from "./lane-book.ts";
import { type Delivery, LanePull } from "./lane-pull.ts";
import { keepMalformed } from "./malformed.ts";
import { lanesOf } from "./names.ts";

/** A pull that stands until work arrives. */
const IDLE_PULL_MS = 30_000;
/** A pull for work that is known to be there; others may have taken it. */
const BUSY_PULL_MS = 250;
const BATCH_ROWS = 1_000;
const MOST_FLIGHTS = 2;
const WATCH_EVERY_MS = 250;
/** A message that found no free slot is kept this long before it goes back for others. */
const HOLD_MS = 1_000;
const RETURN_DELAY_MS = 1_000;

/** A task on its way to a claim: by a message, or offered by this process itself. */
interface Waiting {
  readonly ref: TaskRef;
  readonly delivery: Delivery | undefined;
  /** An offer that led to nothing: the task is to be found in the table. */
  readonly refuse: (() => void) | undefined;
}

export class LaneConsumer implements Subscription {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #consumer: Consumer;
  readonly #book: LaneBook;
  readonly #pulls: readonly LanePull[];
  readonly #flights = new Set<Promise<void>>();
  #waiting: Waiting[] = [];
  #claiming = 0;
  #pumpScheduled = false;
  #stopping = false;
  #cancelWatch: Cancel = () => {};

  constructor(
    database: Database,
    connection: NatsConnection,
    book: LaneBook,
    queues: readonly string[],
    consumer: Consumer,
    parts: Foundation,
  ) {
    this.#database = database;
    this.#parts = parts;
    this.#consumer = consumer;
    this.#book = book;
    this.#pulls = lanesOf(queues).map(
      (lane) =>
        new LanePull(
          lane,
          connection,
          parts.clock,
          (delivery) => this.#receive(delivery),
          () => this.poke(),
        ),
    );
    this.#watch();
  }

  /** Lanes whose consumer does not answer. */
  missing(): boolean {
    return this.#pulls.some((pull) => pull.missing);
  }

  /**
   * A task this process has just accepted, while a slot here is free: claimed at once, without a message. False when
   * it should travel as the others do.
   */
  offer(task: QueuedTask, refuse: () => void): boolean {
    const isFree = !this.#stopping && this.#flights.size === 0 && this.#free() > this.#waiting.length;
    if (!isFree || !this.#consumer.queues().includes(task.queue)) return false;
    this.#waiting.push({ ref: task, delivery: undefined, refuse });
    this.#pump();
    return true;
  }

  /** The connection is new. */
  reconnected(): void {
    for (const pull of this.#pulls) {
      pull.reset();
      pull.missing = false;
    }
    this.poke();
  }

  poke(): void {
    if (this.#pumpScheduled || this.#stopping) return;
    this.#pumpScheduled = true;
    detached(() =>
      setImmediate(() => {
        this.#pumpScheduled = false;
        this.#pump();
      }),
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelWatch();
    await Promise.all(this.#flights);
    for (const waiting of this.#waiting.splice(0)) giveBack(waiting);
    for (const pull of this.#pulls) pull.stop();
  }

  #receive(delivery: Delivery): void {
    let ref: TaskRef;
    try {
      ref = decodeMessage(delivery.data);
    } catch (error) {
      void keepMalformed(this.#database, delivery, error, this.#parts);
      return;
    }
    const isPaused = !this.#consumer.queues().includes(delivery.lane.name.queue);
    if (this.#stopping || isPaused) return delivery.lane.giveBack(delivery);
    this.#waiting.push({ ref, delivery, refuse: undefined });
    // The first message of an idle worker starts at once; a busy worker gathers.
    if (this.#claiming === 0 && !this.#pumpScheduled) this.poke();
  }

  #free(): number {
    return this.#consumer.freeSlots() - this.#claiming;
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#flights.size < MOST_FLIGHTS && !this.#stopping) {
      const most = Math.min(this.#free(), BATCH_ROWS);
      if (most <= 0) break;
      this.#launch(this.#claimWaiting(this.#waiting.splice(0, most)));
    }
    if (this.#stopping) return;
    this.#claimFromTable();
    this.#ask();
  }

  #launch(claim: Promise<void>): void {
    const flight = claim.finally(() => {
      this.#flights.delete(flight);
      this.poke();
    });
    this.#flights.add(flight);
  }

  async #claimWaiting(batch: readonly Waiting[]): Promise<void> {
    this.#claiming += batch.length;
    try {
      const refs = batch.map(({ ref }) => ref);
      const tasks = await claimRefs(this.#database, this.#consumer.worker, refs, this.#parts.clock.now());
      this.#claiming -= batch.length;
      this.#consumer.accept(tasks);
      const claimed = new Set(tasks.map((task) => task.id));
      for (const { ref, delivery } of batch) if (claimed.has(ref.id)) delivery?.lane.ack(delivery);
      if (tasks.length < batch.length) await this.#settleUnclaimed(batch.filter(({ ref }) => !claimed.has(ref.id)));
    } catch (error) {
      this.#claiming -= batch.length;
      this.#waiting.unshift(...batch);
      this.#parts.log.warn("could not claim tasks; trying again", error);
      await sleep(this.#parts.clock, RETURN_DELAY_MS);
    }
  }

  /** Messages that led to no claim: stale ones go away, the others go back. */
  async #settleUnclaimed(batch: readonly Waiting[]): Promise<void> {
    const { rows } = await this.#database.hot.query<{ id: string; attempt: number }>(
      `select id, attempt from task where id = any($1::text::uuid[]) and state = 'QUEUED'
         and (expires_at is null or expires_at > $2::timestamptz)`,
      [plainArray(batch.map(({ ref }) => ref.id)), new Date(this.#parts.clock.now()).toISOString()],
    );
    const open = new Map(rows.map((row) => [row.id, row.attempt]));
    for (const waiting of batch) {
      const { ref, delivery } = waiting;
      if (open.get(ref.id) === ref.attempt) giveBack(waiting, RETURN_DELAY_MS);
      else delivery?.lane.ack(delivery);
    }
  }

  #claimFromTable(): void {
    const queues = this.#consumer.queues();
    const lanes = this.#pulls
      .map(({ name }) => ({ ...name, cursor: this.#book.cursor(name) }))
      .filter(({ queue, cursor }) => cursor !== undefined && queues.includes(queue));
    const free = Math.min(this.#free() - this.#waiting.length, BATCH_ROWS);
    if (lanes.length === 0 || free <= 0 || this.#flights.size >= MOST_FLIGHTS) return;
    const busy = this.#pulls.some((pull) => pull.pending > 0);
    const most = busy ? Math.ceil(free / 2) : free;
    const wishes = lanes.map(({ queue, lane, cursor }) => ({
      queue,
      lane: LANES.indexOf(lane),
      weight: LANE_WEIGHTS[lane],
      above: cursor ?? 0,
    }));
    this.#launch(this.#claimTable(wishes, most));
  }

  async #claimTable(wishes: Parameters<typeof claimLanes>[2], most: number): Promise<void> {
    this.#claiming += most;
    try {
      const { worker } = this.#consumer;
      const now = this.#parts.clock.now();
      const tasks = await claimLanes(this.#database, worker, wishes, most, this.#consumer.fullTasks(), now);
      this.#claiming -= most;
      this.#consumer.accept(tasks);
      if (tasks.length === 0) {
        await this.#book.close();
        // Rows that are there and cannot be had (paused, full, locked by others) must not be asked for in a loop.
        await sleep(this.#parts.clock, WATCH_EVERY_MS);
      }
    } catch (error) {
      this.#claiming -= most;
      this.#parts.log.warn("could not claim tasks from the table; trying again", error);
      await sleep(this.#parts.clock, RETURN_DELAY_MS);
    }
  }

  /** Asks for as much as could be started, shared by weight among lanes that hold work, and for a first message of each of the others. */
  #ask(): void {
    const free = this.#free() - this.#waiting.length;
    if (free <= 0) return;
    const queues = this.#consumer.queues();
    const open = this.#pulls.filter((pull) => queues.includes(pull.name.queue) && !pull.missing);
    const busy = open.filter((pull) => pull.pending > 0);
    const asked = busy.reduce((sum, pull) => sum + pull.outstanding, 0);
    const weights = busy.reduce((sum, pull) => sum + LANE_WEIGHTS[pull.name.lane], 0);
    for (const pull of busy) {
      const share = Math.ceil(((free - asked) * LANE_WEIGHTS[pull.name.lane]) / weights);
      const batch = Math.min(share, pull.pending - pull.outstanding, BATCH_ROWS);
      if (batch > 0) pull.pull(batch, BUSY_PULL_MS);
    }
    for (const pull of open) if (pull.outstanding === 0) pull.pull(1, IDLE_PULL_MS);
  }

  #watch(): void {
    this.#cancelWatch = detached(() =>
      this.#parts.clock.after(WATCH_EVERY_MS, () => {
        for (const pull of this.#pulls) {
          pull.forgetLost();
          pull.missing = false; // asked again; if it is still missing the answer says so
        }
        this.#returnHeld();
        this.poke();
        this.#watch();
      }),
    );
  }

  #returnHeld(): void {
    const oldest = this.#parts.clock.monotonic() - HOLD_MS;
    if (this.#free() > 0 || this.#waiting.length === 0) return;
    const held = this.#waiting.filter(({ delivery }) => (delivery?.arrivedAt ?? 0) <= oldest);
    this.#waiting = this.#waiting.filter((waiting) => !held.includes(waiting));
    for (const waiting of held) giveBack(waiting);
  }
}

function giveBack({ delivery, refuse }: Waiting, delayMs = 0): void {
  delivery?.lane.giveBack(delivery, delayMs);
  refuse?.();
}
