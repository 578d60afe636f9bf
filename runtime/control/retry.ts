// Running finished tasks again, as new ones. One that ended in FAILURE has a dead letter: it is handled by that, so that
// nobody who requeues the dead letters later runs the task twice.
import { plainArray, type Transaction } from "../../database/index.ts";
import { ApiumError, codeOf } from "../contract/errors.ts";
import type { AcceptedTask } from "../contract/task-definition.ts";
import { isTaskId } from "../contract/task-id.ts";
import { FINAL_STATES, type FinalState } from "../contract/task-state.ts";
import { Conditions, type Named, refusedField } from "./conditions.ts";
import { NO_ID } from "./revoke.ts";
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
  const { rows } = await parts.database.query<{ state: FinalState; name: string; tasks: number }>(
    `select state::text as state, name, count(*)::integer as tasks from task_history where ${where} group by state, name`,
    parameters,
  );
  const byState: Partial<Record<FinalState, number>> = {};
  for (const { state, tasks } of rows) byState[state] = (byState[state] ?? 0) + tasks;
  const matched = rows.reduce((sum, { tasks }) => sum + tasks, 0);
  const counted = { dryRun, matched, byState };
  const dueAt = await spacing(parts, rate, [...new Set(rows.map(({ name }) => name))]);
  const refused = await leftOut(parts, filter);
  const retried: { id: string; retriedAs: string }[] = [];
  if (dryRun) return { ...counted, retried, refused, left: Math.max(0, matched - limit) };
  const n = parameters.length;
  let after = { at: "-infinity", id: NO_ID };
  let seen = 0;
  // What is refused must not stand in the way of what ended after it. No more than fitted when it was asked: what is run
  // again may have failed anew by now.
  for (;;) {
    const most = Math.min(limit - retried.length, matched - seen);
    if (most <= 0) break;
    const { rows: next } = await parts.database.query<{ id: string; at: string }>(
      `select id, finished_at::text as at from task_history
       where ${where} and (finished_at, id) > ($${n + 1}::timestamptz, $${n + 2}::uuid)
       order by finished_at, id limit $${n + 3}::integer`,
      [...parameters, after.at, after.id, most],
    );
    const last = next.at(-1);
    if (last === undefined) break;
    after = last;
    seen += next.length;
    for (const { id } of next) {
      try {
        const task = await retryOnce(parts, id, by, dueAt(retried.length));
        retried.push({ id, retriedAs: task.id });
      } catch (error) {
        refused.push({ id, code: codeOf(error) ?? "INTERNAL" });
      }
    }
  }
  return { ...counted, retried, refused, left: Math.max(0, matched - seen) };
}

/** Why ids that were asked for are not among those that are meant. */
async function leftOut(parts: RunAgainParts, filter: EndedFilter): Promise<{ id: string; code: string }[]> {
  if (filter.ids === undefined) return [];
  const { where, parameters } = conditionsOf(filter, parts.registry.sensitive());
  const asked = `$${parameters.length + 1}::text::uuid[]`;
  const { rows } = await parts.database.query<{ id: string; code: string }>(
    `select id, 'TASK_NOT_FINISHED' as code from task where id = any(${asked})
     union all select id, case when retried_as is not null then 'TASK_RETRIED' when ${where} then '' else 'TASK_NOT_MEANT' end
       from task_history where id = any(${asked})`,
    [...parameters, plainArray(filter.ids)],
  );
  const codes = new Map(rows.map(({ id, code }) => [id, code]));
  return filter.ids.map((id) => ({ id, code: codes.get(id) ?? "TASK_NOT_FOUND" })).filter(({ code }) => code !== "");
}

function conditionsOf(filter: EndedFilter, sensitive: readonly string[]): Conditions {
  if (filter.ids === undefined && filter.name === undefined && filter.queue === undefined) {
    throw refusedField("filter", "name what to run again: ids, name or queue");
  }
  return new Conditions()
    .addNamed(filter)
    .and(filter.states === undefined ? "true" : among(filter.states))
    .add(filter.code, (place) => `error->>'code' = ${place}`)
    .addText(filter.text, ["params::text", "error->>'message'"], sensitive)
    .addSpan("finished_at", filter.since, filter.until)
    .and("retried_as is null");
}

/** Written out, from the states that there are: only so does the planner see that the index of what is no success will do. */
function among(states: readonly FinalState[]): string {
  const wanted = FINAL_STATES.filter((state) => states.includes(state)).map((state) => `'${state}'`);
  return wanted.length === 0 ? "false" : `state in (${wanted.join(", ")})`;
}
