// Mends lanes whose consumer a kill of the server has broken. nats-server 2.9 can come back with messages counted as
// handed out that are gone: it waits for their acknowledgement for ever, the consumer's floor never moves again, and
// whatever a kill brought back to life above it stays in the stream (7 of 14 consumers after six kills each). Made anew,
// the consumer hands out what the stream still holds, and the claim refuses what is dead.
import type { ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import type { Foundation } from "../../contract/foundation.ts";
import { streamName } from "./names.ts";
import { ensureQueue, isMissing } from "./streams.ts";

/** Several times ACK_WAIT_MS: what is really handed out is handed out again by then, and that shows. */
export const STRANDED_AFTER_MS = 20_000;

interface Standstill {
  readonly state: string;
  readonly since: number;
}

export class StrandedLanes {
  readonly #manager: JetStreamManager;
  readonly #parts: Pick<Foundation, "clock" | "log">;
  readonly #standstills = new Map<string, Standstill>();

  constructor(manager: JetStreamManager, parts: Pick<Foundation, "clock" | "log">) {
    this.#manager = manager;
    this.#parts = parts;
  }

  /** Makes anew the consumers of the queue that have stood still for too long, as far as earlier looks tell. */
  async mend(queue: string): Promise<void> {
    const stream = streamName(queue);
    const stranded: string[] = [];
    try {
      for await (const consumer of this.#manager.consumers.list(stream)) {
        if (this.#isStranded(queue, consumer)) stranded.push(consumer.name);
      }
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    for (const lane of stranded) {
      await this.#manager.consumers.delete(stream, lane).catch((error: unknown) => {
        // Somebody else makes it anew.
        if (!isMissing(error)) throw error;
      });
    }
    if (stranded.length === 0) return;
    await ensureQueue(this.#manager, queue);
    const lanes = stranded.map((lane) => `${queue}.${lane}`).join(", ");
    this.#parts.log.warn(
      `${lanes}: the consumer waited for messages that are gone, as a kill of nats-server leaves it; made anew`,
    );
  }

  /** Somebody asks for messages, some are said to be handed out, and nothing is handed out again. */
  #isStranded(queue: string, { name, num_ack_pending, num_waiting, ack_floor, delivered }: ConsumerInfo): boolean {
    const key = `${queue}.${name}`;
    const state = `${num_ack_pending} ${ack_floor.stream_seq} ${delivered.consumer_seq}`;
    const now = this.#parts.clock.monotonic();
    const known = this.#standstills.get(key);
    if (num_ack_pending === 0 || num_waiting === 0) this.#standstills.delete(key);
    else if (known?.state !== state) this.#standstills.set(key, { state, since: now });
    else if (now - known.since >= STRANDED_AFTER_MS) return this.#standstills.delete(key);
    return false;
  }
}
