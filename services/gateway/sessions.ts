// Sessions of dashboard logins. A signed cookie says who; a record in the sessions cache says that the session goes on, so
// that signing out ends it everywhere. While the cache is away the signature alone counts: an outage of Redis must not
// lock operators out of the page they need then.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { ServiceParts } from "../service-parts.ts";
import type { Known } from "./user.ts";

const SESSION_MS = 12 * 3_600_000;
const COOKIE = "apium_session";
const VALUE = new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)`);

interface Ticket {
  readonly id: string;
  /** What it was begun with. */
  readonly key: string;
  readonly until: number;
}

export interface SessionsParts {
  readonly cache: ServiceParts["cache"];
  readonly key: Buffer;
  readonly now: () => number;
}

export class Sessions {
  readonly #parts: SessionsParts;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /** A cookie that stands for the user for twelve hours. */
  async begin({ key, user: { name, role } }: Known): Promise<string> {
    const { cache, now } = this.#parts;
    const ticket: Ticket = { id: randomBytes(16).toString("base64url"), key, until: now() + SESSION_MS };
    await cache.set(ticket.id, { name, role, begunAt: new Date(now()).toISOString() }, { ttl: SESSION_MS });
    const body = Buffer.from(JSON.stringify(ticket)).toString("base64url");
    return cookie(`${body}.${this.#sign(body)}`, SESSION_MS);
  }

  /** What the session was begun with that the cookies of a request carry, while it goes on. */
  async find(cookies: string): Promise<string | undefined> {
    const ticket = this.#read(cookies);
    if (ticket === undefined) return undefined;
    const { state } = await this.#parts.cache.lookup(ticket.id);
    return state === "missing" ? undefined : ticket.key;
  }

  /** Ends the session, and gives the cookie that removes it. */
  async end(cookies: string): Promise<string> {
    const ticket = this.#read(cookies);
    if (ticket !== undefined) await this.#parts.cache.delete(ticket.id);
    return cookie("", 0);
  }

  #read(cookies: string): Ticket | undefined {
    const [, body = "", signature = ""] = VALUE.exec(cookies) ?? [];
    const expected = this.#sign(body);
    if (signature.length !== expected.length) return undefined;
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return undefined;
    const ticket = JSON.parse(Buffer.from(body, "base64url").toString()) as Partial<Ticket>;
    // Cookies of earlier versions had no id, or no key.
    return ticket.id !== undefined && ticket.key !== undefined && (ticket.until ?? 0) > this.#parts.now()
      ? (ticket as Ticket)
      : undefined;
  }

  #sign(body: string): string {
    return createHmac("sha256", this.#parts.key).update(body).digest("base64url");
  }
}

function cookie(value: string, ageMs: number): string {
  return `${COOKIE}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${ageMs / 1_000}`;
}
