// Collects task events and hands them on a few times a second, so that watching costs the hot path an array push. When
// more come than are worth sending, the rest is counted, not kept.
import { detached } from "../../database/index.ts";
import type { Clock } from "../contract/clock.ts";
import type { EventSink, TaskEvent, TaskEventBatch } from "../contract/task-event.ts";

const FLUSH_EVERY_MS = 50;
const MOST_PER_FLUSH = 2_000;

export class EventBatcher implements EventSink {
  readonly #clock: Clock;
  readonly #send: (batch: TaskEventBatch) => void;
  #events: TaskEvent[] = [];
  #dropped = 0;
  #scheduled = false;

  constructor(clock: Clock, send: (batch: TaskEventBatch) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  emit(event: TaskEvent): void {
    if (this.#events.length >= MOST_PER_FLUSH) {
      this.#dropped++;
      return;
    }
    this.#events.push(event);
    if (this.#scheduled) return;
    this.#scheduled = true;
    detached(() => this.#clock.after(FLUSH_EVERY_MS, () => this.flush()));
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#events.length === 0) return;
    const batch: TaskEventBatch = { events: this.#events, dropped: this.#dropped };
    this.#events = [];
    this.#dropped = 0;
    this.#send(batch);
  }
}
