// Bytes on a task subject that are no task: kept as a dead letter, then taken out of the stream. Never a retry, never a
// crash; when the dead letter cannot be written the message goes back until it can.
import { type Database, textArray } from "../../../database/index.ts";
import type { Foundation } from "../../contract/foundation.ts";
import { describeError } from "../../contract/task-error.ts";
import type { Delivery } from "./lane-pull.ts";

const KEEP_BYTES = 4_096;
const RETURN_DELAY_MS = 5_000;

export async function keepMalformed(
  database: Database,
  delivery: Delivery,
  error: unknown,
  parts: Foundation,
): Promise<void> {
  const described = describeError(error, "MESSAGE_MALFORMED");
  parts.log.warn(`a message on ${delivery.subject} is no task: ${described.message}`);
  try {
    await database.query(
      `insert into dead_letter (queue, subject, raw, error)
       select u.queue, u.subject, decode(u.raw, 'base64'), u.error
       from unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::json[]) as u(queue, subject, raw, error)`,
      [
        textArray([delivery.lane.name.queue]),
        textArray([delivery.subject.replaceAll("\0", "")]),
        textArray([Buffer.from(delivery.data.subarray(0, KEEP_BYTES)).toString("base64")]),
        textArray([JSON.stringify(described)]),
      ],
    );
    delivery.lane.terminate(delivery);
  } catch (cause) {
    parts.log.warn("a malformed message could not be kept as a dead letter; it goes back", cause);
    delivery.lane.giveBack(delivery, RETURN_DELAY_MS);
  }
}
