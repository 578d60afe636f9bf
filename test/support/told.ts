/** What is told over the bus, held against its contract wherever a test causes it. */
import type { Context, ServiceSchema } from "moleculer";
import type { BusEvent, Tell } from "../../runtime/index.ts";
import { PLATFORM_EVENTS } from "../../runtime/moleculer/index.ts";
import { SERVICES } from "../../services/index.ts";

export interface Told {
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const CONTRACTS: ReadonlyMap<string, readonly BusEvent[]> = Map.groupBy(
  [...PLATFORM_EVENTS, ...SERVICES.flatMap(({ events = [] }) => events)],
  ({ event }) => event,
);

/** Why a payload is not what the event's contract says, in a line; `undefined` when it is. An event may have two forms. */
export function breachOf(event: string, payload: unknown): string | undefined {
  const contracts = CONTRACTS.get(event);
  if (contracts === undefined) return `${event} is told, and is no event of the product`;
  // As it arrives in another process; nothing arrives as null.
  const arrived: unknown = payload === undefined || payload === null ? undefined : JSON.parse(JSON.stringify(payload));
  if (contracts.some((contract) => contract.payload.safeParse(arrived).success)) return undefined;
  return `${event} carries something else than its contract says: ${JSON.stringify(arrived)}`;
}

/** A `Tell` that keeps what it is told. @throws Error for a breach of contract, into the code under test. */
export function hearInto(told: Told[]): Tell {
  return ({ event }, payload) => {
    const breach = breachOf(event, payload);
    if (breach !== undefined) throw new Error(breach);
    told.push({ event, payload: payload as Told["payload"] });
  };
}

/** Hears everything on a broker, and keeps the breaches. */
export function contractKeeper(breaches: string[]): ServiceSchema {
  return {
    name: "contract-keeper",
    events: {
      "**"(ctx: Context<unknown>) {
        const breach = ctx.eventName?.startsWith("$") ? undefined : breachOf(ctx.eventName ?? "", ctx.params);
        if (breach !== undefined) breaches.push(breach);
      },
    },
  };
}
