// What is told over the bus, as data: its name, what it means, and what it carries. The compiler holds whoever tells it to
// its payload, and docs/reference/events.md is written from these. Events are for watching: whoever misses one looks for
// itself, and nothing waits until it was heard.
import type { z } from "zod";

export interface BusEvent<Payload extends z.ZodType = z.ZodType> {
  /** As listeners know it: `ticket.created`. */
  readonly event: string;
  /** A sentence. */
  readonly meaning: string;
  readonly payload: Payload;
  /** Heard by every process, or by one of each service that listens. Default every. */
  readonly reach?: "every" | "one";
}

/** Keeps the type of the payload. */
export function defineEvent<Payload extends z.ZodType>(event: BusEvent<Payload>): BusEvent<Payload> {
  return event;
}

/** Tells the bus what has happened, after the commit. Never throws, never waits. */
export type Tell = <Payload extends z.ZodType>(event: BusEvent<Payload>, payload: z.input<Payload>) => void;

interface Bus {
  emit(event: string, payload: unknown): Promise<unknown>;
  broadcast(event: string, payload: unknown): Promise<unknown>;
}

/**
 * Over a Moleculer broker.
 * @param onError - is told of events that could not be sent; default nobody.
 */
export function tellOver(bus: Bus, onError: (event: string, error: unknown) => void = () => {}): Tell {
  return ({ event, reach }, payload) => {
    const told = reach === "one" ? bus.emit(event, payload) : bus.broadcast(event, payload);
    Promise.resolve(told).catch((error: unknown) => onError(event, error));
  };
}
