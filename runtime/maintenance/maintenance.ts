// Every background duty of a process, by name and by its interval. A duty that fails is logged and comes again; none
// waits for another.
import { detached } from "../../database/index.ts";
import type { Cancel } from "../contract/clock.ts";
import type { Foundation } from "../contract/foundation.ts";

export interface Duty {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<void>;
}

export class Maintenance {
  readonly #parts: Foundation;
  readonly #duties: readonly Duty[];
  readonly #cancels = new Map<Duty, Cancel>();
  readonly #running = new Map<Duty, Promise<void>>();
  #stopped = true;

  constructor(parts: Foundation, duties: readonly Duty[]) {
    this.#parts = parts;
    this.#duties = duties;
  }

  start(): void {
    this.#stopped = false;
    for (const duty of this.#duties) this.#schedule(duty, 0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels.values()) cancel();
    await Promise.all(this.#running.values());
  }

  #schedule(duty: Duty, delayMs: number): void {
    if (this.#stopped) return;
    this.#cancels.set(
      duty,
      detached(() =>
        this.#parts.clock.after(delayMs, () => {
          const run = duty
            .run()
            .catch((error: unknown) => this.#parts.log.warn(`${duty.name} failed; it comes again`, error))
            .finally(() => {
              this.#running.delete(duty);
              this.#schedule(duty, duty.everyMs);
            });
          this.#running.set(duty, run);
        }),
      ),
    );
  }
}
