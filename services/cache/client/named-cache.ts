// One named cache as services hold it: each method is a call of the service with the cache's name and version, and what
// stands for an answer when there is none.
import type { Transaction } from "../../../database/index.ts";
import type { Clock, Duration, Random } from "../../../runtime/index.ts";
import type { Cache, CacheName, LockOptions, Lookup, RememberOptions, SetOneOptions, SetOptions } from "./cache.ts";
import type { ClientCounts } from "./counts.ts";
import { Invalidation } from "./invalidation.ts";
import { underLock } from "./lock.ts";
import type { Postponed } from "./postponed.ts";
import type { Reach } from "./reach.ts";
import type { Remember } from "./remember.ts";
import { EVERYTHING, type Untrue } from "./untrue.ts";

/** What the service takes in one call. */
const MOST_KEYS = 1_000;
const MOST_TAGS = 200;

export interface NamedCacheParts {
  readonly name: CacheName;
  readonly version: number;
  readonly reach: Reach;
  readonly clock: Clock;
  readonly random: Random;
  readonly counts: ClientCounts;
  readonly remember: Remember;
  readonly postponed: Postponed;
  readonly named: (name: CacheName, version?: number) => Cache;
  /** `cache` and `version`, which go with every call. */
  readonly scope: object;
}

export class NamedCache implements Cache {
  readonly #parts: NamedCacheParts;
  readonly #invalidations = new WeakMap<Transaction, Invalidation>();

  constructor(parts: NamedCacheParts) {
    this.#parts = parts;
  }

  get name(): CacheName {
    return this.#parts.name;
  }

  get version(): number {
    return this.#parts.version;
  }

  named(name: CacheName, version?: number): Cache {
    return this.#parts.named(name, version);
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    const found = await this.lookup<Value>(key);
    return found.state === "found" ? found.value : undefined;
  }

  async lookup<Value>(key: string): Promise<Lookup<Value>> {
    const answer = await this.#ask<{ found: boolean; value: Value; isAway?: boolean }>("get", { key });
    if (answer === undefined || answer.isAway === true) return { state: "unknown" };
    return answer.found ? { state: "found", value: answer.value } : { state: "missing" };
  }

  async getMany<Value>(keys: readonly string[]): Promise<Map<string, Value>> {
    const answers = await Promise.all(
      inParts(keys, MOST_KEYS).map((part) => this.#ask<{ values: Record<string, Value> }>("getMany", { keys: part })),
    );
    return new Map(answers.flatMap((answer) => Object.entries(answer?.values ?? {})));
  }

  async set(key: string, value: unknown, options: SetOneOptions = {}): Promise<boolean> {
    const answer = await this.#write<{ stored: boolean }>("set", { key, value, ...given(options) }, [key]);
    return answer?.stored === true;
  }

  async setMany(values: Readonly<Record<string, unknown>>, options: SetOptions = {}): Promise<number> {
    const answers = await Promise.all(
      inParts(Object.entries(values), MOST_KEYS).map((part) => {
        const keys = part.map(([key]) => key);
        const params = { values: Object.fromEntries(part), ...given(options) };
        return this.#write<{ stored: number }>("setMany", params, keys);
      }),
    );
    return answers.reduce((sum, answer) => sum + (answer?.stored ?? 0), 0);
  }

  delete(key: string): Promise<number> {
    return this.#invalidate("delete", { key }, { keys: [key] });
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const parts = inParts(keys, MOST_KEYS).map((part) =>
      this.#invalidate("deleteMany", { keys: part }, { keys: part }),
    );
    return (await Promise.all(parts)).reduce((sum, deleted) => sum + deleted, 0);
  }

  deletePattern(pattern: string): Promise<number> {
    return this.#invalidate("deletePattern", { pattern }, { pattern });
  }

  async invalidateTags(tags: readonly string[]): Promise<number> {
    const parts = inParts(tags, MOST_TAGS).map((part) =>
      this.#invalidate("invalidateTags", { tags: part }, { tags: part }),
    );
    return (await Promise.all(parts)).reduce((sum, deleted) => sum + deleted, 0);
  }

  clear(): Promise<number> {
    return this.#invalidate("clear", {}, EVERYTHING);
  }

  async incr(key: string, by = 1): Promise<number | undefined> {
    return (await this.#write<{ value: number }>("incr", { key, by }, [key]))?.value;
  }

  async decr(key: string, by = 1): Promise<number | undefined> {
    return (await this.#write<{ value: number }>("decr", { key, by }, [key]))?.value;
  }

  async touch(key: string, ttl: Duration | null): Promise<boolean> {
    const answer = await this.#ask<{ touched: boolean }>("touch", { key, ttl });
    if (answer === undefined) this.#parts.counts.writesDropped++;
    return answer?.touched === true;
  }

  remember<Value>(
    key: string,
    options: RememberOptions<Value>,
    compute: (signal: AbortSignal) => Promise<Value> | Value,
  ): Promise<Value> {
    return this.#parts.remember.get(key, options, compute);
  }

  lock<Result>(
    name: string,
    options: LockOptions,
    work: (signal: AbortSignal) => Promise<Result> | Result,
  ): Promise<Result> {
    return underLock(name, options, work, this.#parts);
  }

  afterCommit(tx: Transaction): Invalidation {
    let invalidation = this.#invalidations.get(tx);
    if (invalidation === undefined) {
      invalidation = new Invalidation(tx, this);
      this.#invalidations.set(tx, invalidation);
    }
    return invalidation;
  }

  #ask<Answer>(action: string, params: object): Promise<Answer | undefined> {
    return this.#parts.reach.ask<Answer>(action, { ...this.#parts.scope, ...params });
  }

  /** This process forgets at once, and again when it is done: what was read in between may be the old value. */
  async #write<Answer>(action: string, params: object, keys: readonly string[]): Promise<Answer | undefined> {
    const { remember, counts } = this.#parts;
    remember.forget({ keys }, "us");
    try {
      const answer = await this.#ask<Answer>(action, params);
      if (answer === undefined) counts.writesDropped++;
      return answer;
    } finally {
      remember.forget({ keys }, "us");
    }
  }

  async #invalidate(action: string, params: object, untrue: Untrue): Promise<number> {
    const { remember, postponed, scope } = this.#parts;
    remember.forget(untrue, "us");
    try {
      const answer = await this.#ask<{ deleted: number }>(action, params);
      if (answer === undefined) postponed.add({ action, params: { ...scope, ...params } });
      return answer?.deleted ?? 0;
    } finally {
      remember.forget(untrue, "us");
    }
  }
}

function inParts<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}

/** Options without those that are `undefined`: the service's schema takes an option or its absence. */
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
