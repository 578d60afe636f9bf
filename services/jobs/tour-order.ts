// In which order the checkpoints of a tour are visited: as they are numbered, by the route, or by chance and then by the
// route. A route that fails, takes too long or loses a checkpoint stops no tour: it goes by the numbers, and that is told.
import { messageOf, type Random } from "../../runtime/index.ts";
import { type Place, type RouteService, shuffled } from "./route.ts";

/** For all tours of one job together: its row is locked meanwhile, and a transaction must not be silent for long. */
export const ROUTE_BUDGET_MS = 4_000;

export interface TourOrderRule {
  readonly isRandomized: boolean;
  readonly tourFrequency: number;
}

export interface TourOrder<Of extends Place> {
  /** The order of the next tour: the same each time, unless the tour is random. */
  next(): Promise<readonly Of[]>;
  /** Why tours go by the numbers although a route was asked for; undefined when every route was found. */
  readonly problem: string | undefined;
  /** How many of them. */
  readonly unrouted: number;
}

interface Ways {
  readonly routes: RouteService;
  readonly random: Random;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
}

export function tourOrder<Of extends Place & { readonly id: number }>(
  stops: readonly Of[],
  { isRandomized, tourFrequency }: TourOrderRule,
  { routes, random, monotonic }: Ways,
): TourOrder<Of> {
  const isRandom = isRandomized && stops.length > 1;
  const isRouted = isRandom || (tourFrequency > 1 && stops.length > 1);
  const endsAt = monotonic() + ROUTE_BUDGET_MS;
  let problem: string | undefined;
  let unrouted = 0;
  let fixed: readonly Of[] | undefined;

  async function route(order: readonly Of[]): Promise<readonly Of[]> {
    if (problem === undefined) {
      try {
        const found = await within(endsAt - monotonic(), routes.optimise(order));
        checkRoute(stops, found);
        return found;
      } catch (error) {
        problem = messageOf(error);
      }
    }
    unrouted += 1;
    return stops;
  }

  return {
    async next() {
      if (!isRouted) return stops;
      if (isRandom) return route(shuffled(stops, random));
      // Without a route each of its tours is one that has none.
      if (fixed !== undefined && problem === undefined) return fixed;
      fixed = await route(stops);
      return fixed;
    },
    get problem() {
      return problem;
    },
    get unrouted() {
      return unrouted;
    },
  };
}

async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the route took too long")), Math.max(limitMs, 0));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function checkRoute<Of extends Place & { readonly id: number }>(stops: readonly Of[], found: readonly Of[]): void {
  const ids = new Set(found.map(({ id }) => id));
  if (found.length !== stops.length || !stops.every(({ id }) => ids.has(id))) {
    throw new Error("the route does not visit each checkpoint once");
  }
  if (!found.every(({ travelTime }) => Number.isFinite(travelTime) && travelTime >= 0)) {
    throw new Error("the route has a way without a time");
  }
}
