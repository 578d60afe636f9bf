// What happens, as it happens: one connection for the whole page, made again with the number of the last message it had, by the
// browser where it can and else from here. One that is silent is lost, whatever the browser believes of it. Whoever shows
// something says which events concern it.
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

/** The server says every 15 s that it is there. */
const SILENT_MS = 40_000;
const AGAIN_AFTER_MS = 5_000;

type Listener = (data: unknown) => void;
const listeners = new Map<EventName | "reset", Set<Listener>>();
let lastId = "";
let hasBeenOpen = false;

/** Calls `listener` with each such message; the answer stops it. `reset`: something was missed, look at everything anew. */
export function on(event: EventName | "reset", listener: Listener): () => void {
  const own = listeners.get(event) ?? new Set();
  listeners.set(event, own.add(listener));
  return () => own.delete(listener);
}

/** Once, at the start of the page. */
export function connect(): void {
  const source = new EventSource(lastId === "" ? "/events" : `/events?lastEventId=${encodeURIComponent(lastId)}`);
  let silence: number | undefined;
  const heard = () => {
    connection.value = "live";
    clearTimeout(silence);
    silence = setTimeout(() => again(0), SILENT_MS);
  };
  const again = (afterMs: number) => {
    clearTimeout(silence);
    source.close();
    connection.value = "lost";
    setTimeout(connect, afterMs);
  };
  source.addEventListener("open", () => {
    heard();
    // Nobody can tell what was missed.
    if (hasBeenOpen && lastId === "") tell("reset", {});
    hasBeenOpen = true;
  });
  source.addEventListener("error", () => {
    connection.value = "lost";
    // A browser does not try again when it was refused: the session may have ended, or too many watch.
    if (source.readyState === EventSource.CLOSED) again(AGAIN_AFTER_MS);
  });
  source.addEventListener("ping", heard);
  for (const event of [...EVENTS, "reset"] as const) {
    source.addEventListener(event, ({ data, lastEventId }: MessageEvent<string>) => {
      heard();
      lastId = lastEventId;
      tell(event, JSON.parse(data));
    });
  }
}

function tell(event: EventName | "reset", message: unknown): void {
  for (const listener of listeners.get(event) ?? []) listener(message);
}
