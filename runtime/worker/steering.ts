// What operators have set for the whole system, as a worker reads it: paused queues, types and tenants, rates and time
// limits in place of the definitions'. A snapshot, read anew every second in one small statement; where nothing is set
// a worker asks one question of it per batch.
import type { Queryable, Statement } from "../../database/index.ts";
import type { ClaimedTask } from "../queue/queue.ts";

/** In place of a rate: the type has no limit. */
export const NO_RATE = "none";

export interface TypeSteering {
  readonly name: string;
  readonly paused: boolean;
  /** Celery's notation, or `none`; null: the definition's. */
  readonly rateLimit: string | null;
  readonly softTimeLimitMs: number | null;
  readonly timeLimitMs: number | null;
}

/** Limits of a run in place of the definition's, in milliseconds. */
export interface RunLimits {
  readonly softTimeLimitMs: number | null;
  readonly timeLimitMs: number | null;
}

export class Steering {
  static readonly none = new Steering([], [], []);
  readonly queues: readonly string[];
  /** True when no task is treated otherwise than its definition says (queues apart). */
  readonly isPlain: boolean;
  readonly #types: ReadonlyMap<string, TypeSteering>;
  readonly #tenants: ReadonlySet<string>;

  constructor(types: readonly TypeSteering[], tenants: readonly string[], queues: readonly string[]) {
    this.#types = new Map(types.map((type) => [type.name, type]));
    this.#tenants = new Set(tenants);
    this.queues = queues;
    this.isPlain = types.length === 0 && tenants.length === 0;
  }

  /** For what a claimed task must be put aside; `undefined`: it may run. */
  heldFor(claimed: Pick<ClaimedTask, "name" | "headers" | "params">): string | undefined {
    if (this.isPlain) return undefined;
    if (this.#types.get(claimed.name)?.paused === true) return heldForType(claimed.name);
    if (this.#tenants.size === 0) return undefined;
    const tenant = tenantOf(claimed);
    return tenant !== undefined && this.#tenants.has(tenant) ? heldForTenant(tenant) : undefined;
  }

  /** The rate of a type: the operators', else the given one of its definition. */
  rateLimit(name: string, defined: string | undefined): string | undefined {
    const set = this.#types.get(name)?.rateLimit ?? undefined;
    return set === undefined ? defined : set === NO_RATE ? undefined : set;
  }

  limits(name: string): RunLimits | undefined {
    return this.#types.get(name);
  }

  /** Names of types whose rate differs between this and an earlier snapshot. */
  changedRates(before: Steering): string[] {
    const names = new Set([...this.#types.keys(), ...before.#types.keys()]);
    return [...names].filter(
      (name) => (this.#types.get(name)?.rateLimit ?? null) !== (before.#types.get(name)?.rateLimit ?? null),
    );
  }
}

export const heldForType = (name: string): string => `type:${name}`;
export const heldForTenant = (tenant: string): string => `tenant:${tenant}`;

/** The tenant a task belongs to: its header `tenant`, else the `clientId` of its parameters. */
export function tenantOf({ headers, params }: Pick<ClaimedTask, "headers" | "params">): string | undefined {
  const named = headers?.tenant;
  if (named !== undefined) return named;
  const client = (params as { clientId?: unknown } | null | undefined)?.clientId;
  return typeof client === "number" || typeof client === "string" ? String(client) : undefined;
}

/** The same of a row of `task`, in SQL. */
export const TENANT_SQL = "coalesce(headers->>'tenant', params->>'clientId')";

const READ: Statement = {
  name: "read_steering",
  text: `
select
  (select coalesce(json_agg(json_build_object('name', name, 'paused', paused_at is not null, 'rateLimit', rate_limit,
     'softTimeLimitMs', soft_time_limit_ms, 'timeLimitMs', time_limit_ms)), '[]') from task_type) as types,
  (select coalesce(json_agg(tenant), '[]') from task_tenant) as tenants,
  (select coalesce(json_agg(queue), '[]') from task_queue where paused_at is not null) as queues`,
};

interface Row {
  readonly types: readonly TypeSteering[];
  readonly tenants: readonly string[];
  readonly queues: readonly string[];
}

export async function readSteering(database: Queryable): Promise<Steering> {
  const { rows } = await database.query<Row>(READ);
  const { types = [], tenants = [], queues = [] } = rows[0] ?? {};
  return new Steering(types, tenants, queues);
}
