// Phones signing in and out, and who a token stands for. Passwords are checked by the service `accounts`; this one only
// ties what comes of it to a device.
import { z } from "zod";
import type { Database } from "../../database/index.ts";
import { ApiumError, parseParams } from "../../runtime/index.ts";
import { text } from "../fields.ts";
import type { LoginGuard } from "../login-guard.ts";
import type { Sender } from "../receiver.ts";
import { Turns } from "../turns.ts";
import { beginSession, currentSession, endSession, renewSession, sessionsElsewhere } from "./devices.ts";
import { ACCESS_SECONDS, type Grant, REFRESH_SECONDS, type Tokens } from "./tokens.ts";

/** What `accounts.ofPassword` and `accounts.ofKey` answer. */
export interface KnownAccount {
  readonly key: string;
  readonly name: string;
  readonly clientId: number | null;
  readonly personId: number | null;
}

export type AskAccounts = (action: "ofPassword" | "ofKey", params: object) => Promise<KnownAccount | null>;

export interface PhoneSession {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly user: Sender;
}

export interface SignInParts {
  readonly database: Database;
  readonly tokens: Tokens;
  readonly guard: LoginGuard;
  readonly ask: AskAccounts;
  readonly now: () => number;
}

/** A person whose account ends, or whose device is signed out elsewhere, is refused after this long at the latest. */
export const REMEMBER_MS = 10_000;
const MOST_REMEMBERED = 5_000;

const credentials = z.strictObject({
  clientCode: text(100).optional(),
  loginId: z.string().min(1).max(100),
  password: z.string().max(200),
  deviceId: z.string().regex(/^[\w.:-]{1,100}$/, "has up to 100 letters, digits or _ . : -"),
});

export class PhoneSignIn {
  readonly #parts: SignInParts;
  readonly #turns = new Turns({ turns: 2, mostWaiting: 100, refusal: "too many sign in at once" });
  readonly #known = new Map<string, { readonly sender: Sender; readonly until: number }>();

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * @param address - where the request comes from, for counting failures.
   * @throws ApiumError `UNAUTHENTICATED`, `TOO_MANY_ATTEMPTS`, `SERVICE_UNAVAILABLE`, `PARAMS_INVALID`.
   */
  signIn(given: unknown, address: string): Promise<PhoneSession> {
    const wanted = parseParams(credentials, given);
    return this.#turns.take(async () => {
      const { guard, ask, database } = this.#parts;
      const { loginId, password, clientCode, deviceId } = wanted;
      await guard.refuseGuessing(address, loginId);
      const account = await ask("ofPassword", { loginId, password });
      const isTheirs = account !== null && (await this.#isOf(account, clientCode));
      if (account === null || !isTheirs || account.personId === null || account.clientId === null) {
        await guard.failed(address, loginId);
        throw new ApiumError("UNAUTHENTICATED", "the login, the password or the client is wrong");
      }
      const { key, personId, clientId } = account;
      await this.#endWorthless(clientId, deviceId);
      const at = this.#at();
      const session = await database.transaction((tx) => beginSession(tx, { key, personId, clientId }, deviceId, at));
      this.#known.clear();
      return this.#pair({ key, personId, clientId, deviceId, session }, account.name);
    });
  }

  /** @throws ApiumError `UNAUTHENTICATED`. */
  async refresh(refreshToken: string): Promise<PhoneSession> {
    const grant = await this.#parts.tokens.read(refreshToken, "refresh");
    const sender = await this.#stillKnown(grant);
    if (!(await renewSession(this.#parts.database, grant, this.#at()))) throw ended();
    return this.#pair(grant, sender.name);
  }

  async signOut({ personId, deviceId }: Sender): Promise<boolean> {
    this.#known.clear();
    return endSession(this.#parts.database, { personId, deviceId: deviceId ?? "" }, this.#at());
  }

  /** Who sent a token along. @throws ApiumError `UNAUTHENTICATED`. */
  async senderOf(token: string): Promise<Sender> {
    const known = this.#known.get(token);
    const now = this.#parts.now();
    const grant = await this.#parts.tokens.read(token, "access");
    if (known !== undefined && known.until > now) return known.sender;
    const sender = await this.#stillKnown(grant);
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.set(token, { sender, until: now + REMEMBER_MS });
    return sender;
  }

  /** For when an account has changed. */
  forget(): void {
    this.#known.clear();
  }

  /**
   * Nobody could sign those out: their last token has expired, or their account is none any more. They are ended, not
   * passed over, so that none comes back to life beside the next.
   */
  async #endWorthless(clientId: number, deviceId: string): Promise<void> {
    const { ask, database, now } = this.#parts;
    for (const { personId, session, key, usedAt } of await sessionsElsewhere(database, clientId, deviceId)) {
      const mayHaveToken = Date.parse(usedAt) > now() - REFRESH_SECONDS * 1_000;
      if (mayHaveToken && (key === null || (await ask("ofKey", { key })) !== null)) continue;
      await endSession(database, { personId, deviceId, session }, this.#at());
    }
  }

  #at(): string {
    return new Date(this.#parts.now()).toISOString();
  }

  async #stillKnown({ key, personId, deviceId, session }: Grant): Promise<Sender> {
    const { ask, database } = this.#parts;
    const [account, current] = await Promise.all([ask("ofKey", { key }), currentSession(database, personId, deviceId)]);
    if (account === null || account.personId !== personId || account.clientId === null || current !== session) {
      throw ended();
    }
    return { name: account.name, clientId: account.clientId, personId, deviceId };
  }

  async #pair(grant: Grant, name: string): Promise<PhoneSession> {
    const { tokens } = this.#parts;
    const [token, refreshToken] = await Promise.all([tokens.issue(grant, "access"), tokens.issue(grant, "refresh")]);
    const { personId, clientId, deviceId } = grant;
    return { token, expiresIn: ACCESS_SECONDS, refreshToken, user: { name, clientId, personId, deviceId } };
  }

  async #isOf({ clientId }: KnownAccount, clientCode: string | undefined): Promise<boolean> {
    if (clientCode === undefined) return true;
    const { rows } = await this.#parts.database.query(
      "select 1 from site where id = $1::bigint and lower(code) = lower($2)",
      [clientId, clientCode],
    );
    return rows.length > 0;
  }
}

function ended(): ApiumError {
  return new ApiumError("UNAUTHENTICATED", "the session of this device has ended: sign in again");
}
