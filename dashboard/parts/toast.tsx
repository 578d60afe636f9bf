// What was done, or why it was not: a line at the foot of the page, read aloud, gone by itself.
import { signal } from "@preact/signals";
import { ApiError } from "../core/api.ts";
import { Icon } from "./icon.tsx";

const KEEP_MS = 6_000;
/** Long enough to be reached with the keyboard. */
const KEEP_LINKS_MS = 20_000;
const KEEP_ERRORS_MS = 12_000;

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "good" | "bad";
  readonly href?: string | undefined;
}

const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** @param href - where to see it. */
export function say(text: string, href?: string): void {
  show({ text, tone: "good", href }, href === undefined ? KEEP_MS : KEEP_LINKS_MS);
}

export function sayError(error: unknown): void {
  show({ text: wordsOf(error), tone: "bad" }, KEEP_ERRORS_MS);
}

/** An error as one reads it: its message, and what was wrong with which field. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  const fields = error.fields.map(({ field, message }) => `${field} ${message}`).join("; ");
  return fields === "" ? `${error.message} (${error.code})` : `${error.message}: ${fields}`;
}

function show(toast: Omit<Toast, "id">, keepMs: number): void {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value, { ...toast, id }];
  setTimeout(() => drop(id), keepMs);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status">
      {toasts.value.map(({ id, text, tone, href }) => (
        <div class={`toast ${tone}`} key={id}>
          <Icon name={tone === "good" ? "check" : "alert"} />
          <span>{text}</span>
          {href === undefined ? null : <a href={href}>Show</a>}
          <button type="button" class="button quiet small" aria-label="Dismiss" onClick={() => drop(id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
