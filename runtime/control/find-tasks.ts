// Tasks as inspect asks for them, from the books: what is scheduled, what is held, what was revoked, and where given ones are.
import type { Queryable } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { isTaskId } from "../contract/task-id.ts";
import { withoutParamsOf } from "../results/index.ts";

const DEFAULT_LIMIT = 100;

export interface ScheduledTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly state: string;
  /** Of a kind whose parameters are sensitive: null. */
  readonly params: unknown;
  readonly areParamsHidden?: true;
  /** How often its worker was lost. */
  readonly crashes: number;
  /** Null of what is held: it has no time. */
  readonly dueAt: string | null;
  /** `type:<name>` or `tenant:<tenant>` whose pause holds it. */
  readonly heldFor: string | null;
}

/** What waits for its time, the next first; held ones last. @param sensitive - names of tasks whose parameters are not shown. */
export async function scheduledTasks(
  store: Queryable,
  sensitive: readonly string[],
  limit = DEFAULT_LIMIT,
): Promise<ScheduledTask[]> {
  const { rows } = await store.query<{
    id: string;
    name: string;
    queue: string;
    priority: number;
    state: string;
    params: unknown;
    crashes: number;
    due_at: Date;
    held_for: string | null;
  }>(
    `select id, name, queue, priority::integer as priority, state::text as state, params, crashes::integer as crashes, due_at, held_for
     from task where state in ('SCHEDULED', 'RETRY') order by due_at, id limit $1`,
    [limit],
  );
  return rows.map(({ due_at, held_for, ...task }) => ({
    ...withoutParamsOf(sensitive, task),
    dueAt: held_for === null ? due_at.toISOString() : null,
    heldFor: held_for,
  }));
}

export interface RevokedTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** `requested`: it still runs, and was told. Else why it ended: revoked, expired. */
  readonly outcome: string;
  readonly at: string | null;
}

/** What was told to stop and runs yet, then what has ended so, the latest accepted first. */
export async function revokedTasks(store: Queryable, limit = DEFAULT_LIMIT): Promise<RevokedTask[]> {
  const { rows } = await store.query<{ id: string; name: string; queue: string; outcome: string; at: Date | null }>(
    `(select id, name, queue, 'requested' as outcome, null::timestamptz as at from task
      where worker is not null and revocation is not null order by id limit $1)
     union all
     (select id, name, queue, coalesce(reason, 'revoked'), finished_at from task_history
      where state = 'REVOKED' order by id desc limit $1)
     limit $1`,
    [limit],
  );
  return rows.map(({ at, ...task }) => ({ ...task, at: at?.toISOString() ?? null }));
}

export interface FoundTask {
  readonly id: string;
  readonly found: boolean;
  readonly name: string | null;
  readonly queue: string | null;
  readonly state: string | null;
  readonly worker: string | null;
}

/** Where tasks are, in the order of the question. @throws ApiumError `PARAMS_INVALID` for what is no id. */
export async function findTasks(store: Queryable, ids: readonly string[]): Promise<FoundTask[]> {
  const strange = ids.find((id) => !isTaskId(id));
  if (strange !== undefined) {
    const fields = [{ field: "ids", message: `"${strange}" is not a task id` }];
    throw new ApiumError("PARAMS_INVALID", "the request is not valid", { fields });
  }
  const live = await locate(store, "task", ids);
  // Live first: what ends between the two questions is found by the second.
  const ended = await locate(
    store,
    "task_history",
    ids.filter((id) => !live.has(id)),
  );
  const nowhere = { found: false, name: null, queue: null, state: null, worker: null };
  return ids.map((id) => live.get(id) ?? ended.get(id) ?? { id, ...nowhere });
}

async function locate(
  store: Queryable,
  book: "task" | "task_history",
  ids: readonly string[],
): Promise<Map<string, FoundTask>> {
  if (ids.length === 0) return new Map();
  const { rows } = await store.query<Omit<FoundTask, "found">>(
    `select id, name, queue, state::text as state, worker from ${book} where id = any($1::text::uuid[])`,
    [plainArray(ids)],
  );
  return new Map(rows.map((row) => [row.id, { ...row, found: true }]));
}
