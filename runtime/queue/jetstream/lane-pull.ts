// Pull requests of one lane, and what comes back. Speaks the JetStream pull protocol itself (ADR-13 of NATS): the
// client's `consume` leases more than a free slot can start, and its `next` costs a round trip a message.
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { createInbox } from "@nats-io/transport-node";
import type { Clock } from "../../contract/clock.ts";
import type { LaneName } from "./names.ts";
import { streamName } from "./names.ts";

const NANOS_PER_MS = 1_000_000;
/** A pull that was neither answered nor refused this long after its expiry was lost. */
const LOST_AFTER_MS = 1_000;
const ACK = new TextEncoder().encode("+ACK");
const TERM = new TextEncoder().encode("+TERM");

export interface Delivery {
  readonly lane: LanePull;
  readonly data: Uint8Array;
  readonly subject: string;
  readonly reply: string;
  readonly arrivedAt: number;
}

export class LanePull {
  readonly name: LaneName;
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  readonly #inbox = createInbox();
  readonly #next: string;
  readonly #subscription: Subscription;
  #deadline = 0;
  /** Messages asked for and not yet here. */
  outstanding = 0;
  /** Messages that wait in the lane, as the last one said. */
  pending = 0;
  /** The consumer did not answer: its stream may be gone. */
  missing = false;

  constructor(
    name: LaneName,
    connection: NatsConnection,
    clock: Clock,
    receive: (delivery: Delivery) => void,
    ended: (lane: LanePull) => void,
  ) {
    this.name = name;
    this.#connection = connection;
    this.#clock = clock;
    this.#next = `$JS.API.CONSUMER.MSG.NEXT.${streamName(name.queue)}.${name.lane}`;
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error) return;
        const { reply } = message;
        if (reply === undefined || reply === "") {
          this.#status(message);
          ended(this);
          return;
        }
        this.missing = false;
        this.outstanding = Math.max(0, this.outstanding - 1);
        this.pending = Number(reply.slice(reply.lastIndexOf(".") + 1)) || 0;
        receive({ lane: this, data: message.data, subject: message.subject, reply, arrivedAt: clock.monotonic() });
      },
    });
  }

  pull(batch: number, expiresMs: number): void {
    this.outstanding += batch;
    this.#deadline = Math.max(this.#deadline, this.#clock.monotonic() + expiresMs + LOST_AFTER_MS);
    const request = `{"batch":${batch},"expires":${expiresMs * NANOS_PER_MS}}`;
    this.#connection.publish(this.#next, request, { reply: this.#inbox });
  }

  /** Forgets pulls that can no longer be answered. */
  forgetLost(): void {
    if (this.outstanding > 0 && this.#clock.monotonic() > this.#deadline) this.reset();
  }

  /** The connection is new: the server knows of no pull. */
  reset(): void {
    this.outstanding = 0;
    this.#deadline = 0;
  }

  ack(delivery: Delivery): void {
    this.#connection.publish(delivery.reply, ACK);
  }

  /** Never again: it was no task. (2.9 ignores a reason, so none is given.) */
  terminate(delivery: Delivery): void {
    this.#connection.publish(delivery.reply, TERM);
  }

  giveBack(delivery: Delivery, delayMs = 0): void {
    const word = delayMs === 0 ? "-NAK" : `-NAK {"delay":${delayMs * NANOS_PER_MS}}`;
    this.#connection.publish(delivery.reply, word);
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  /** A pull has ended without all it asked for: 404 and 408 nothing there, 409 the consumer is gone, 503 no consumer. */
  #status(message: Msg): void {
    const code = message.headers?.code ?? 503;
    const left = message.headers?.get("Nats-Pending-Messages");
    this.outstanding = left === undefined || left === "" ? 0 : Math.max(0, this.outstanding - Number(left));
    if (code === 404 || code === 408) this.pending = 0;
    if (code === 503 || code === 409) {
      this.missing = true;
      this.outstanding = 0;
    }
  }
}
