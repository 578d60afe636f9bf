// Values kept in this process for a short time: at most so many of them, the least recently used one leaves first.
// Kept as JSON text, so that nobody can change what another will be given.
import type { Clock } from "../../../runtime/index.ts";

interface Entry {
  readonly text: string;
  readonly until: number;
}

export class FirstLevel {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #capacity: number;

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The JSON text, or `undefined`. */
  get(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= this.#clock.monotonic()) return undefined;
    this.#entries.set(key, entry);
    return entry.text;
  }

  keep(key: string, text: string, forMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { text, until: this.#clock.monotonic() + forMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
