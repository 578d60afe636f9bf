// Who is asking. Bearer tokens from API_TOKENS or, without them, one admin token that is made at the first start; and
// sessions, which are begun in exchange for a token and end with it. Secrets are compared by digest, in constant time.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ApiumError } from "../../runtime/index.ts";
import type { Settings } from "../../settings.ts";
import type { ServiceParts } from "../service-parts.ts";
import { mayDo, type Role } from "./rest-route.ts";
import { secretFile } from "./secret-file.ts";
import { Sessions } from "./sessions.ts";
import type { User } from "./user.ts";

interface KnownToken {
  readonly digest: Buffer;
  readonly user: User;
}

export class Access {
  readonly #tokens: readonly KnownToken[];
  readonly #sessions: Sessions;
  /** The token made at the first start; `undefined` where API_TOKENS are set. */
  readonly adminToken: string | undefined;

  constructor(settings: Settings, sessions: ServiceParts["cache"], now: () => number) {
    this.adminToken = settings.API_TOKENS === undefined ? secretFile(settings.DATA_DIR, "admin-token") : undefined;
    const given =
      settings.API_TOKENS ??
      (this.adminToken === undefined ? [] : [{ role: "admin" as const, token: this.adminToken }]);
    this.#tokens = given.map(({ role, token }) => {
      const digest = sha256(token);
      return { digest, user: { role, name: `${role}:${digest.toString("hex").slice(0, 6)}` } };
    });
    const key = sha256(`session ${settings.JWT_SECRET ?? secretFile(settings.DATA_DIR, "session-secret")}`);
    this.#sessions = new Sessions({ cache: sessions, key, now });
  }

  /** The user of a token, or `undefined`. Every known token is compared, so that time tells nothing. */
  userOf(token: string): User | undefined {
    const digest = sha256(token);
    let found: User | undefined;
    for (const known of this.#tokens) if (timingSafeEqual(known.digest, digest)) found = known.user;
    return found;
  }

  /** A cookie that stands for the user. */
  beginSession(user: User): Promise<string> {
    return this.#sessions.begin(user);
  }

  /** Ends the session of a request, and gives the cookie that removes it. */
  endSession(request: IncomingMessage): Promise<string> {
    return this.#sessions.end(request.headers.cookie ?? "");
  }

  /** @throws ApiumError `UNAUTHENTICATED`; `FORBIDDEN` as `identify`. */
  async authenticate(request: IncomingMessage): Promise<User> {
    const user = await this.identify(request);
    if (user === undefined) throw new ApiumError("UNAUTHENTICATED");
    return user;
  }

  /**
   * The user, if there is one and it may do what needs `needed`.
   * @throws ApiumError `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  allow(user: User | undefined, needed: Role): User {
    if (user === undefined) throw new ApiumError("UNAUTHENTICATED");
    if (mayDo(user.role, needed)) return user;
    throw new ApiumError("FORBIDDEN", `this needs the role ${needed}; the token's role is ${user.role}`);
  }

  /** @throws ApiumError `FORBIDDEN` when a session is used from another origin to change something. */
  async identify(request: IncomingMessage): Promise<User | undefined> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
      return token === undefined ? undefined : this.userOf(token);
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
    const owner = await this.#sessions.find(cookies);
    // A session ends with its token: one that was taken out of API_TOKENS must not live on for half a day.
    const isKnown = this.#tokens.some(({ user }) => user.name === owner?.name && user.role === owner.role);
    return owner !== undefined && isKnown ? { name: `session:${owner.name}`, role: owner.role } : undefined;
  }
}

function isReading(request: IncomingMessage): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

function isSameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin !== undefined) return URL.canParse(origin) && new URL(origin).host === host;
  return request.headers["sec-fetch-site"] === "same-origin";
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
