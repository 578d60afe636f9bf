// Invalidations that nobody heard are sent again until somebody does: a cache that was away and comes back with its
// values would else give out what was made untrue meanwhile. Sending one twice costs a miss and nothing more.
// Kept in memory only, and only so many.
import type { Clock, Log } from "../../../runtime/index.ts";
import type { ClientCounts } from "./counts.ts";
import type { Reach } from "./reach.ts";

const AGAIN_AFTER_MS = 1_000;
const MOST = 1_000;

interface Call {
  readonly action: string;
  readonly params: object;
}

export interface PostponedParts {
  readonly reach: Reach;
  readonly clock: Clock;
  readonly log: Log;
  readonly counts: ClientCounts;
}

export class Postponed {
  readonly #parts: PostponedParts;
  /** By their text, so that each waits once. */
  readonly #calls = new Map<string, Call>();
  #cancel: (() => void) | undefined;
  #isSending = false;

  constructor(parts: PostponedParts) {
    this.#parts = parts;
  }

  add(call: Call): void {
    const { counts, log } = this.#parts;
    const text = JSON.stringify(call);
    if (this.#calls.size >= MOST && !this.#calls.has(text)) {
      if (counts.invalidationsLost++ === 0) log.error(`cache: ${MOST} invalidations wait to be heard; more are lost`);
      return;
    }
    counts.invalidationsPostponed++;
    this.#calls.set(text, call);
    this.#later();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#calls.clear();
  }

  #later(): void {
    if (this.#isSending) return;
    this.#cancel ??= this.#parts.clock.after(AGAIN_AFTER_MS, () => {
      this.#cancel = undefined;
      void this.#send();
    });
  }

  /** In order, as long as they are heard; what is not heard waits for the next time. */
  async #send(): Promise<void> {
    this.#isSending = true;
    for (const [text, { action, params }] of this.#calls) {
      const isHeard = await this.#parts.reach.ask(action, params).then(
        (answer) => answer !== undefined,
        () => true,
      );
      if (!isHeard) break;
      this.#calls.delete(text);
    }
    this.#isSending = false;
    if (this.#calls.size > 0) this.#later();
  }
}
