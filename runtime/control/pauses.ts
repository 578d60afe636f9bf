// Pausing besides the queues: a task type, or a tenant (the header `tenant` of its tasks, else `clientId` of their
// parameters). What runs goes on. What waits is put aside by the worker that comes upon it, and released by the resumption.
import type { Database, Queryable } from "../../database/index.ts";
import { releaseHeld } from "../worker/index.ts";
import { forgetPlain } from "./task-types.ts";

export interface TenantPause {
  readonly tenant: string;
  readonly pausedAt: string;
  readonly pausedBy: string | null;
}

export async function pauseType(database: Queryable, task: string, by?: string): Promise<void> {
  await database.query(
    `insert into task_type (name, paused_at, paused_by, updated_by) values ($1, clock_timestamp(), $2, $2)
     on conflict (name) do update set paused_at = coalesce(task_type.paused_at, clock_timestamp()), paused_by = $2,
       updated_at = clock_timestamp(), updated_by = $2`,
    [task, by ?? null],
  );
}

/** Returns how many tasks were let go. */
export async function resumeType(database: Database, task: string, now: number, by?: string): Promise<number> {
  await database.query(
    `update task_type set paused_at = null, paused_by = null, updated_at = clock_timestamp(), updated_by = $2
     where name = $1`,
    [task, by ?? null],
  );
  await forgetPlain(database);
  return releaseHeld(database, now);
}

export async function pauseTenant(database: Queryable, tenant: string, by?: string): Promise<void> {
  await database.query(
    `insert into task_tenant (tenant, paused_by) values ($1, $2)
     on conflict (tenant) do update set paused_by = excluded.paused_by`,
    [tenant, by ?? null],
  );
}

/** Returns how many tasks were let go. */
export async function resumeTenant(database: Database, tenant: string, now: number): Promise<number> {
  await database.query("delete from task_tenant where tenant = $1", [tenant]);
  return releaseHeld(database, now);
}

export async function listTenantPauses(database: Queryable): Promise<TenantPause[]> {
  const { rows } = await database.query<{ tenant: string; paused_at: Date; paused_by: string | null }>(
    "select * from task_tenant order by tenant",
  );
  return rows.map((row) => ({
    tenant: row.tenant,
    pausedAt: row.paused_at.toISOString(),
    pausedBy: row.paused_by,
  }));
}
