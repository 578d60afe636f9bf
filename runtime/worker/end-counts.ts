// How many runs have succeeded and failed in this worker since it began, in all and by task name.

export interface EndCount {
  readonly done: number;
  readonly failed: number;
}

export class EndCounts {
  readonly #byName = new Map<string, { done: number; failed: number }>();
  #done = 0;
  #failed = 0;

  note(name: string, end: keyof EndCount): void {
    let own = this.#byName.get(name);
    if (own === undefined) {
      own = { done: 0, failed: 0 };
      this.#byName.set(name, own);
    }
    own[end]++;
    if (end === "done") this.#done++;
    else this.#failed++;
  }

  total(): EndCount {
    return { done: this.#done, failed: this.#failed };
  }

  byName(): Readonly<Record<string, EndCount>> {
    return Object.fromEntries([...this.#byName].map(([name, counts]) => [name, { ...counts }]));
  }
}
