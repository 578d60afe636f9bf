// What a task says in a line: its parameters without braces, how long it ran.
import { span } from "../../core/format.ts";
import type { Task } from "../../core/shapes.ts";

const MOST_CHARACTERS = 220;
const MOST_VALUE_CHARACTERS = 80;

/** `vendor: NordClean, since: 2026-11-01`. */
export function paramsLine(params: unknown): string {
  if (params === null || typeof params !== "object")
    return params === undefined || params === null ? "" : valueLine(params);
  const parts: string[] = [];
  let length = 0;
  for (const [name, value] of Object.entries(params)) {
    const part = Array.isArray(params) ? valueLine(value) : `${name}: ${valueLine(value)}`;
    parts.push(part);
    length += part.length;
    if (length > MOST_CHARACTERS) break;
  }
  return parts.join(", ");
}

function valueLine(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > MOST_VALUE_CHARACTERS ? `${text.slice(0, MOST_VALUE_CHARACTERS)}…` : text;
}

/** Of its last attempt; while it runs, so far. */
export function ranMs({ startedAt, finishedAt, state }: Task, now: number): number | undefined {
  if (startedAt === null) return undefined;
  if (finishedAt !== null) return Date.parse(finishedAt) - Date.parse(startedAt);
  return state === "STARTED" ? Math.max(0, now - Date.parse(startedAt)) : undefined;
}

export function ranLine(task: Task, now: number): string {
  return span(ranMs(task, now));
}
