// Guessing tokens at the login page gets slow: after some failures an address has to wait. The count is in the cache, so it
// holds for all gateways; without the cache nobody is locked out, and tokens are too long to be guessed anyway.
import { createHash } from "node:crypto";
import { ApiumError } from "../../runtime/index.ts";
import type { ServiceParts } from "../service-parts.ts";

const MOST_FAILURES = 10;
const WINDOW = "5m";

export class LoginGuard {
  readonly #cache: ServiceParts["cache"];

  constructor(cache: ServiceParts["cache"]) {
    this.#cache = cache;
  }

  /** @throws ApiumError `TOO_MANY_ATTEMPTS` when the address has failed ten times within five minutes. */
  async refuseGuessing(address: string): Promise<void> {
    const failures = (await this.#cache.get<number>(keyOf(address))) ?? 0;
    if (failures >= MOST_FAILURES) throw new ApiumError("TOO_MANY_ATTEMPTS");
  }

  async failed(address: string): Promise<void> {
    await this.#cache.set(keyOf(address), 0, { ttl: WINDOW, nx: true });
    // Between the two the key may have ended: then the count begins with the next failure.
    await this.#cache.incr(keyOf(address)).catch(() => {});
  }
}

function keyOf(address: string): string {
  return `login_failures_${createHash("sha256").update(address).digest("base64url").slice(0, 22)}`;
}
