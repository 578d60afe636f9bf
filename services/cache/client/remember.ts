// `remember` of one named cache: looks in this process, then asks the service for a lease on the key, and computes when
// it is granted one. Whoever asks for a key that is under way here joins; whoever asks elsewhere waits for the lease.
import { detached } from "../../../database/index.ts";
import { messageOf } from "../../../runtime/index.ts";
import type { RememberOptions } from "./cache.ts";
import { FirstLevel } from "./first-level.ts";
import { Flight } from "./flight.ts";
import { type LeaseParts, Leases } from "./leases.ts";
import { type Plan, planOf } from "./plan.ts";
import { namer, type Untrue } from "./untrue.ts";

/** A busy key is asked about this often and then ever less often: a lease given back is not told of. */
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 500;
/** So many leases are waited for: that of a holder who has died, and that of whoever computes after it. */
const LEASES_WAITED_FOR = 2;

export interface FirstLevelParts {
  readonly entries: number;
  /** Whether broadcasts cannot be counted on: then nothing is kept here. */
  readonly isDeaf: () => boolean;
}

export class Remember {
  readonly #parts: LeaseParts;
  readonly #isDeaf: () => boolean;
  readonly #leases: Leases;
  readonly #level: FirstLevel;
  /** Those that may be joined, by their key. */
  readonly #flights = new Map<string, Flight>();
  /** These and the others: spoilt ones, and refreshes in the background. */
  readonly #underWay = new Set<Flight>();

  constructor(parts: LeaseParts, { entries, isDeaf }: FirstLevelParts) {
    this.#parts = parts;
    this.#isDeaf = isDeaf;
    this.#leases = new Leases(parts);
    this.#level = new FirstLevel(parts.clock, entries);
  }

  async get<Value>(
    key: string,
    options: RememberOptions<Value>,
    compute: (signal: AbortSignal) => Promise<Value> | Value,
  ): Promise<Value> {
    const plan = planOf(key, options, compute);
    const { clock, counts } = this.#parts;
    const near = plan.firstLevelMs > 0 ? this.#level.get(key) : undefined;
    if (near !== undefined) {
      counts.firstLevelHits++;
      return JSON.parse(near) as Value;
    }
    for (;;) {
      const underWay = this.#flights.get(key);
      if (underWay === undefined) return this.#fly(plan) as Promise<Value>;
      counts.joined++;
      const landed = await underWay.join(clock, LEASES_WAITED_FOR * plan.leaseMs);
      if (landed !== undefined) return landed.value as Value;
      // It hangs, or waits for whoever asks here: nobody else shall join it.
      if (this.#flights.get(key) === underWay) this.#flights.delete(key);
    }
  }

  /**
   * From now on nothing of this may be kept, nor be given to who asks. What the service itself tells of has ended its
   * leases already, but for tags, which it learns with the fill.
   */
  forget(untrue: Untrue, from: "us" | "service"): void {
    const isNamed = namer(untrue);
    for (const flight of this.#underWay) {
      if (isNamed(flight)) this.#spoil(flight, from === "us" || untrue.tags !== undefined);
      else if (untrue.tags !== undefined) flight.isSpoilt = true; // Others may have stored it under these tags.
    }
    if (untrue.keys !== undefined && untrue.pattern === undefined && untrue.tags === undefined) {
      for (const key of untrue.keys) this.#level.drop(key);
    } else this.#level.clear();
  }

  /** Somebody has stored the key. */
  filled(key: string): void {
    this.#flights.get(key)?.tell();
  }

  async #fly(plan: Plan): Promise<unknown> {
    const flight = new Flight(plan.key, plan.tags);
    this.#flights.set(plan.key, flight);
    this.#underWay.add(flight);
    try {
      return await flight.start(() => this.#obtain(plan, flight));
    } finally {
      this.#underWay.delete(flight);
      if (this.#flights.get(plan.key) === flight) this.#flights.delete(plan.key);
    }
  }

  #spoil(flight: Flight, isUnfit: boolean): void {
    flight.isSpoilt = true;
    flight.isUnfit ||= isUnfit;
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
    flight.tell();
  }

  async #obtain(plan: Plan, flight: Flight): Promise<unknown> {
    const { clock, counts } = this.#parts;
    const waitsUntil = clock.monotonic() + LEASES_WAITED_FOR * plan.leaseMs;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      flight.listen();
      const leased = await this.#leases.ask(plan);
      switch (leased?.state) {
        case "hit":
          counts.hits++;
          this.#keepNear(plan, flight, leased.value);
          return leased.value;
        case "stale":
          counts.staleHits++;
          if (leased.lease) this.#refresh(plan, leased.lease);
          return leased.value;
        case "granted":
          return this.#computeUnder(leased.lease, plan, flight);
        case "busy": {
          const leftMs = waitsUntil - clock.monotonic();
          if (leftMs <= 0) return this.#computeAlone(plan, flight);
          counts.waits++;
          await flight.wait(clock, Math.min(leased.retryInMs, waitMs, leftMs));
          break;
        }
        default:
          return this.#computeAlone(plan, flight);
      }
    }
  }

  async #computeAlone(plan: Plan, flight: Flight): Promise<unknown> {
    this.#parts.counts.computedAlone++;
    const value = await this.#leases.compute(plan);
    if (value !== undefined && plan.isKept(value)) this.#keepNear(plan, flight, value);
    return value;
  }

  async #computeUnder(lease: string, plan: Plan, flight: Flight): Promise<unknown> {
    const { value, isStored } = await this.#leases.computeAndFill(lease, plan, flight);
    if (isStored) this.#keepNear(plan, flight, value);
    return value;
  }

  /** Computes in the background, for one caller whom the service has chosen; whatever happens, the old value stays. */
  #refresh(plan: Plan, lease: string): void {
    const { counts, log } = this.#parts;
    const flight = new Flight(plan.key, plan.tags);
    this.#underWay.add(flight);
    // A caller's transaction is none of a refresh that outlives it.
    detached(() => this.#leases.computeAndFill(lease, plan, flight))
      .catch((error: unknown) => {
        counts.refreshesFailed++;
        log.warn(`cache: refreshing ${plan.key} failed, its old value stays: ${messageOf(error)}`);
      })
      .finally(() => this.#underWay.delete(flight));
  }

  #keepNear({ key, firstLevelMs }: Plan, { isSpoilt }: Flight, value: unknown): void {
    if (firstLevelMs > 0 && !isSpoilt && !this.#isDeaf()) this.#level.keep(key, JSON.stringify(value), firstLevelMs);
  }
}
