// Guessing tokens and passwords at the login page gets slow: after some failures an address has to wait, and after more of
// them, from wherever, a login has to. The count is in the cache, so it holds for all gateways; without the cache nobody
// is locked out: tokens are too long to be guessed anyway, and passwords are checked two at a time.
import { createHash } from "node:crypto";
import { ApiumError } from "../runtime/index.ts";
import type { ServiceParts } from "./service-parts.ts";

const MOST_FAILURES = 10;
/** Of one login, from many addresses. More, since anybody can bring it about for anybody. */
const MOST_FAILURES_OF_A_LOGIN = 50;
const WINDOW = "5m";

export class LoginGuard {
  readonly #cache: ServiceParts["cache"];

  constructor(cache: ServiceParts["cache"]) {
    this.#cache = cache;
  }

  /** @throws ApiumError `TOO_MANY_ATTEMPTS` when the address, or the login, has failed too often within five minutes. */
  async refuseGuessing(address: string, loginId?: string): Promise<void> {
    for (const [key, most] of countsOf(address, loginId)) {
      const failures = (await this.#cache.get<number>(key)) ?? 0;
      if (failures >= most) throw new ApiumError("TOO_MANY_ATTEMPTS");
    }
  }

  async failed(address: string, loginId?: string): Promise<void> {
    for (const [key] of countsOf(address, loginId)) {
      await this.#cache.set(key, 0, { ttl: WINDOW, nx: true });
      // Between the two the key may have ended: then the count begins with the next failure.
      await this.#cache.incr(key).catch(() => {});
    }
  }
}

/** Whether there is such a login plays no part: being told to wait says nothing of it. */
function countsOf(address: string, loginId: string | undefined): [key: string, most: number][] {
  const ofAddress: [string, number] = [`login_failures_${digest(address)}`, MOST_FAILURES];
  if (loginId === undefined) return [ofAddress];
  return [ofAddress, [`login_failures_of_${digest(loginId)}`, MOST_FAILURES_OF_A_LOGIN]];
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
