// Who knows the way between checkpoints. Without a service for it, the stops keep the order they are given in.
import type { Random } from "../../runtime/index.ts";
import type { Stop } from "./tour.ts";

export interface Place extends Stop {
  readonly latitude: number | null;
  readonly longitude: number | null;
}

export interface RouteService {
  /** The same stops in a good order, with the way to each. May reject: the tour then goes by the numbers. */
  optimise<Of extends Place>(stops: readonly Of[]): Promise<Of[]>;
}

/** Knows no ways: the order and the times stay. */
export const noRoutes: RouteService = { optimise: async (stops) => [...stops] };

/** Every order as likely as any other (Fisher and Yates). */
export function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random.fraction() * (last + 1));
    [order[last], order[other]] = [order[other] as Value, order[last] as Value];
  }
  return order;
}
