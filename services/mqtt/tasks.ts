// The tasks of the MQTT service, as others enqueue them.
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";

const LONGEST_TOPIC_BYTES = 1_000;
const LARGEST_PAYLOAD_BYTES = 1_000_000;

/** What may be published to: no wildcards, nothing that a broker keeps for itself. */
export const topicName = z
  .string()
  .min(1, "must not be empty")
  .regex(/^[A-Za-z0-9/_.-]+$/, "has letters, digits and / _ . - only: no wildcards # or +")
  .refine((topic) => Buffer.byteLength(topic) <= LONGEST_TOPIC_BYTES, `must be at most ${LONGEST_TOPIC_BYTES} bytes`);

export const publishMqtt = defineTask({
  name: "publish_mqtt",
  summary: "Publishes a message to the broker; done when the broker has acknowledged it.",
  params: z.object({
    topic: topicName,
    payload: z
      .json()
      .refine(
        (payload) => Buffer.byteLength(JSON.stringify(payload)) <= LARGEST_PAYLOAD_BYTES,
        `must be at most ${LARGEST_PAYLOAD_BYTES} bytes of JSON`,
      ),
    qos: z.union([z.literal(0), z.literal(1)]).default(1),
    retain: z.boolean().default(false),
  }),
  result: z.object({ topic: z.string(), bytes: z.number() }),
  queue: "external_api",
  maxRetries: 5,
  retryDelay: "30s",
  softTimeLimit: "30s",
  timeLimit: "1m",
});
