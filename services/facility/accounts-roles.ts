// Roles of accounts, and what follows from them. They are the gateway's words too (`gateway/rest-route.ts`).
import { ApiumError } from "../../runtime/index.ts";
import { refused } from "../fields.ts";
import type { FacilityMeta } from "../scope.ts";

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

type Asker = FacilityMeta["user"];

/** What a person who signs in may do for the client: steer it as its administrator, else look. */
export function roleOfPerson({ isAdmin }: { readonly isAdmin: boolean }): Role {
  return isAdmin ? "operator" : "viewer";
}

/** Other services' own calls come without a user. @throws ApiumError `FORBIDDEN`. */
export function requireAdmin(asker: Asker): void {
  if (asker === undefined || asker.role === "admin") return;
  throw new ApiumError("FORBIDDEN", `this needs the role admin; yours is ${asker.role}`);
}

/**
 * Nobody grants more than they have. (Their client is seen to by the scope.)
 * @throws ApiumError `PARAMS_INVALID` naming `role`.
 */
export function requireGrantable(asker: Asker, role: Role): void {
  if (asker === undefined || rank(role) <= rank(asker.role)) return;
  throw refused("role", `you cannot grant ${role}: your role is ${asker.role}`);
}

function rank(role: string): number {
  return (ROLES as readonly string[]).indexOf(role);
}
