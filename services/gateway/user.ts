// Who is asking, once it is known.
import type { PERSON, Role } from "./rest-route.ts";

/** What the actions are told (`ctx.meta.user`). */
export interface User {
  /** For the audit: what it came in with, never the secret itself. */
  readonly name: string;
  readonly role: Role | typeof PERSON;
  /** Absent: of the whole system. */
  readonly clientId?: number;
  readonly personId?: number;
  /** Of a phone's token. */
  readonly deviceId?: string;
}

/** A user, and what they came in with: a session begun with it ends with it. */
export interface Known {
  readonly key: string;
  readonly user: User;
}
