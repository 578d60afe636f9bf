// An endpoint as data, and who may use it.

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface RestRoute {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below /api/v1; `:name` is a parameter. */
  readonly path: string;
  readonly action: string;
  readonly role: Role;
  /** Status of a good answer; default 200. */
  readonly status?: number;
  readonly summary: string;
  /** Names of query parameters; others are refused. */
  readonly query?: readonly string[];
  /** Names of body fields; others are refused. */
  readonly body?: readonly string[];
  /** Whether `?wait=` may make the answer wait for a task's end. */
  readonly mayWait?: boolean;
}

export const API_PREFIX = "/api/v1";

/** True when `role` may do what needs `needed`; nobody may do what needs no known role. */
export function mayDo(role: Role, needed: Role): boolean {
  return ROLES.includes(needed) && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
