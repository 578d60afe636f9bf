// Who is asking, once it is known.
import type { Role } from "./rest-route.ts";

export interface User {
  /** For the audit: the role and the beginning of the token's digest; never the token. */
  readonly name: string;
  readonly role: Role;
}
