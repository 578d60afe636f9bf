// A device's payload as an object: base64 of zlib of JSON, as the phones send it, or JSON as it is. What is too large,
// before or after it is inflated, too deep, or no JSON is refused before it costs anything. Pure.
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { ApiumError } from "../../../runtime/index.ts";
import { MAX_PAYLOAD_BYTES } from "../topics.ts";

/** A photo within a message is the largest that is expected. */
export const MOST_INFLATED_BYTES = 10 * 1_048_576;
const DEEPEST = 32;
const JSON_BEGIN = /^\s*\{/;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

const inflated = promisify(inflate);

/** @throws ApiumError `PAYLOAD_MALFORMED`. */
export async function decode(payload: Buffer): Promise<Readonly<Record<string, unknown>>> {
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw malformed(`it is ${payload.length} bytes; ${MAX_PAYLOAD_BYTES} are allowed`);
  const text = JSON_BEGIN.test(payload.subarray(0, 100).toString("latin1"))
    ? payload.toString("utf8")
    : await unpack(payload.toString("latin1"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("it is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("it is no JSON object");
  if (isDeeper(value, DEEPEST)) throw malformed(`it is nested more than ${DEEPEST} levels deep`);
  return value as Readonly<Record<string, unknown>>;
}

async function unpack(text: string): Promise<string> {
  if (!BASE64.test(text)) throw malformed("it is neither JSON nor base64");
  try {
    const bytes = await inflated(Buffer.from(text, "base64"), { maxOutputLength: MOST_INFLATED_BYTES });
    return bytes.toString("utf8");
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    throw malformed(isTooLarge ? `it inflates to more than ${MOST_INFLATED_BYTES} bytes` : "it does not inflate");
  }
}

/** Level by level, so that no depth can exhaust the stack. */
function isDeeper(value: object, most: number): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((each) => Object.values(each).filter((inner) => typeof inner === "object" && inner !== null));
  }
  return false;
}

function malformed(why: string): ApiumError {
  return new ApiumError("PAYLOAD_MALFORMED", why);
}
