// Running finished tasks again, as new ones. One that ended in FAILURE has a dead letter: it is handled by that, so that
// nobody who requeues the dead letters later runs the task twice.
import { plainArray, type Transaction } from "../../database/index.ts";
import { ApiumError, codeOf } from "../contract/errors.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { FinalState } from "../contract/task-state.ts";
import { Conditions, type Named, refusedField } from "./conditions.ts";
import { type RunAgainParts, runAgain, type Source, spacing } from "./run-again.ts";

/** Tasks one call runs again at most; what is left is said. */
export const MOST_RETRIED = 1_000;

const SOURCE = "select name, queue, priority::integer as priority, params, headers from task_history";

/** Runs a finished task again. @throws ApiumError `TASK_NOT_FOUND`, `TASK_NOT_FINISHED`, `PARAMS_INVALID`. */
export async function retryTask(parts: RunAgainParts, id: string, by?: string): Promise<AcceptedTask> {
  if (!isTaskId(id)) throw new ApiumError("TASK_NOT_FOUND", `"${id}" is not a task id`);
  return parts.database.transaction((tx) => retryIn(parts, tx, id, by));
}

/** The same, but only one of all who ask for it gets it. @throws ApiumError `TASK_RETRIED`, as `retryTask`. */
async function retryOnce(
  parts: RunAgainParts,
  id: string,
  by: string | undefined,
  dueAt: number | undefined,
): Promise<AcceptedTask> {
  return parts.database.transaction(async (tx) => {
    const { rows } = await tx.query<{ again: string | null }>(
      "select retried_as as again from task_history where id = $1::uuid for update",
      [id],
    );
    if (rows.some(({ again }) => again !== null))
      throw new ApiumError("TASK_RETRIED", `task ${id} has been run again already`);
    return retryIn(parts, tx, id, by, dueAt);
  });
}

async function retryIn(
  parts: RunAgainParts,
  tx: Transaction,
  id: string,
  by: string | undefined,
  dueAt?: number,
): Promise<AcceptedTask> {
  const { rows } = await tx.query<Omit<Source, "overrides">>(`${SOURCE} where id = $1::uuid`, [id]);
  const old = rows[0];
  if (old === undefined) throw await refusalOf(tx, id);
  const accepted = await runAgain(parts, tx, { ...old, overrides: null }, id, dueAt);
  await tx.query(
    `update dead_letter set handled_at = clock_timestamp(), handled_by = $2, requeued_as = $3::uuid
     where task_id = $1::uuid and handled_at is null`,
    [id, by ?? null, accepted.id],
  );
  return accepted;
}

async function refusalOf(tx: Transaction, id: string): Promise<ApiumError> {
  const live = await tx.query("select 1 from task where id = $1::uuid", [id]);
  return live.rows.length > 0
    ? new ApiumError("TASK_NOT_FINISHED", `task ${id} has not ended yet`)
    : new ApiumError("TASK_NOT_FOUND", `there is no task ${id}`);
}

export interface EndedFilter extends Named {
  readonly states?: readonly FinalState[] | undefined;
  /** Of the error a task ended with. */
  readonly code?: string | undefined;
  /** Text in the parameters or the error, whatever its case. */
  readonly text?: string | undefined;
  /** When it ended. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

export interface RetryManyOptions {
  readonly by?: string | undefined;
  /** Only count them. */
  readonly dryRun?: boolean | undefined;
  /** So many starts in a while, as in `10/s`; default all at once. */
  readonly rate?: string | undefined;
  /** Default and most: 1000. */
  readonly limit?: number | undefined;
}

export interface RetriedMany {
  readonly dryRun: boolean;
  /** Finished tasks that fitted and have not been run again yet. */
  readonly matched: number;
  readonly byState: Readonly<Partial<Record<FinalState, number>>>;
  readonly retried: readonly { readonly id: string; readonly retriedAs: string }[];
  readonly refused: readonly { readonly id: string; readonly code: string }[];
  /** Fitted, and were beyond the limit. */
  readonly left: number;
}

/**
 * Runs finished tasks again that fit and have not been run again already, the ones that ended first before the others; so
 * a call that is repeated goes on where the one before it stopped. Of given ids each that is left out is named.
 * @throws ApiumError `PARAMS_INVALID` when neither ids, a name nor a queue is given, `QUEUE_UNKNOWN`, `RATE_NOTATION`.
 */
export async function retryTasks(
  parts: RunAgainParts,
  filter: EndedFilter,
  { by, dryRun = false, rate, limit = MOST_RETRIED }: RetryManyOptions = {},
): Promise<RetriedMany> {
  const { where, parameters } = conditionsOf(filter, parts.registry.sensitive());
  const dueAt = spacing(rate, parts.clock.now());
  const { rows } = await parts.database.query<{ state: FinalState; tasks: number }>(
    `select state::text as state, count(*)::integer as tasks from task_history where ${where} group by state`,
    parameters,
  );
  const matched = rows.reduce((sum, { tasks }) => sum + tasks, 0);
  const byState = Object.fromEntries(rows.map(({ state, tasks }) => [state, tasks]));
  const counted = { dryRun, matched, byState };
  const chosen = await parts.database.query<{ id: string }>(
    `select id from task_history where ${where} order by finished_at, id limit ${limit}`,
    parameters,
  );
  const ids = chosen.rows.map(({ id }) => id);
  const refused = await leftOut(parts, filter.ids ?? [], ids, limit);
  const left = matched - ids.length;
  if (dryRun) return { ...counted, retried: [], refused, left };
  const retried: { id: string; retriedAs: string }[] = [];
  for (const id of ids) {
    try {
      const task = await retryOnce(parts, id, by, dueAt(retried.length));
      retried.push({ id, retriedAs: task.id });
    } catch (error) {
      refused.push({ id, code: codeOf(error) ?? "INTERNAL" });
    }
  }
  return { ...counted, retried, refused, left };
}

/** Why ids that were asked for are not among the chosen ones. */
async function leftOut(
  parts: RunAgainParts,
  asked: readonly string[],
  chosen: readonly string[],
  limit: number,
): Promise<{ id: string; code: string }[]> {
  const missing = asked.filter((id) => !chosen.includes(id));
  if (missing.length === 0 || chosen.length >= limit) return [];
  const { rows } = await parts.database.query<{ id: string; ended: boolean }>(
    `select id, false as ended from task where id = any($1::text::uuid[])
     union all select id, true from task_history where id = any($1::text::uuid[])`,
    [plainArray(missing)],
  );
  return missing.map((id) => {
    const ended = rows.find((row) => row.id === id)?.ended;
    return { id, code: ended === undefined ? "TASK_NOT_FOUND" : ended ? "TASK_RETRIED" : "TASK_NOT_FINISHED" };
  });
}

function conditionsOf(filter: EndedFilter, sensitive: readonly string[]): Conditions {
  if (filter.ids === undefined && filter.name === undefined && filter.queue === undefined) {
    throw refusedField("filter", "name what to run again: ids, name or queue");
  }
  return new Conditions()
    .addNamed(filter)
    .add(filter.states && plainArray(filter.states), (place) => `state::text = any(${place}::text::text[])`)
    .add(filter.code, (place) => `error->>'code' = ${place}`)
    .addText(filter.text, ["params::text", "error->>'message'"], sensitive)
    .addSpan("finished_at", filter.since, filter.until)
    .and("retried_as is null");
}
