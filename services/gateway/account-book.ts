// Accounts as the gateway knows them: asked of the service `accounts`, and remembered for half a minute, so that a
// request costs no query. What was revoked ends everywhere within that time; where the service tells of it, at once.
import { createHash } from "node:crypto";
import type { Known } from "./user.ts";

export const REMEMBER_MS = 30_000;
const MOST_REMEMBERED = 5_000;
/** What tokens look like; other text is not worth a query. */
const TOKEN = /^apium_[A-Za-z0-9_-]{43}$/;

/** What the service answers. */
interface Account {
  readonly key: string;
  readonly name: string;
  readonly role: Known["user"]["role"];
  readonly clientId: number | null;
  readonly personId: number | null;
  readonly expiresAt: string | null;
}

export type AskAccounts = (action: string, params: object) => Promise<unknown>;

interface Entry {
  readonly known: Known;
  readonly until: number;
}

export class AccountBook {
  readonly #ask: AskAccounts;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Known | undefined>>();
  /** Grows whenever all is forgotten: an answer from before is used once more, and not remembered. */
  #edition = 0;

  constructor(ask: AskAccounts, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  /** Whose a token is. The service gets its hash only. @throws ApiumError when the service or its database is away. */
  async ofToken(token: string): Promise<Known | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const hash = createHash("sha256").update(token).digest("hex");
    return this.#remembered(`hash:${hash}`, "accounts.ofToken", { hash });
  }

  /** Who began a session, while what it was begun with still stands. @throws ApiumError as `ofToken`. */
  ofKey(key: string): Promise<Known | undefined> {
    return this.#remembered(`key:${key}`, "accounts.ofKey", { key });
  }

  /** Never remembered. @throws ApiumError as `ofToken`; `PARAMS_INVALID` for text that is no login. */
  async ofPassword(loginId: string, password: string): Promise<Known | undefined> {
    return knownOf((await this.#ask("accounts.ofPassword", { loginId, password })) as Account | null);
  }

  /** For when an account has changed: the next request of each asks anew. */
  forget(): void {
    this.#edition += 1;
    this.#entries.clear();
    this.#asking.clear();
  }

  async #remembered(name: string, action: string, params: object): Promise<Known | undefined> {
    const entry = this.#entries.get(name);
    if (entry !== undefined && entry.until > this.#now()) return entry.known;
    let asking = this.#asking.get(name);
    if (asking === undefined) {
      asking = this.#askFor(name, action, params).finally(() => {
        if (this.#asking.get(name) === asking) this.#asking.delete(name);
      });
      this.#asking.set(name, asking);
    }
    return asking;
  }

  async #askFor(name: string, action: string, params: object): Promise<Known | undefined> {
    const [edition, began] = [this.#edition, this.#now()];
    const account = (await this.#ask(action, params)) as Account | null;
    this.#entries.delete(name);
    const known = knownOf(account);
    // Strangers are asked about each time: remembered, they would push out those who belong here.
    if (known === undefined || edition !== this.#edition) return known;
    const expires = account?.expiresAt ?? null;
    const until = Math.min(began + REMEMBER_MS, expires === null ? Number.POSITIVE_INFINITY : Date.parse(expires));
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < MOST_REMEMBERED) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(name, { known, until });
    return known;
  }
}

function knownOf(account: Account | null): Known | undefined {
  if (account === null) return undefined;
  const { key, name, role, clientId, personId } = account;
  return {
    key,
    user: { name, role, ...(clientId === null ? {} : { clientId }), ...(personId === null ? {} : { personId }) },
  };
}
