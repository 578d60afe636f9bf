// What a worker does with tasks it has claimed and must not run now, because their type or tenant is paused: puts them
// aside, ends those that were revoked meanwhile, and gives back what could not be put aside.
import type { Database } from "../../database/index.ts";
import type { Log } from "../contract/log.ts";
import type { ClaimedTask } from "../queue/queue.ts";
import { holdTasks } from "./hold.ts";
import type { LostClaims } from "./lost-claims.ts";
import type { Steering } from "./steering.ts";

export interface PutAsideParts {
  readonly database: Database;
  readonly log: Log;
  readonly lostClaims: LostClaims;
  readonly endRevoked: (tasks: readonly ClaimedTask[]) => void;
  readonly giveBack: (tasks: readonly ClaimedTask[]) => Promise<void>;
  /** Their slots are free again. */
  readonly poke: () => void;
}

interface HeldTask {
  readonly claimed: ClaimedTask;
  readonly heldFor: string;
}

export class PutAside {
  readonly #parts: PutAsideParts;

  constructor(parts: PutAsideParts) {
    this.#parts = parts;
  }

  /** The tasks that may run; the others are on their way out. */
  from(tasks: readonly ClaimedTask[], steering: Steering): readonly ClaimedTask[] {
    const free: ClaimedTask[] = [];
    const held: HeldTask[] = [];
    for (const claimed of tasks) {
      const heldFor = steering.heldFor(claimed);
      if (heldFor === undefined) free.push(claimed);
      else held.push({ claimed, heldFor });
    }
    if (held.length === 0) return tasks;
    const waiting = held.map(({ claimed }) => claimed);
    void this.#parts.lostClaims.keep(waiting, this.#hold(held));
    return free;
  }

  async #hold(held: readonly HeldTask[]): Promise<void> {
    const { database, log, endRevoked, giveBack, poke } = this.#parts;
    try {
      const rows = held.map(({ claimed: { id, attempt }, heldFor }) => ({ id, attempt, heldFor }));
      const moved = await holdTasks(database, rows);
      const kept = held.filter(({ claimed }) => !moved.has(claimed.id));
      if (kept.length > 0) endRevoked(kept.map(({ claimed }) => claimed));
    } catch (error) {
      log.warn("paused tasks could not be put aside; they go back", error);
      await giveBack(held.map(({ claimed }) => claimed));
    }
    poke();
  }
}
