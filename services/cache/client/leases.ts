// A lease on one key, from asking for it to filling the key or giving it back. The lease is what keeps old data out: every
// invalidation ends it, and a fill without it is refused. So a value read from the database before a commit cannot be
// cached after the invalidation that follows the commit.
import { ApiumError, type Clock, type Log, messageOf, type Random } from "../../../runtime/index.ts";
import type { ClientCounts } from "./counts.ts";
import type { Flight } from "./flight.ts";
import type { Plan } from "./plan.ts";
import type { Reach } from "./reach.ts";

const SILENT_MS = 1_000;

export type Leased =
  | { readonly state: "hit"; readonly value: unknown }
  | { readonly state: "stale"; readonly value: unknown; readonly lease?: string | null | undefined }
  | { readonly state: "granted"; readonly lease: string }
  | { readonly state: "busy"; readonly retryInMs: number };

export interface LeaseParts {
  readonly reach: Reach;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counts: ClientCounts;
  /** Aborts when the process stops. */
  readonly stopping: AbortSignal;
  /** `cache` and `version`, which go with every call. */
  readonly scope: object;
}

export class Leases {
  readonly #parts: LeaseParts;
  #silentUntil = 0;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** A key the service refuses is no reason to have no value: it is computed, and the log says why. */
  async ask(plan: Plan): Promise<Leased | undefined> {
    const { reach, scope } = this.#parts;
    const { key, staleMs, leaseMs } = plan;
    const stale = staleMs > 0 ? { staleFor: staleMs } : {};
    const late = (leased: Leased) => {
      if ("lease" in leased && leased.lease) this.#release(leased.lease, plan);
    };
    try {
      return await reach.ask<Leased>("lease", { ...scope, key, leaseFor: leaseMs, ...stale }, late);
    } catch (error) {
      this.#warn(key, error);
      return undefined;
    }
  }

  /** @throws ApiumError `RESULT_NOT_JSON`; whatever the computation throws. */
  async compute({ compute }: Plan): Promise<unknown> {
    this.#parts.counts.computed++;
    return jsonOf(await compute(this.#parts.stopping));
  }

  /** Computes under a lease and stores the value, unless something is against it. */
  async computeAndFill(
    lease: string,
    plan: Plan,
    flight: Flight,
  ): Promise<{ readonly value: unknown; readonly isStored: boolean }> {
    let value: unknown;
    let isKept: boolean;
    try {
      value = await this.compute(plan);
      isKept = value !== undefined && plan.ttlMs > 0 && plan.isKept(value);
    } catch (error) {
      this.#release(lease, plan);
      throw error;
    }
    if (isKept && !flight.isUnfit) return { value, isStored: await this.#fill(lease, plan, value) };
    if (isKept) this.#parts.counts.fillsRefused++;
    this.#release(lease, plan);
    return { value, isStored: false };
  }

  async #fill(lease: string, plan: Plan, value: unknown): Promise<boolean> {
    const { reach, scope, counts } = this.#parts;
    const { key, staleMs, tags } = plan;
    const stale = staleMs > 0 ? { staleFor: staleMs } : {};
    const tagged = tags.length > 0 ? { tags } : {};
    try {
      const params = { ...scope, key, value, lease, ttl: this.#spread(plan), ...stale, ...tagged };
      const answer = await reach.ask<{ stored: boolean }>("fill", params);
      if (answer?.stored === true) return true;
      if (answer === undefined) counts.writesDropped++;
      else counts.fillsRefused++;
    } catch (error) {
      this.#warn(key, error);
    }
    // Whatever was against it, nobody shall wait for a value that is not coming.
    this.#release(lease, plan);
    return false;
  }

  /** Lets the next caller begin. Nobody waits for it: a lease that is not given back ends by itself. */
  #release(lease: string, { key }: Plan): void {
    const { reach, scope } = this.#parts;
    reach.ask("release", { ...scope, key, lease }).catch(() => {});
  }

  #spread({ ttlMs, jitter }: Plan): number {
    return Math.max(1, Math.round(ttlMs * (1 + jitter * (2 * this.#parts.random.fraction() - 1))));
  }

  /** Not more than once a second: keys may come from users. */
  #warn(key: string, error: unknown): void {
    const { clock, log } = this.#parts;
    if (clock.monotonic() < this.#silentUntil) return;
    this.#silentUntil = clock.monotonic() + SILENT_MS;
    log.warn(`cache: ${JSON.stringify(key).slice(0, 100)} cannot be cached: ${messageOf(error)}`);
  }
}

/** What a later reader will be given, so that the first one is given the same. */
function jsonOf(value: unknown): unknown {
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new ApiumError("RESULT_NOT_JSON", `the computed value is not JSON: ${messageOf(cause)}`, { cause });
  }
}
