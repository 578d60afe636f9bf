// What happens, as it happens: one connection for the whole page, which the browser makes again by itself with the number
// of the last message it had. Whoever shows something says which events concern it.
import { signal } from "@preact/signals";

/** As `/events` names them; `tasks` comes gathered, at most four times a second. */
export const EVENTS = [
  "tasks",
  "schedule.fired",
  "schedule.missed",
  "ticket.created",
  "ticket.updated",
  "ticket.escalated",
  "jobneed.completed",
  "jobneed.autoclosed",
  "facility.imported",
] as const;
export type EventName = (typeof EVENTS)[number];

export type Connection = "connecting" | "live" | "lost";
export const connection = signal<Connection>("connecting");

export interface TaskEvent {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly at: number;
  readonly worker?: string;
  readonly runtimeMs?: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly progress?: { readonly fraction: number; readonly message?: string };
  /** Milliseconds since the epoch. */
  readonly retryAt?: number;
}

export interface TasksMessage {
  readonly events: readonly TaskEvent[];
  readonly counts: Readonly<Record<string, number>>;
}

type Listener = (data: unknown) => void;
const listeners = new Map<EventName | "reset", Set<Listener>>();

/** Calls `listener` with each such message; the answer stops it. `reset`: something was missed, look at everything anew. */
export function on(event: EventName | "reset", listener: Listener): () => void {
  const own = listeners.get(event) ?? new Set();
  listeners.set(event, own.add(listener));
  return () => own.delete(listener);
}

/** Once, at the start of the page. */
export function connect(): void {
  const source = new EventSource("/events");
  source.addEventListener("open", () => {
    connection.value = "live";
  });
  source.addEventListener("error", () => {
    // A browser does not try again when it was refused: the session may have ended, or too many watch.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 5_000);
    connection.value = "lost";
  });
  for (const event of [...EVENTS, "reset"] as const) {
    source.addEventListener(event, ({ data }: MessageEvent<string>) => {
      const message: unknown = JSON.parse(data);
      for (const listener of listeners.get(event) ?? []) listener(message);
    });
  }
}
