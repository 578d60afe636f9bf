// What operators set for a task type in the whole system: its rate, its time limits. The row survives restarts; workers
// read it within a second. Setting a rate starts its bucket anew: what the old rate had put off asks again at once.
import type { Database, Queryable, Transaction } from "../../database/index.ts";
import { durationText } from "../contract/duration.ts";
import { parseRate } from "../contract/rate.ts";
import { NO_RATE } from "../worker/index.ts";

export interface TypeSettings {
  readonly task: string;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  /** Celery's notation, or `none`: no limit; null: as defined. */
  readonly rateLimit: string | null;
  /** Null: as defined. */
  readonly softTimeLimit: string | null;
  readonly timeLimit: string | null;
  readonly updatedAt: string;
  readonly updatedBy: string | null;
}

/** `rate` null: back to the definition's. @throws ApiumError `RATE_NOTATION`. */
export async function setRateLimit(database: Database, task: string, rate: string | null, by?: string): Promise<void> {
  if (rate !== null && rate !== NO_RATE) parseRate(rate);
  await database.query(
    `insert into task_type (name, rate_limit, updated_by) values ($1, $2, $3)
     on conflict (name) do update set rate_limit = $2, updated_at = clock_timestamp(), updated_by = $3`,
    [task, rate, by ?? null],
  );
  await forgetPlain(database);
  await startRateAnew(database, task);
}

/** What operators have set; null: as defined. Nobody else sets it until `tx` ends. */
export async function readTimeLimit(
  tx: Transaction,
  task: string,
): Promise<{ readonly soft: number | null; readonly hard: number | null }> {
  const { rows } = await tx.query<{ soft: number | null; hard: number | null }>(
    "select soft_time_limit_ms as soft, time_limit_ms as hard from task_type where name = $1 for update",
    [task],
  );
  return rows[0] ?? { soft: null, hard: null };
}

/** Milliseconds; null: back to the definition's. Runs that have begun keep theirs. */
export async function setTimeLimit(
  database: Queryable,
  task: string,
  limits: { readonly soft: number | null; readonly hard: number | null },
  by?: string,
): Promise<void> {
  await database.query(
    `insert into task_type (name, soft_time_limit_ms, time_limit_ms, updated_by) values ($1, $2, $3, $4)
     on conflict (name) do update
       set soft_time_limit_ms = $2, time_limit_ms = $3, updated_at = clock_timestamp(), updated_by = $4`,
    [task, limits.soft, limits.hard, by ?? null],
  );
  await forgetPlain(database);
}

/** A row that sets nothing any more would keep every worker looking at every task. */
export async function forgetPlain(database: Queryable): Promise<void> {
  await database.query(
    `delete from task_type where paused_at is null and rate_limit is null and soft_time_limit_ms is null
       and time_limit_ms is null`,
  );
}

/** Takes back every slot the type's rate has granted for later; their tasks are due now and ask the new rate. */
export async function startRateAnew(database: Database, task: string): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query("delete from task_rate where key = $1 or starts_with(key, $1 || ':')", [task]);
    await tx.query(
      `update task set due_at = clock_timestamp(), rate_slot = false
       where name = $1 and rate_slot and state in ('SCHEDULED', 'RETRY') and due_at is not null`,
      [task],
    );
  });
}

interface Row {
  readonly name: string;
  readonly paused_at: Date | null;
  readonly paused_by: string | null;
  readonly rate_limit: string | null;
  readonly soft_time_limit_ms: number | null;
  readonly time_limit_ms: number | null;
  readonly updated_at: Date;
  readonly updated_by: string | null;
}

export async function listTypeSettings(database: Queryable): Promise<TypeSettings[]> {
  const { rows } = await database.query<Row>("select * from task_type order by name");
  return rows.map((row) => ({
    task: row.name,
    pausedAt: row.paused_at?.toISOString() ?? null,
    pausedBy: row.paused_at === null ? null : row.paused_by,
    rateLimit: row.rate_limit,
    softTimeLimit: row.soft_time_limit_ms === null ? null : durationText(row.soft_time_limit_ms),
    timeLimit: row.time_limit_ms === null ? null : durationText(row.time_limit_ms),
    updatedAt: row.updated_at.toISOString(),
    updatedBy: row.updated_by,
  }));
}
