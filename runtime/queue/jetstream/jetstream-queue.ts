// The delivery engine over NATS JetStream, put together: connection, dispatcher, consumers, upkeep.
import { type Database, detached } from "../../../database/index.ts";
import type { QueuedTask } from "../../contract/dispatch.ts";
import { ApiumError, messageOf } from "../../contract/errors.ts";
import type { Foundation } from "../../contract/foundation.ts";
import type { Lane } from "../../contract/priority.ts";
import { QUEUES } from "../../contract/queues.ts";
import type { Consumer, EngineLimit, Subscription, TaskQueue } from "../queue.ts";
import { connectNats, type Nats } from "./connection.ts";
import { JetStreamDispatcher } from "./dispatcher.ts";
import { LaneConsumer } from "./lane-consumer.ts";
import { engineLimits } from "./limits.ts";
import { streamName, taskSubject } from "./names.ts";
import { Upkeep } from "./upkeep.ts";

export interface JetStreamOptions {
  readonly url: string;
  readonly database: Database;
  readonly queues?: readonly string[] | undefined;
}

export class JetStreamQueue implements TaskQueue {
  readonly kind = "jetstream";
  readonly #options: JetStreamOptions;
  readonly #parts: Foundation;
  readonly #expected: (dueAt: number) => void;
  readonly #queues: readonly string[];
  readonly #consumers = new Set<LaneConsumer>();
  #nats: Nats | undefined;
  #dispatcher: JetStreamDispatcher | undefined;
  #upkeep: Upkeep | undefined;
  #ensureNeeded = false;
  #stopping = false;

  constructor(options: JetStreamOptions, parts: Foundation, expected: (dueAt: number) => void = () => {}) {
    this.#options = options;
    this.#parts = parts;
    this.#expected = expected;
    this.#queues = options.queues ?? QUEUES;
  }

  /** @throws ApiumError `QUEUE_UNAVAILABLE` when NATS or its JetStream does not answer. */
  async start(): Promise<void> {
    const { database, url } = this.#options;
    this.#nats = await connectNats(url, "apium-tasks");
    const { connection, manager } = this.#nats;
    const wakeAll = () => {
      for (const consumer of this.#consumers) consumer.poke();
    };
    this.#dispatcher = new JetStreamDispatcher(database, connection, this.#parts, wakeAll);
    this.#upkeep = new Upkeep(database, manager, this.#dispatcher, this.#queues, this.#parts);
    try {
      await this.#upkeep.ensure();
    } catch (cause) {
      await connection.close();
      throw new ApiumError("QUEUE_UNAVAILABLE", `JetStream does not answer: ${messageOf(cause)}`, { cause });
    }
    this.#dispatcher.publisher.start();
    detached(() => void this.#watchConnection());
  }

  dispatch(tasks: readonly QueuedTask[]): void {
    const dispatcher = this.#dispatcher;
    const [task] = tasks;
    // A single task may start right here; many are for everybody.
    const isTaken =
      task !== undefined &&
      tasks.length === 1 &&
      [...this.#consumers].some((consumer) => detached(() => consumer.offer(task, () => dispatcher?.note(task))));
    if (!isTaken) dispatcher?.dispatch(tasks);
  }

  expect(dueAt: number): void {
    this.#expected(dueAt);
  }

  consume(consumer: Consumer): Subscription {
    const { connection } = this.#engine();
    if (this.#dispatcher === undefined) throw new ApiumError("QUEUE_UNAVAILABLE", "the queue is not started");
    const { lanes } = this.#dispatcher;
    const queues = consumer.queues();
    const feed = detached(
      () => new LaneConsumer(this.#options.database, connection, lanes, queues, consumer, this.#parts),
    );
    this.#consumers.add(feed);
    feed.poke();
    return {
      poke: () => feed.poke(),
      stop: async () => {
        await feed.stop();
        this.#consumers.delete(feed);
      },
    };
  }

  async remove({
    id,
    queue,
    lane,
  }: {
    readonly id: string;
    readonly queue: string;
    readonly lane: Lane;
  }): Promise<void> {
    const { manager } = this.#engine();
    const stream = streamName(queue);
    const message = await manager.streams.getMessage(stream, { last_by_subj: taskSubject(queue, lane, id) });
    if (message) await manager.streams.deleteMessage(stream, message.seq, false);
  }

  async lastMessage(queue: string): Promise<number> {
    return (await this.#engine().manager.streams.info(streamName(queue))).state.last_seq;
  }

  /** Of all lanes: a purge with a subject filter strands the consumer on nats-server 2.9. */
  async purge(queue: string, last: number): Promise<void> {
    await this.#engine().manager.streams.purge(streamName(queue), { seq: last + 1 });
  }

  async tend(): Promise<void> {
    if (this.#stopping || this.#upkeep === undefined) return;
    const missing = this.#ensureNeeded || [...this.#consumers].some((consumer) => consumer.missing());
    await this.#upkeep.tend(missing);
    if (missing) this.#ensureNeeded = false;
  }

  async check(): Promise<void> {
    try {
      await this.#engine().patientManager.getAccountInfo();
    } catch (cause) {
      throw new ApiumError("QUEUE_UNAVAILABLE", `JetStream does not answer: ${messageOf(cause)}`, { cause });
    }
  }

  async limits(): Promise<readonly EngineLimit[]> {
    try {
      return await engineLimits(this.#engine().patientManager, this.#queues.map(streamName));
    } catch (cause) {
      throw new ApiumError("QUEUE_UNAVAILABLE", `JetStream does not answer: ${messageOf(cause)}`, { cause });
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await this.#dispatcher?.settle();
    this.#dispatcher?.publisher.stop();
    const connection = this.#nats?.connection;
    // A drain fails while the server is away, and the client would go on reconnecting for ever.
    await connection?.drain().catch(() => connection.close());
  }

  #engine(): Nats {
    if (this.#nats === undefined) throw new ApiumError("QUEUE_UNAVAILABLE", "the queue is not started");
    return this.#nats;
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#engine().connection.status()) {
      if (status.type === "disconnect") {
        this.#parts.log.warn("the connection to NATS is lost; tasks are claimed from the table until it is back");
        this.#dispatcher?.setConnected(false);
      }
      if (status.type === "reconnect") {
        this.#parts.log.info("the connection to NATS is back");
        this.#ensureNeeded = true;
        this.#dispatcher?.setConnected(true);
        for (const consumer of this.#consumers) consumer.reconnected();
      }
    }
  }
}
