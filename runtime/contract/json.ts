// What crosses a process border is JSON and nothing else. Sizes are counted in bytes, the same on both backends.
import { ApiumError, messageOf } from "./errors.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const MAX_PARAMS_BYTES = 256 * 1024;
export const MAX_RESULT_BYTES = 1024 * 1024;

/** JSON text of parameters. @throws ApiumError `PARAMS_INVALID`, `PARAMS_TOO_LARGE`. */
export function encodeParams(params: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(params ?? {});
  } catch (cause) {
    throw new ApiumError("PARAMS_INVALID", `the parameters are not JSON: ${messageOf(cause)}`, { cause });
  }
  if (text === undefined) throw new ApiumError("PARAMS_INVALID", "the parameters are not JSON");
  // A character is at most three bytes of UTF-8, so short texts need no counting.
  if (text.length * 3 > MAX_PARAMS_BYTES && Buffer.byteLength(text) > MAX_PARAMS_BYTES) {
    throw new ApiumError(
      "PARAMS_TOO_LARGE",
      `the parameters are ${Buffer.byteLength(text)} bytes of JSON, ${MAX_PARAMS_BYTES} are allowed`,
    );
  }
  return text;
}

/** JSON text of a result; `undefined` when the handler returned nothing. @throws ApiumError `RESULT_NOT_JSON`, `RESULT_TOO_LARGE`. */
export function encodeResult(result: unknown): string | undefined {
  if (result === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(result);
  } catch (cause) {
    throw new ApiumError("RESULT_NOT_JSON", `the result is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (text === undefined) throw new ApiumError("RESULT_NOT_JSON", `a ${typeof result} is not JSON`);
  if (text.length * 3 > MAX_RESULT_BYTES && Buffer.byteLength(text) > MAX_RESULT_BYTES) {
    throw new ApiumError(
      "RESULT_TOO_LARGE",
      `the result is ${Buffer.byteLength(text)} bytes of JSON, ${MAX_RESULT_BYTES} are allowed`,
    );
  }
  return text;
}

/** JSON text with sorted keys: equal payloads give equal texts, however they were written. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
