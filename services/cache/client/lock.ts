// A lock around a piece of work: taken with a token of our own, renewed at a third of its ttl, given back at the end.
// It is ours until `ttl` after the last renewal was sent. When that instant comes near without an answer, or the service
// says that somebody else holds it, the signal aborts: from then on another may work.
import { ApiumError, type Clock, codeOf, type Duration, durationMs, type Random } from "../../../runtime/index.ts";
import type { LockOptions } from "./cache.ts";
import type { Reach } from "./reach.ts";

const TTL: Duration = "30s";
const RENEWALS_PER_TTL = 3;
/** The signal aborts this share of the ttl early, so that work ends before the lock does. */
const SAFETY_SHARE = 0.1;
const FIRST_TRY_AGAIN_MS = 20;
const LONGEST_TRY_AGAIN_MS = 500;

export interface LockParts {
  readonly reach: Reach;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: object;
}

export async function underLock<Result>(
  name: string,
  { ttl = TTL, wait = 0 }: LockOptions,
  work: (signal: AbortSignal) => Promise<Result> | Result,
  parts: LockParts,
): Promise<Result> {
  const ttlMs = durationMs(ttl);
  const { token, askedAt } = await take(name, ttlMs, durationMs(wait), parts);
  const holding = new Holding(name, token, ttlMs, askedAt, parts);
  try {
    return await work(holding.signal);
  } finally {
    holding.end();
    // A lock that cannot be given back ends by itself.
    await parts.reach.ask("unlock", { ...parts.scope, name, token }).catch(() => {});
  }
}

/** Tries until the lock is ours or the wait is over, with growing, jittered pauses. */
async function take(name: string, ttlMs: number, waitMs: number, { reach, clock, random, scope }: LockParts) {
  const waitsUntil = clock.monotonic() + waitMs;
  const late = ({ token }: { token: string }) => {
    reach.ask("unlock", { ...scope, name, token }).catch(() => {});
  };
  for (let pauseMs = FIRST_TRY_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_TRY_AGAIN_MS)) {
    const askedAt = clock.monotonic();
    try {
      const taken = await reach.ask<{ token: string }>("lock", { ...scope, name, ttl: ttlMs }, late);
      if (taken === undefined) throw new ApiumError("CACHE_UNAVAILABLE", `nobody can tell who holds the lock ${name}`);
      return { token: taken.token, askedAt };
    } catch (error) {
      const leftMs = waitsUntil - clock.monotonic();
      if (codeOf(error) !== "CACHE_LOCKED" || leftMs <= 0) throw error;
      const againInMs = Math.min(pauseMs * (0.5 + random.fraction()), leftMs);
      await new Promise<void>((resolve) => void clock.after(againInMs, resolve));
    }
  }
}

/** The time a lock is ours: renews it, and aborts the signal when that can no longer be said. */
class Holding {
  readonly #name: string;
  readonly #token: string;
  readonly #ttlMs: number;
  readonly #parts: LockParts;
  readonly #lost = new AbortController();
  #hasEnded = false;
  #cancelRenewal: (() => void) | undefined;
  #cancelLoss: (() => void) | undefined;

  constructor(name: string, token: string, ttlMs: number, askedAt: number, parts: LockParts) {
    this.#name = name;
    this.#token = token;
    this.#ttlMs = ttlMs;
    this.#parts = parts;
    this.#isOursSince(askedAt);
    this.#renewLater();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  end(): void {
    this.#hasEnded = true;
    this.#cancelRenewal?.();
    this.#cancelLoss?.();
  }

  #isOursSince(askedAt: number): void {
    const { clock } = this.#parts;
    this.#cancelLoss?.();
    const leftMs = askedAt + this.#ttlMs * (1 - SAFETY_SHARE) - clock.monotonic();
    this.#cancelLoss = clock.after(leftMs, () => this.#lose());
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#parts.clock.after(this.#ttlMs / RENEWALS_PER_TTL, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { reach, clock, scope } = this.#parts;
    const askedAt = clock.monotonic();
    let renewed: boolean | undefined;
    try {
      const params = { ...scope, name: this.#name, token: this.#token, ttl: this.#ttlMs };
      const answer = await reach.ask<{ renewed?: boolean }>("renewLock", params);
      renewed = answer && answer.renewed !== false;
    } catch {
      renewed = false; // Refused: it is not ours any more.
    }
    if (this.#hasEnded) return;
    if (renewed === false) return this.#lose();
    if (renewed === true) this.#isOursSince(askedAt);
    this.#renewLater();
  }

  #lose(): void {
    this.end();
    this.#lost.abort(new ApiumError("CACHE_LOCKED", `the lock ${this.#name} may be somebody else's by now`));
  }
}
