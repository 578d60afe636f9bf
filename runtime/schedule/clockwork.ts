// What makes schedules fire: looks when the next slot falls due, and at least once a second. Any number of these may run,
// in any processes; they agree through the rows. None leads, so none can be lost.
import { detached } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import { type Firing, type FiringParts, fireDue } from "./firing.ts";
import { dueNames, nextDue } from "./store.ts";

const LOOK_EVERY_MS = 1_000;
const AFTER_ERROR_MS = 1_000;
const MOST_NAMES = 500;
const AT_ONCE = 4;
/** Between looks at something due that somebody else holds. */
const HELD_MS = 50;

export class Clockwork {
  readonly #parts: FiringParts;
  readonly #onFiring: (firing: Firing) => void;
  #cancel: Cancel = () => {};
  #looking: Promise<void> | undefined;
  #stopped = true;

  /** `onFiring` hears of what was fired and missed, after the commit. */
  constructor(parts: FiringParts, onFiring: (firing: Firing) => void) {
    this.#parts = parts;
    this.#onFiring = onFiring;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#lookIn(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
  }

  #lookIn(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = detached(() =>
      this.#parts.clock.after(delayMs, () => {
        this.#looking = this.#look().then((next) => {
          this.#looking = undefined;
          this.#lookIn(next);
        });
      }),
    );
  }

  /** Gives the milliseconds until the next look. */
  async #look(): Promise<number> {
    const { clock, database, log } = this.#parts;
    try {
      const names = await dueNames(database, clock.now(), MOST_NAMES);
      const queue = names.values();
      const failures: unknown[] = [];
      let fired = 0;
      const fireFrom = async () => {
        for (const name of queue) {
          await this.#fire(name).then(
            (didFire) => (fired += didFire ? 1 : 0),
            (error: unknown) => failures.push(error),
          );
        }
      };
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, fireFrom));
      if (failures.length > 0) throw failures[0];
      if (names.length === MOST_NAMES && fired > 0) return 0;
      const due = (await nextDue(database)) ?? Number.POSITIVE_INFINITY;
      const soonest = names.length > 0 && fired === 0 ? HELD_MS : 0;
      return Math.min(LOOK_EVERY_MS, Math.max(soonest, due - clock.now()));
    } catch (error) {
      log.warn("the scheduler could not fire what is due; it tries again", error);
      return AFTER_ERROR_MS;
    }
  }

  /** False when somebody else has it. */
  async #fire(name: string): Promise<boolean> {
    if (this.#stopped) return false;
    const firing = await fireDue(this.#parts, name);
    if (firing !== undefined) this.#onFiring(firing);
    return firing !== undefined;
  }
}
