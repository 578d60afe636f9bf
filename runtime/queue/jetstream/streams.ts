// Streams and consumers: made when they are missing, left alone when they are there. A power cut can take a whole
// stream away on nats-server 2.9; making it again is all there is to do here, because the rows are in the database.
import { AckPolicy, JetStreamApiError, type JetStreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { LANES } from "../../contract/priority.ts";
import { laneSubject, streamName } from "./names.ts";

const NANOS_PER_MS = 1_000_000;
/** A message handed to a worker that neither claims nor returns it is handed out again after this. */
export const ACK_WAIT_MS = 5_000;
/** A publish repeated within this time is dropped by the server. */
const DUPLICATE_WINDOW_MS = 120_000;
const MOST_UNACKED = 20_000;
const MOST_MESSAGE_BYTES = 65_536;

const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;

/** Makes what is missing of a queue. True when the stream was new. */
export async function ensureQueue(manager: JetStreamManager, queue: string): Promise<boolean> {
  const isNew = await ensureStream(manager, queue);
  for (const lane of LANES) await ensureConsumer(manager, queue, lane);
  return isNew;
}

async function ensureStream(manager: JetStreamManager, queue: string): Promise<boolean> {
  const name = streamName(queue);
  try {
    await manager.streams.info(name);
    return false;
  } catch (error) {
    if (!isApiError(error, STREAM_NOT_FOUND)) throw error;
  }
  await manager.streams.add({
    name,
    // Only the lanes: what no consumer would ever read is refused at the door.
    subjects: LANES.map((lane) => `${laneSubject(queue, lane)}.>`),
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    duplicate_window: DUPLICATE_WINDOW_MS * NANOS_PER_MS,
    max_msg_size: MOST_MESSAGE_BYTES,
  });
  return true;
}

async function ensureConsumer(manager: JetStreamManager, queue: string, lane: (typeof LANES)[number]): Promise<void> {
  const stream = streamName(queue);
  try {
    await manager.consumers.info(stream, lane);
    return;
  } catch (error) {
    if (!isApiError(error, CONSUMER_NOT_FOUND)) throw error;
  }
  await manager.consumers.add(stream, {
    durable_name: lane,
    filter_subject: `${laneSubject(queue, lane)}.>`,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
    max_ack_pending: MOST_UNACKED,
  });
}

export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

export function isMissing(error: unknown): boolean {
  return isApiError(error, STREAM_NOT_FOUND) || isApiError(error, CONSUMER_NOT_FOUND);
}
