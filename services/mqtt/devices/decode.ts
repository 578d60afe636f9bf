// A device's payload as an object: base64 of zlib of JSON, as the phones send it, or JSON as it is. What is too large,
// before or after it is inflated, too deep, of too many values, or no JSON is refused before it costs anything. Pure.
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { ApiumError } from "../../../runtime/index.ts";
import { MAX_PAYLOAD_BYTES } from "../topics.ts";
import { shapeOf } from "./json-shape.ts";

/** A photo within a message is the largest that is expected. */
export const MOST_INFLATED_BYTES = 10 * 1_048_576;
const DEEPEST = 32;
/** Five thousand records of fifty fields. Parsed, so many take some tens of milliseconds. */
export const MOST_VALUES = 250_000;
const JSON_BEGIN = /^\s*\{/;
/** One class of characters: with anything behind it this would take minutes to refuse a megabyte of spaces. */
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

const inflated = promisify(inflate);

/** @throws ApiumError `PAYLOAD_MALFORMED`. */
export async function decode(payload: Buffer): Promise<Readonly<Record<string, unknown>>> {
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw malformed(`it is ${payload.length} bytes; ${MAX_PAYLOAD_BYTES} are allowed`);
  const text = JSON_BEGIN.test(payload.subarray(0, 100).toString("latin1"))
    ? payload
    : await unpack(payload.toString("latin1"));
  const { depth, values } = shapeOf(text, { depth: DEEPEST, values: MOST_VALUES });
  if (depth > DEEPEST) throw malformed(`it is nested more than ${DEEPEST} levels deep`);
  if (values > MOST_VALUES) throw malformed(`it has more than ${MOST_VALUES} values`);
  let value: unknown;
  try {
    value = JSON.parse(text.toString("utf8"));
  } catch {
    throw malformed("it is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("it is no JSON object");
  return value as Readonly<Record<string, unknown>>;
}

async function unpack(text: string): Promise<Buffer> {
  if (!BASE64.test(text)) throw malformed("it is neither JSON nor base64");
  try {
    return await inflated(Buffer.from(text, "base64"), { maxOutputLength: MOST_INFLATED_BYTES });
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    throw malformed(isTooLarge ? `it inflates to more than ${MOST_INFLATED_BYTES} bytes` : "it does not inflate");
  }
}

function malformed(why: string): ApiumError {
  return new ApiumError("PAYLOAD_MALFORMED", why);
}
