// How a process leaves: told to, it says so to whoever asks, works off what it has, and only then stops. A service that
// answers others from outside takes part: the broker, and with it every call, must be there until its last answer is out.

/** A service's part in it. */
export interface Farewell {
  /** The process has been told to leave and still works. Must not throw. */
  announce(): void;
  /** Resolves when the last answer is out. The broker is there until then. */
  finish(): Promise<void>;
}

export class Leaving {
  readonly #farewells: Farewell[] = [];

  add(farewell: Farewell): void {
    this.#farewells.push(farewell);
  }

  announce(): void {
    for (const farewell of this.#farewells) farewell.announce();
  }

  async finish(): Promise<void> {
    await Promise.all(this.#farewells.map((farewell) => farewell.finish()));
  }
}
