// Messages taken in: each goes to the handler whose filter covers its topic, and is acknowledged when the handler is done.
// mqtt.js would take one message after the other; here they are handled side by side, up to a bound, past which the
// socket is not read on. The broker's own window of unacknowledged messages (Mosquitto: about 20) is usually the smaller one.
import type { MqttClient } from "mqtt";
import { ApiumError, type Foundation, messageOf } from "../../runtime/index.ts";
import { covers } from "./topics.ts";

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly isRetained: boolean;
  /** The broker says that it may have delivered it before. */
  readonly isRepeated: boolean;
}

export type MessageHandler = (message: Message) => Promise<void>;

interface Subscription {
  readonly filters: readonly string[];
  readonly handler: MessageHandler;
  readonly granted: () => void;
  readonly refused: (error: ApiumError) => void;
  /** The client that has been asked. */
  client: MqttClient | undefined;
}

const MOST_HELD = 1_000;
const MOST_HELD_BYTES = 64 * 1_048_576;
const FIRST_RETRY_MS = 1_000;
const SLOWEST_RETRY_MS = 30_000;
/** A session of before may bring messages nobody subscribes to any more; they must not fill the broker's window. */
const UNCLAIMED_MS = 30_000;
const ACKNOWLEDGED_LATER = new Error("acknowledged later");

export class Incoming {
  readonly #parts: Pick<Foundation, "clock">;
  readonly #log: Pick<Console, "warn">;
  readonly #subscriptions: Subscription[] = [];
  readonly counts = { taken: 0, handled: 0, repeated: 0, failed: 0, dropped: 0, unclaimed: 0 };
  #held = 0;
  #heldBytes = 0;
  #client: MqttClient | undefined;
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(parts: Pick<Foundation, "clock">, log: Pick<Console, "warn">) {
    this.#parts = parts;
    this.#log = log;
  }

  add(filters: readonly string[], handler: MessageHandler): Promise<void> {
    const promise = new Promise<void>((granted, refused) => {
      this.#subscriptions.push({ filters, handler, granted, refused, client: undefined });
    });
    promise.catch(() => {}); // Whoever does not wait for it need not hear of it.
    return promise;
  }

  /** Asks the broker for what this client has not asked for yet. */
  askFor(client: MqttClient): void {
    for (const subscription of this.#subscriptions) {
      if (subscription.client === client || subscription.filters.length === 0) continue;
      subscription.client = client;
      client.subscribe([...subscription.filters], { qos: 1 }, (error, granted) => {
        if (subscription.client !== client) return;
        const refused = (granted ?? []).filter(({ qos }) => qos === 128).map(({ topic }) => topic);
        if (!error && refused.length === 0) return subscription.granted();
        if (!client.connected) return;
        const what = `the MQTT broker refuses to subscribe to ${(refused.length > 0 ? refused : subscription.filters).join(", ")}`;
        this.#log.warn(what);
        subscription.refused(new ApiumError("MQTT_UNAVAILABLE", what));
      });
    }
  }

  /** Before the client is connected: a session of before begins with what was not acknowledged. */
  listenTo(client: MqttClient): void {
    this.#client = client;
    client.handleMessage = (packet, next) => {
      const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
      const message: Message = {
        topic: packet.topic,
        payload,
        qos: packet.qos === 0 ? 0 : 1,
        isRetained: packet.retain,
        isRepeated: packet.dup,
      };
      this.counts.taken += 1;
      if (packet.dup) this.counts.repeated += 1;
      const isFull = this.#held >= MOST_HELD || this.#heldBytes >= MOST_HELD_BYTES;
      if (message.qos === 0 && isFull) {
        this.counts.dropped += 1;
        return next();
      }
      void this.#take(client, message, packet.messageId ?? 0);
      // An error lets mqtt.js go on to the next packet without acknowledging this one.
      const goOn = message.qos === 0 ? () => next() : () => next(ACKNOWLEDGED_LATER);
      if (isFull) this.#waiting.push(goOn);
      else goOn();
    };
  }

  /** Resolves when no handler is at work, or after this long. */
  idle(withinMs: number): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(withinMs, resolve);
      this.#idle.push(() => {
        cancel();
        resolve();
      });
    });
  }

  close(): void {
    this.#client = undefined;
    for (const { refused } of this.#subscriptions)
      refused(new ApiumError("MQTT_UNAVAILABLE", "the connection was closed"));
  }

  async #take(client: MqttClient, message: Message, messageId: number): Promise<void> {
    this.#held += 1;
    this.#heldBytes += message.payload.length;
    try {
      const isDone = await this.#handle(client, message);
      // Never on another connection: there the number may stand for another message.
      if (isDone && message.qos === 1 && this.#client === client && client.connected) {
        client.stream.write(Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]));
      }
    } finally {
      this.#held -= 1;
      this.#heldBytes -= message.payload.length;
      this.#waiting.shift()?.();
      if (this.#held === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Whether the message may be acknowledged. */
  async #handle(client: MqttClient, message: Message): Promise<boolean> {
    const began = this.#parts.clock.monotonic();
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, SLOWEST_RETRY_MS)) {
      const subscription = this.#subscriptions.find(({ filters }) =>
        filters.some((filter) => covers(filter, message.topic)),
      );
      if (subscription === undefined && this.#parts.clock.monotonic() - began >= UNCLAIMED_MS) {
        this.counts.unclaimed += 1;
        return true;
      }
      try {
        if (subscription !== undefined) {
          await subscription.handler(message);
          this.counts.handled += 1;
          return true;
        }
      } catch (error) {
        this.counts.failed += 1;
        this.#log.warn(`a message on ${message.topic} could not be handled: ${messageOf(error)}`);
      }
      if (message.qos === 0) return true;
      await new Promise<void>((resolve) => this.#parts.clock.after(delayMs, resolve));
      if (this.#client !== client || !client.connected) return false; // The broker delivers it again.
    }
  }
}
