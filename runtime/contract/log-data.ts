// The data of a log line as JSON text that may be kept: no secrets, no passwords in addresses, bounded in depth, breadth
// and length whatever it was, and what JSON would lose (errors, dates, maps, big integers) as it would be read. Never throws.
import { codeOf, messageOf } from "./errors.ts";
import { HIDDEN } from "./hide-secrets.ts";
import { isSecret } from "./redact.ts";
import { clean } from "./task-error.ts";

/** In characters of JSON; data beyond it is kept as text that was cut. */
export const MAX_LOG_DATA_LENGTH = 8_000;

const MAX_TEXT_LENGTH = 2_000;
const MAX_DEPTH = 5;
const MAX_ENTRIES = 50;
/** Over the whole of the data: breadth to the power of depth is too much. */
const MAX_VALUES = 500;

interface Budget {
  left: number;
}

export function encodeLogData(data: unknown): string | undefined {
  if (data === undefined) return undefined;
  let text: string;
  try {
    text = JSON.stringify(plain(data, MAX_DEPTH, { left: MAX_VALUES })) ?? "null";
  } catch (error) {
    return JSON.stringify(`[cannot be shown: ${clean(messageOf(error), MAX_TEXT_LENGTH)}]`);
  }
  return text.length <= MAX_LOG_DATA_LENGTH ? text : JSON.stringify({ cut: `${text.slice(0, MAX_LOG_DATA_LENGTH)}…` });
}

function plain(value: unknown, depth: number, budget: Budget): unknown {
  if (budget.left-- <= 0) return "…";
  if (value === null || value === undefined || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string") return shownText(value);
  if (typeof value === "function") return "[function]";
  if (typeof value !== "object") return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth === 0) return "…";
  if (value instanceof Error) return plainError(value, depth, budget);
  if (value instanceof Map)
    return plainObject(
      [...value].map(([name, inner]) => [String(name), inner]),
      depth,
      budget,
    );
  if (Array.isArray(value) || value instanceof Set)
    return plainList(Array.isArray(value) ? value : [...value], depth, budget);
  if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON(), depth - 1, budget);
  return plainObject(Object.entries(value), depth, budget);
}

function plainObject(entries: readonly [string, unknown][], depth: number, budget: Budget): object {
  const kept = entries
    .slice(0, MAX_ENTRIES)
    .map(([name, inner]) => [clean(name, 200), isSecret(name, inner) ? HIDDEN : plain(inner, depth - 1, budget)]);
  const more = entries.length - MAX_ENTRIES;
  return Object.fromEntries(more > 0 ? [...kept, ["…", `${more} more`]] : kept);
}

function plainList(items: readonly unknown[], depth: number, budget: Budget): unknown[] {
  const kept = items.slice(0, MAX_ENTRIES).map((inner) => plain(inner, depth - 1, budget));
  const more = items.length - MAX_ENTRIES;
  return more > 0 ? [...kept, `… ${more} more`] : kept;
}

function plainError(error: Error, depth: number, budget: Budget): object {
  const code = codeOf(error);
  return {
    name: shownText(error.name),
    message: shownText(error.message),
    ...(code === undefined ? {} : { code: shownText(code) }),
    ...(error.stack === undefined ? {} : { stack: shownText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: plain(error.cause, depth - 1, budget) }),
  };
}

function shownText(text: unknown): string {
  return clean(String(text), MAX_TEXT_LENGTH);
}
