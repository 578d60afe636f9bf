// The statement that accepts tasks: rows of one kind, any number of them, with what they share given once.
import type { Queryable, Statement } from "../../database/index.ts";
import { numberArray, plainArray, textArray } from "../../database/index.ts";
import type { Lane } from "../contract/priority.ts";
import { LANES } from "../contract/priority.ts";

export interface NewTasks {
  readonly name: string;
  readonly queue: string;
  readonly lane: Lane;
  readonly priority: number;
  readonly state: "QUEUED" | "SCHEDULED" | "WAITING";
  readonly ids: readonly string[];
  /** JSON text of each task's parameters. */
  readonly params: readonly string[];
  readonly childIndexes?: readonly number[] | undefined;
  /** JSON text of each task's own headers, in place of the shared ones. */
  readonly ownHeaders?: readonly (string | undefined)[] | undefined;
  readonly overrides?: string | undefined;
  readonly headers?: string | undefined;
  readonly dueAt?: number | undefined;
  readonly expiresAt?: number | undefined;
  readonly createdAt: number;
  readonly parentId?: string | undefined;
  readonly pendingChildren?: number | undefined;
  readonly uniqueKey?: string | undefined;
  readonly retryOf?: string | undefined;
}

const INSERT: Statement = {
  name: "insert_tasks",
  text: `
with accepted as (
  insert into task (id, params, child_index, name, queue, lane, priority, state, overrides, headers, due_at, expires_at,
                    created_at, parent_id, pending_children, unique_key, retry_of)
  select u.id, u.params, u.child_index, $4, $5, $6::smallint, $7::smallint, $8::task_state, $9::json, coalesce(u.headers, $10::json),
         $11::timestamptz, $12::timestamptz, $13::timestamptz, $14::uuid, $15::integer, $16, $17::uuid
  from unnest($1::text::uuid[], $2::text::json[], $3::text::integer[], $18::text::json[])
    u(id, params, child_index, headers)
  on conflict (id) do nothing
  returning seq)
select min(seq) as first, count(*)::integer as accepted from accepted`,
};

export interface Inserted {
  /** The lowest place in the lane among the new rows. */
  readonly first: number;
  /** Rows that were new; fewer than given only where an id existed already. */
  readonly accepted: number;
}

export async function insertTasks(store: Queryable, tasks: NewTasks): Promise<Inserted> {
  const { rows } = await store.query<Inserted>(INSERT, [
    plainArray(tasks.ids),
    textArray(tasks.params),
    numberArray(tasks.childIndexes ?? []),
    tasks.name,
    tasks.queue,
    LANES.indexOf(tasks.lane),
    tasks.priority,
    tasks.state,
    tasks.overrides ?? null,
    tasks.headers ?? null,
    instant(tasks.dueAt),
    instant(tasks.expiresAt),
    instant(tasks.createdAt),
    tasks.parentId ?? null,
    tasks.pendingChildren ?? null,
    tasks.uniqueKey ?? null,
    tasks.retryOf ?? null,
    textArray(tasks.ownHeaders ?? []),
  ]);
  return rows[0] ?? { first: 0, accepted: 0 };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
