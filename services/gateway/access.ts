// Who is asking. Bearer tokens from API_TOKENS or, without them, one admin token that is made at the first start; tokens of
// the service `accounts`; and sessions, which are begun in exchange for a token or a password and end with it. The
// settings' secrets are compared by digest, in constant time.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ApiumError, codeOf } from "../../runtime/index.ts";
import type { Settings } from "../../settings.ts";
import { secretFile } from "../secret-file.ts";
import type { ServiceParts } from "../service-parts.ts";
import type { AccountBook } from "./account-book.ts";
import { type Demands, isOpenTo, mayDo, PERSON } from "./rest-route.ts";
import { Sessions } from "./sessions.ts";
import type { Known, User } from "./user.ts";

interface KnownToken extends Known {
  readonly digest: Buffer;
}

export interface AccessParts {
  readonly settings: Settings;
  readonly sessions: ServiceParts["cache"];
  readonly accounts: AccountBook;
  /** Whose a phone's token is. @throws ApiumError `UNAUTHENTICATED`. */
  readonly phones: (token: string) => Promise<User>;
  readonly now: () => number;
}

/** What a JWT looks like. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export class Access {
  readonly #tokens: readonly KnownToken[];
  readonly #accounts: AccountBook;
  readonly #phones: AccessParts["phones"];
  readonly #sessions: Sessions;
  /** The token made at the first start; `undefined` where API_TOKENS are set. */
  readonly adminToken: string | undefined;

  constructor({ settings, sessions, accounts, phones, now }: AccessParts) {
    this.adminToken = settings.API_TOKENS === undefined ? secretFile(settings.DATA_DIR, "admin-token") : undefined;
    const given =
      settings.API_TOKENS ??
      (this.adminToken === undefined ? [] : [{ role: "admin" as const, token: this.adminToken }]);
    this.#tokens = given.map(({ role, token }) => {
      const digest = sha256(token);
      const name = `${role}:${digest.toString("hex").slice(0, 6)}`;
      return { digest, key: name, user: { role, name } };
    });
    this.#accounts = accounts;
    this.#phones = phones;
    const key = sha256(`session ${settings.JWT_SECRET ?? secretFile(settings.DATA_DIR, "session-secret")}`);
    this.#sessions = new Sessions({ cache: sessions, key, now });
  }

  /**
   * Whose a token is: one of the settings, else one of the accounts'. Every token of the settings is compared, so that
   * time tells nothing.
   * @throws ApiumError when it might be an account's, and nobody can tell: `SERVICE_UNAVAILABLE`, `STORE_UNAVAILABLE`.
   */
  async userOf(token: string): Promise<Known | undefined> {
    const digest = sha256(token);
    let found: Known | undefined;
    for (const known of this.#tokens) if (timingSafeEqual(known.digest, digest)) found = known;
    return found ?? this.#accounts.ofToken(token);
  }

  /** A cookie that stands for the user. */
  beginSession(known: Known): Promise<string> {
    return this.#sessions.begin(known);
  }

  /** Ends the session of a request, and gives the cookie that removes it. */
  endSession(request: IncomingMessage): Promise<string> {
    return this.#sessions.end(request.headers.cookie ?? "");
  }

  /** @throws ApiumError `UNAUTHENTICATED`; as `identify`. */
  async authenticate(request: IncomingMessage): Promise<User> {
    const user = await this.identify(request);
    if (user === undefined) throw new ApiumError("UNAUTHENTICATED");
    return user;
  }

  /**
   * The user, if there is one, the endpoint is open to their client, and their role suffices.
   * @throws ApiumError `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  allow(user: User | undefined, route: Demands): User {
    if (user === undefined) throw new ApiumError("UNAUTHENTICATED");
    if (!isOpenTo(user, route)) throw new ApiumError("FORBIDDEN", "this is for operators of the whole system");
    if (mayDo(user.role, route.role) || (user.role === PERSON && route.isForPhones === true)) return user;
    throw new ApiumError("FORBIDDEN", `this needs the role ${route.role}; yours is ${user.role}`);
  }

  /** @throws ApiumError `FORBIDDEN` when a session is used from another origin to change something; as `userOf`. */
  async identify(request: IncomingMessage): Promise<User | undefined> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
      if (token === undefined) return undefined;
      return (await this.userOf(token))?.user ?? (JWT.test(token) ? this.#ofPhone(token) : undefined);
    }
    const session = await this.#session(request.headers.cookie ?? "");
    if (session !== undefined && !isReading(request) && !isSameOrigin(request)) {
      throw new ApiumError("FORBIDDEN", "a session may change things only from the dashboard's own pages");
    }
    return session;
  }

  /** For the login form, which comes without a session. @throws ApiumError `FORBIDDEN`. */
  refuseForeignOrigin(request: IncomingMessage): void {
    if (request.headers.origin === undefined || isSameOrigin(request)) return;
    throw new ApiumError("FORBIDDEN", "sign in from the system's own page");
  }

  async #session(cookies: string): Promise<User | undefined> {
    const key = await this.#sessions.find(cookies);
    if (key === undefined) return undefined;
    // A session ends with what it was begun with: a token that was taken out of API_TOKENS or revoked, or a password
    // that was changed, must not live on for half a day.
    const known = this.#tokens.find((token) => token.key === key) ?? (await this.#ofAccount(key));
    return known === undefined ? undefined : { ...known.user, name: `session:${known.user.name}` };
  }

  async #ofPhone(token: string): Promise<User | undefined> {
    try {
      return await this.#phones(token);
    } catch (error) {
      if (codeOf(error) === "UNAUTHENTICATED") return undefined;
      throw error;
    }
  }

  #ofAccount(key: string): Promise<Known | undefined> | undefined {
    return /^(token|person):/.test(key) ? this.#accounts.ofKey(key) : undefined;
  }
}

function isReading(request: IncomingMessage): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

function isSameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  // A form of a page that says who sent it to nobody comes with "null"; browsers tell of its site all the same.
  if (origin !== undefined && origin !== "null") return URL.canParse(origin) && new URL(origin).host === host;
  return request.headers["sec-fetch-site"] === "same-origin";
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
