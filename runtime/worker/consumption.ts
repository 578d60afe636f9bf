// Which queues a worker takes from, and its subscription to them. A subscription is made for its queues: one fewer is left
// out of what it asks for; one more needs a new one, and two at a time would fill the slots twice.
import type { Consumer, Subscription, TaskQueue } from "../queue/queue.ts";

export class Consumption {
  readonly #queue: TaskQueue;
  readonly #consumer: Consumer;
  readonly #paused: () => readonly string[];
  #queues: Set<string>;
  /** Those the subscription was made for. */
  #subscribed = new Set<string>();
  #subscription: Subscription | undefined;
  #changing: Promise<void> = Promise.resolve();
  #isOpening = false;
  #stopped = false;

  constructor(queue: TaskQueue, consumer: Consumer, queues: readonly string[], paused: () => readonly string[]) {
    this.#queue = queue;
    this.#consumer = consumer;
    this.#paused = paused;
    this.#queues = new Set(queues);
  }

  /** Queues it is told to work, paused ones too. */
  all(): string[] {
    return [...this.#queues];
  }

  /** Those it takes from just now. Lanes are opened for what this says, so paused ones are among them at that moment. */
  open(): string[] {
    const paused = this.#isOpening ? [] : this.#paused();
    return paused.length === 0 ? this.all() : this.all().filter((queue) => !paused.includes(queue));
  }

  start(): void {
    this.#subscribed = new Set(this.#queues);
    this.#isOpening = true;
    try {
      this.#subscription = this.#queue.consume(this.#consumer);
    } finally {
      this.#isOpening = false;
    }
  }

  /** Other queues from here on. @throws ApiumError `QUEUE_UNAVAILABLE`. */
  async change(queues: Iterable<string>): Promise<void> {
    this.#queues = new Set(queues);
    this.#changing = this.#changing.catch(() => {}).then(() => this.#renew());
    await this.#changing;
  }

  poke(): void {
    this.#subscription?.poke();
  }

  /** Takes no more; resolves when no claim is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#changing.catch(() => {});
    await this.#subscription?.stop();
  }

  async #renew(): Promise<void> {
    if (this.#stopped || this.all().every((queue) => this.#subscribed.has(queue))) return;
    await this.#subscription?.stop();
    if (!this.#stopped) this.start();
  }
}
