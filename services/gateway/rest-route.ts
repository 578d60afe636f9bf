// An endpoint as data, and who may use it.

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];
/** A phone's: what the mobile API needs, and what nothing else takes. */
export const PERSON = "person";

export interface RestRoute {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below /api/v1; `:name` is a parameter. */
  readonly path: string;
  readonly action: string;
  readonly role: Role | typeof PERSON;
  /** Status of a good answer; default 200. */
  readonly status?: number;
  readonly summary: string;
  /** Names of query parameters; others are refused. */
  readonly query?: readonly string[];
  /** Names of body fields; others are refused. */
  readonly body?: readonly string[];
  /** The body is a file: it goes to the action as a stream, its parameters stand in the address. */
  readonly takesFile?: boolean;
  /** The answer is a file: a stream, with its name and type in `meta.file`. */
  readonly answersFile?: boolean;
  /** That file is a page which the dashboard shows within one of its own: it may be framed by it, and runs nothing. */
  readonly isFramed?: boolean;
  /**
   * It keeps to the asker's client, so people and tokens of a client may use it. Default: only operators of the whole
   * system may; tasks, queues, workers, schedules and caches are the platform's.
   */
  readonly isOfClient?: boolean;
  /** Phones may use it too, by their people's tokens. */
  readonly isForPhones?: boolean;
  /** Whether the header `Idempotency-Key` may name what is asked for, so that asking again does nothing again. */
  readonly takesIdempotencyKey?: boolean;
  /** Whether `?wait=` may make the answer wait for a task's end. */
  readonly mayWait?: boolean;
}

/** What an endpoint demands of whoever asks. */
export type Demands = Pick<RestRoute, "role" | "isOfClient" | "isForPhones">;

export const API_PREFIX = "/api/v1";

/** True when `role` may do what needs `needed`; nobody may do what needs no known role. */
export function mayDo(role: Role | typeof PERSON, needed: Role | typeof PERSON): boolean {
  if (role === PERSON || needed === PERSON) return role === needed;
  return ROLES.includes(needed) && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Marks endpoints whose actions keep to the asker's client. */
export function ofClient(routes: readonly RestRoute[]): readonly RestRoute[] {
  return routes.map((route) => ({ ...route, isOfClient: true }));
}

/** Whether the endpoint is there for a user at all, whatever their role. */
export function isOpenTo({ clientId }: { readonly clientId?: number | undefined }, route: Demands): boolean {
  return clientId === undefined || route.isOfClient === true;
}
