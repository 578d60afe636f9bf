// Signing in at the login form: with a token, or with a person's login and password. Passwords can be guessed and cost
// work to check, so they are checked in turns, and each turn begins with the guard's question: a thousand guesses that
// arrive at once are refused as if they had come one after another.
import type { LoginGuard } from "../login-guard.ts";
import { Turns } from "../turns.ts";
import type { Access } from "./access.ts";
import type { AccountBook } from "./account-book.ts";
import type { Known } from "./user.ts";

/** Two checks keep two cores and 64 MiB busy; who waits longer than this many turns is better told to come again. */
const TURNS = 2;
const MOST_WAITING = 100;
const LONGEST_LOGIN = 100;
const LONGEST_PASSWORD = 200;

export class SignIn {
  readonly #access: Access;
  readonly #accounts: AccountBook;
  readonly #guard: LoginGuard;
  readonly #turns = new Turns({ turns: TURNS, mostWaiting: MOST_WAITING, refusal: "too many sign in at once" });

  constructor(access: Access, accounts: AccountBook, guard: LoginGuard) {
    this.#access = access;
    this.#accounts = accounts;
    this.#guard = guard;
  }

  /**
   * The user whom a login form names; `undefined` is all that is told of what was wrong.
   * @param form - `{ token }`, or `{ loginId, password }`.
   * @throws ApiumError `TOO_MANY_ATTEMPTS`; `SERVICE_UNAVAILABLE` when too many wait, or nobody can tell.
   */
  async userOf(form: unknown, address: string): Promise<Known | undefined> {
    const { token, loginId, password } = (form ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof loginId === "string" && loginId !== "") {
      return this.#turns.take(() => this.#ofPassword(loginId, typeof password === "string" ? password : "", address));
    }
    await this.#guard.refuseGuessing(address);
    const known = typeof token === "string" ? await this.#access.userOf(token) : undefined;
    if (known === undefined) await this.#guard.failed(address);
    return known;
  }

  async #ofPassword(loginId: string, password: string, address: string): Promise<Known | undefined> {
    await this.#guard.refuseGuessing(address, loginId);
    const isPossible = loginId.length <= LONGEST_LOGIN && password.length <= LONGEST_PASSWORD;
    const known = isPossible ? await this.#accounts.ofPassword(loginId, password) : undefined;
    if (known === undefined) await this.#guard.failed(address, loginId);
    return known;
  }
}
