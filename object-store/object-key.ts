// Keys of objects: relative paths of plain segments, the same for a folder and for a bucket.
import { ApiumError } from "../runtime/contract/errors.ts";

const MOST_BYTES = 1_024;
const SEGMENT = /^[A-Za-z0-9_.-]{1,200}$/;

/** @throws ApiumError `OBJECT_KEY_INVALID`. */
export function checkKey(key: string): string {
  const segments = key.split("/");
  const isPlain = segments.every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..");
  if (!isPlain || Buffer.byteLength(key) > MOST_BYTES)
    throw new ApiumError("OBJECT_KEY_INVALID", `"${key.slice(0, 100)}"`);
  return key;
}
