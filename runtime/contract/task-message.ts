// What travels through the delivery engine: which task, which attempt. Nothing else, because the database is the
// book of record; a forged or stale message can therefore start nothing that the row does not say.
import { ApiumError } from "./errors.ts";
import { isTaskId } from "./task-id.ts";

export const MESSAGE_VERSION = 1;
/** A real message has about 70 bytes; anything much longer is not one. */
const MAX_MESSAGE_BYTES = 512;

export interface TaskRef {
  readonly id: string;
  readonly attempt: number;
}

export function encodeMessage(ref: TaskRef): string {
  return `{"v":${MESSAGE_VERSION},"id":"${ref.id}","attempt":${ref.attempt}}`;
}

/** The id under which the delivery engine drops repeated publishes. */
export function messageId(ref: TaskRef): string {
  return `${ref.id}:${ref.attempt}`;
}

/** @throws ApiumError `MESSAGE_MALFORMED` or `MESSAGE_VERSION`. */
export function decodeMessage(bytes: Uint8Array): TaskRef {
  if (bytes.length > MAX_MESSAGE_BYTES) {
    throw new ApiumError("MESSAGE_MALFORMED", `${bytes.length} bytes are more than a task message has`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ApiumError("MESSAGE_MALFORMED", "the message is not JSON in UTF-8", { cause });
  }
  if (typeof value !== "object" || value === null)
    throw new ApiumError("MESSAGE_MALFORMED", "the message is no object");
  const { v, id, attempt } = value as { v?: unknown; id?: unknown; attempt?: unknown };
  if (typeof v === "number" && v !== MESSAGE_VERSION) {
    throw new ApiumError(
      "MESSAGE_VERSION",
      `the message is of version ${v}; this worker knows version ${MESSAGE_VERSION}`,
    );
  }
  if (v !== MESSAGE_VERSION || typeof id !== "string" || !isTaskId(id) || !isAttempt(attempt)) {
    throw new ApiumError("MESSAGE_MALFORMED", "the message lacks v, id or attempt, or they are of the wrong type");
  }
  return { id, attempt };
}

function isAttempt(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value < 2 ** 31;
}
