// What is happening, for whoever watches: messages with numbers, of which the last few are kept, so that a watcher who lost
// the connection goes on where it was, or is told that it missed something and should look again. Task events are gathered
// for a quarter of a second: a system that runs a thousand tasks a second tells four times a second what it did.
import type { TaskEvent, TaskEventBatch } from "../../../runtime/index.ts";

const GATHER_MS = 250;
const MOST_KEPT = 500;
/** Of the events that are told one by one; of the others only the number. */
const MOST_TOLD = 100;

export interface LiveMessage {
  /** `<feed>-<number>`: a feed begins anew with its process. */
  readonly id: string;
  readonly event: string;
  /** JSON. */
  readonly data: string;
}

export type Watcher = (message: LiveMessage) => void;

export class LiveFeed {
  readonly #name: string;
  readonly #watchers = new Set<Watcher>();
  readonly #kept: LiveMessage[] = [];
  #last = 0;
  #events: TaskEvent[] = [];
  #counts: Record<string, number> = {};
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param name - of this process' feed: letters and digits. */
  constructor(name: string) {
    this.#name = name;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /**
   * Tells `watch` everything from now on, and first what came after `lastId`. What cannot be made up for is told as
   * `reset`: whoever gets it should look at everything anew.
   */
  watch(watch: Watcher, lastId: string | undefined): () => void {
    const missed = lastId === undefined ? [] : this.#after(lastId);
    if (missed === undefined) watch({ id: this.#idOf(this.#last), event: "reset", data: "{}" });
    else for (const message of missed) watch(message);
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  /** Without watchers it is only kept, for those who come back. */
  tell(event: string, data: object): void {
    this.#last += 1;
    const message = { id: this.#idOf(this.#last), event, data: JSON.stringify(data) };
    this.#kept.push(message);
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
    for (const watch of this.#watchers) watch(message);
  }

  /** Gathered, and told as `tasks`: `{ events, counts: { started: 12, … }, dropped }`. */
  tellTasks({ events, dropped }: TaskEventBatch): void {
    this.#dropped += dropped;
    for (const event of events) {
      this.#counts[event.type] = (this.#counts[event.type] ?? 0) + 1;
      if (this.#events.length < MOST_TOLD) this.#events.push(event);
    }
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watchers.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    const [events, counts, dropped] = [this.#events, this.#counts, this.#dropped];
    this.#events = [];
    this.#counts = {};
    this.#dropped = 0;
    this.tell("tasks", { events, counts, dropped });
  }

  /** `undefined` when some of it is not kept any more, or was another feed's. */
  #after(lastId: string): readonly LiveMessage[] | undefined {
    const [, name, number] = /^([A-Za-z0-9]+)-(\d{1,15})$/.exec(lastId) ?? [];
    if (name !== this.#name || number === undefined) return undefined;
    const missed = this.#last - Number(number);
    if (missed < 0 || missed > this.#kept.length) return undefined;
    return missed === 0 ? [] : this.#kept.slice(-missed);
  }

  #idOf(number: number): string {
    return `${this.#name}-${number}`;
  }
}
