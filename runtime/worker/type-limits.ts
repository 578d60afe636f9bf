// How many tasks of one type run at once in this worker (`concurrency` of a task). A claimed task that finds its type
// full is parked: it is started as soon as one of its type ends. What may be parked is bounded.
import type { ClaimedTask } from "../queue/queue.ts";

interface TypeState {
  running: number;
  readonly limit: number;
  readonly parked: ClaimedTask[];
}

export class TypeLimits {
  readonly #types = new Map<string, TypeState>();
  readonly #mostParked: number;

  constructor(mostParked: number) {
    this.#mostParked = mostParked;
  }

  /** `run`: it may start, and counts until `leave`. `parked`: it waits here. `full`: it cannot even wait here. */
  enter(claimed: ClaimedTask, limit: number): "run" | "parked" | "full" {
    const state = this.#types.get(claimed.name) ?? { running: 0, limit, parked: [] };
    this.#types.set(claimed.name, state);
    if (state.running < limit) {
      state.running++;
      return "run";
    }
    if (state.parked.length >= this.#mostParked) return "full";
    state.parked.push(claimed);
    return "parked";
  }

  /** One of its type has ended; the answer is the next that may enter. */
  leave(name: string): ClaimedTask | undefined {
    const state = this.#types.get(name);
    if (state === undefined) return undefined;
    state.running--;
    return state.parked.shift();
  }

  /** Names of types that run as many as they may. */
  full(): string[] {
    return [...this.#types].filter(([, { running, limit }]) => running >= limit).map(([name]) => name);
  }

  parked(): ClaimedTask[] {
    return [...this.#types.values()].flatMap(({ parked }) => parked);
  }

  /** Takes one attempt out of the parking place, if it is there. */
  remove(id: string, attempt: number): ClaimedTask | undefined {
    for (const { parked } of this.#types.values()) {
      const index = parked.findIndex((claimed) => claimed.id === id && claimed.attempt === attempt);
      if (index >= 0) return parked.splice(index, 1)[0];
    }
    return undefined;
  }

  /** Empties the parking place. */
  unpark(): ClaimedTask[] {
    return [...this.#types.values()].flatMap(({ parked }) => parked.splice(0));
  }
}
