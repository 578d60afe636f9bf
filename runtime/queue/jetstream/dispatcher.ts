// Hands committed tasks to the publisher, or notes that they are not in the engine. Never throws and never waits: the
// rows are committed, and what is noted is claimed from the table.
import type { NatsConnection } from "@nats-io/transport-node";
import { type Database, detached } from "../../../database/index.ts";
import type { QueuedTask } from "../../contract/dispatch.ts";
import type { Foundation } from "../../contract/foundation.ts";
import { LaneBook } from "./lane-book.ts";
import { type LaneName, laneKey } from "./names.ts";
import { Publisher } from "./publisher.ts";

/** Messages of one lane in the engine at most; beyond, rows wait in the table. */
export const LANE_LIMIT = 10_000;
const MARK_AGAIN_MS = 500;

export class JetStreamDispatcher {
  readonly #parts: Foundation;
  readonly #marked: () => void;
  readonly #depths = new Map<string, number>();
  readonly #marks = new Map<string, LaneName & { seq: number }>();
  readonly lanes: LaneBook;
  readonly publisher: Publisher;
  #connected = true;
  #marking = false;

  /** `marked` is told when lanes of this process's own tasks must be claimed from the table. */
  constructor(database: Database, connection: NatsConnection, parts: Foundation, marked: () => void) {
    this.#parts = parts;
    this.#marked = marked;
    this.lanes = new LaneBook(database);
    this.publisher = new Publisher(connection, parts.clock, (tasks) => {
      for (const task of tasks) this.note(task);
    });
  }

  /** False while the engine is known to be away. */
  get connected(): boolean {
    return this.#connected;
  }

  setConnected(connected: boolean): void {
    this.#connected = connected;
    if (!connected) this.publisher.giveUp();
  }

  dispatch(tasks: readonly QueuedTask[]): void {
    for (const task of tasks) {
      const key = laneKey(task);
      const depth = this.#depths.get(key) ?? 0;
      const open = this.lanes.cursor(task) === undefined && !this.#marks.has(key) && !task.rescued;
      if (this.#connected && open && depth < LANE_LIMIT && this.publisher.room > 0) {
        this.#depths.set(key, depth + 1);
        this.publisher.publish(task);
      } else this.note(task);
    }
  }

  /** Lanes that may hold messages, as far as this process knows. */
  filledLanes(): string[] {
    return [...this.#depths].filter(([, depth]) => depth > 0).map(([key]) => key);
  }

  setDepth(key: string, depth: number): void {
    this.#depths.set(key, depth);
  }

  /** Writes what was noted; resolves when nothing is left to write. */
  async settle(): Promise<void> {
    while (this.#marks.size > 0) await this.#writeMarks();
  }

  /** A task whose row is committed but whose message is not in the engine. */
  note({ queue, lane, seq }: QueuedTask): void {
    const key = laneKey({ queue, lane });
    const known = this.#marks.get(key);
    this.#marks.set(key, { queue, lane, seq: Math.min(known?.seq ?? seq, seq) });
    this.#markIn(0);
  }

  #markIn(delayMs: number): void {
    if (this.#marking) return;
    this.#marking = true;
    detached(() =>
      this.#parts.clock.after(delayMs, () => {
        this.#marking = false;
        void this.#writeMarks();
      }),
    );
  }

  async #writeMarks(): Promise<void> {
    const marks = [...this.#marks.values()];
    if (marks.length === 0) return;
    try {
      await this.lanes.mark(marks);
      for (const mark of marks) if (this.#marks.get(laneKey(mark))?.seq === mark.seq) this.#marks.delete(laneKey(mark));
      this.#marked();
    } catch (error) {
      // The upkeep's look for lost messages would find them too, only later.
      this.#parts.log.warn("tasks that could not be published could not be noted either; trying again", error);
      this.#markIn(MARK_AGAIN_MS);
    }
  }
}
