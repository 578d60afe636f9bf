// Counts how tasks end, in this process: by name and queue, in slots of fifteen seconds. It stands before the sink of
// events, so that whoever says that a task has ended has said it here too, the worker as well as an operator's
// revocation; it sees every event, also those that are too many to be sent on. An end costs two looks into a map.
import type { EventSink, TaskEvent, TaskEventType } from "../contract/task-event.ts";
import { COUNTERS, counterOf } from "./lengths.ts";
import { FINEST_MS, slotOf } from "./levels.ts";

type End = "done" | "failed" | "retried" | "revoked";

const ENDS: Readonly<Partial<Record<TaskEventType, End>>> = {
  succeeded: "done",
  failed: "failed",
  retried: "retried",
  revoked: "revoked",
};

/** What has ended within one slot, of one name in one queue. */
export interface EndTally {
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  readonly revoked: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** Runs by their length; see `lengths.ts`. */
  readonly lengths: readonly number[];
}

export interface EndRow extends EndTally {
  /** Beginning of the slot, in milliseconds since the epoch. */
  readonly at: number;
  readonly name: string;
  readonly queue: string;
}

type Tally = { -readonly [Field in keyof EndTally]: EndTally[Field] } & { readonly lengths: number[] };
type Slot = Map<string, Map<string, Tally>>;

export class EndBook implements EventSink {
  readonly #next: EventSink;
  #slots = new Map<number, Slot>();
  #open: Slot = new Map();
  #openFrom = Number.NEGATIVE_INFINITY;

  constructor(next: EventSink) {
    this.#next = next;
  }

  emit(event: TaskEvent): void {
    const end = ENDS[event.type];
    if (end !== undefined) this.#note(event, end);
    this.#next.emit(event);
  }

  /** Everything counted since it was asked the last time. */
  take(): EndRow[] {
    const rows: EndRow[] = [];
    for (const [at, slot] of this.#slots) {
      for (const [name, queues] of slot) {
        for (const [queue, tally] of queues) rows.push({ at, name, queue, ...tally });
      }
    }
    this.#slots = new Map();
    this.#openFrom = Number.NEGATIVE_INFINITY;
    return rows;
  }

  #note({ name, queue, at, runtimeMs }: TaskEvent, end: End): void {
    if (at < this.#openFrom || at >= this.#openFrom + FINEST_MS) this.#turnTo(slotOf(at, FINEST_MS));
    const tally = this.#open.get(name)?.get(queue) ?? this.#tallyFor(name, queue);
    tally[end]++;
    // How long a run was that was told to stop says nothing of the task.
    if (runtimeMs === undefined || end === "revoked") return;
    const counter = counterOf(runtimeMs);
    tally.lengths[counter] = (tally.lengths[counter] ?? 0) + 1;
    tally.sumMs += runtimeMs;
    if (runtimeMs > tally.maxMs) tally.maxMs = runtimeMs;
  }

  #turnTo(from: number): void {
    this.#openFrom = from;
    this.#open = this.#slots.get(from) ?? new Map();
    this.#slots.set(from, this.#open);
  }

  #tallyFor(name: string, queue: string): Tally {
    const queues = this.#open.get(name) ?? new Map<string, Tally>();
    this.#open.set(name, queues);
    const lengths = new Array<number>(COUNTERS).fill(0);
    const made: Tally = { done: 0, failed: 0, retried: 0, revoked: 0, sumMs: 0, maxMs: 0, lengths };
    queues.set(queue, made);
    return made;
  }
}
