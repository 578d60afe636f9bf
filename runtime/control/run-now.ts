// Letting go at once what waits for its time: what was scheduled, and what waits for its next attempt. For the moment after
// an outage, when nobody wants to wait out the retries' delays. Nothing is started past what holds it for another reason:
// a pause, and the slot a rate limit has granted, stay as they are. The relay releases the rest as it does all that is due.
import type { Database } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import { parseRate } from "../contract/rate.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import { isTaskId } from "../contract/task-id.ts";
import { conditionsOf, type RevokeFilter } from "./task-filter.ts";

const BATCH_ROWS = 5_000;
/** After every other. */
const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

export interface RunNowParts extends Foundation {
  readonly database: Database;
  readonly registry: Pick<TaskRegistry, "sensitive">;
  /** Something falls due then; milliseconds since the epoch. */
  readonly expect: (dueAt: number) => void;
}

export interface RunNowOptions {
  /** Only count them. */
  readonly dryRun?: boolean | undefined;
  /** So many in a while, as in `10/s`; default all at once. */
  readonly rate?: string | undefined;
  /** Hears how far it has come: before the first task is released, and after each batch. */
  readonly onProgress?: ((soFar: RunNowOutcome) => void) | undefined;
}

export interface RunNowOutcome {
  readonly dryRun: boolean;
  /** Tasks that wait for their time and fit. */
  readonly matched: number;
  readonly byState: Readonly<Partial<Record<"SCHEDULED" | "RETRY", number>>>;
  /** Of these: put aside by a pause of their type or tenant. They stay. */
  readonly held: number;
  /** Of these: wait for the slot their rate limit has granted. They stay. */
  readonly rateLimited: number;
  /** Due now; with a rate, one after the other from now on, and none later than before. */
  readonly released: number;
}

/** @throws ApiumError `PARAMS_INVALID` when the filter names nothing, `QUEUE_UNKNOWN`, `RATE_NOTATION`. */
export async function runNow(
  parts: RunNowParts,
  filter: RevokeFilter,
  { dryRun = false, rate, onProgress }: RunNowOptions = {},
): Promise<RunNowOutcome> {
  const { where, parameters } = conditionsOf(filter, parts.registry.sensitive());
  const intervalMs = rate === undefined ? 0 : parseRate(rate).intervalMs;
  const now = parts.clock.now();
  const waiting = `${where} and state in ('SCHEDULED', 'RETRY')`;
  const { rows } = await parts.database.query<{
    state: "SCHEDULED" | "RETRY";
    tasks: number;
    held: number;
    limited: number;
  }>(
    `select state::text as state, count(*)::integer as tasks, count(held_for)::integer as held,
       count(*) filter (where rate_slot and held_for is null)::integer as limited
     from task where ${waiting} group by state order by state`,
    parameters,
  );
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const counted = {
    dryRun,
    matched: sum(({ tasks }) => tasks),
    byState: Object.fromEntries(rows.map(({ state, tasks }) => [state, tasks])),
    held: sum(({ held }) => held),
    rateLimited: sum(({ limited }) => limited),
  };
  if (dryRun) return { ...counted, released: 0 };
  const free = `${waiting} and held_for is null and not rate_slot`;
  const progress = (released: number) => onProgress?.({ ...counted, released });
  const released = rate === undefined ? await releaseAll() : await releaseSpaced();
  if (released > 0) parts.expect(now);
  return { ...counted, released };

  /** What becomes due is not found again, since it must be due later than now. */
  async function releaseAll(): Promise<number> {
    const n = parameters.length;
    for (let total = 0; ; ) {
      progress(total);
      const { affected } = await parts.database.query(
        `update task set due_at = $${n + 1}::timestamptz where id in (
           select id from task where ${free} and due_at > $${n + 1}::timestamptz order by due_at, id
           limit ${BATCH_ROWS} for update skip locked)`,
        [...parameters, new Date(now).toISOString()],
      );
      total += affected;
      if (affected < BATCH_ROWS) return total;
    }
  }

  /** None becomes due later than it was, so what is behind the last one seen is not found again. */
  async function releaseSpaced(): Promise<number> {
    const n = parameters.length;
    let total = 0;
    let after = { due: new Date(now).toISOString(), id: LAST_ID };
    for (let seen = 0; ; ) {
      progress(total);
      const { rows: batch } = await parts.database.query<{ id: string; due: string; moved: boolean }>(
        `with chosen as (
           select id, due_at, row_number() over (order by due_at, id) - 1 + $${n + 1}::integer as place
           from (select id, due_at from task where ${free} and (due_at, id) > ($${n + 2}::timestamptz, $${n + 3}::uuid)
                 order by due_at, id limit ${BATCH_ROWS}) next),
         moved as (
           update task t set due_at = least(t.due_at, $${n + 4}::timestamptz + make_interval(secs => c.place * $${n + 5}::float8))
           from chosen c where t.id = c.id and t.state in ('SCHEDULED', 'RETRY') and t.due_at > $${n + 4}::timestamptz
           returning t.id)
         select c.id, c.due_at::text as due, m.id is not null as moved
         from chosen c left join moved m on m.id = c.id order by c.place`,
        [...parameters, seen, after.due, after.id, new Date(now).toISOString(), intervalMs / 1_000],
      );
      seen += batch.length;
      total += batch.filter(({ moved }) => moved).length;
      after = batch.at(-1) ?? after;
      if (batch.length < BATCH_ROWS) return total;
    }
  }
}

/** One task, which must be there and must not have ended. @throws ApiumError `TASK_NOT_FOUND`, `TASK_FINISHED`. */
export async function runTaskNow(parts: RunNowParts, id: string, options: RunNowOptions = {}): Promise<RunNowOutcome> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  const outcome = await runNow(parts, { ids: [id] }, options);
  if (outcome.matched > 0) return outcome;
  const live = await parts.database.query("select 1 from task where id = $1::uuid", [id]);
  if (live.rows.length > 0) return outcome;
  const ended = await parts.database.query("select 1 from task_history where id = $1::uuid", [id]);
  if (ended.rows.length > 0) throw new ApiumError("TASK_FINISHED", `task ${id} has already ended`);
  throw new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
}
