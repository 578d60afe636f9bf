// Claims: QUEUED → STARTED, fenced by the attempt. A claim's commit need not reach the disk before the handler runs:
// if a power cut takes it back, the row is QUEUED again under the same attempt, and only one finish of that attempt
// can ever succeed (ADR 3). So claims go through the connections that do not wait for the disk.
import type { Database, Statement } from "../../database/index.ts";
import { byIndex, plainArray, textArray } from "../../database/index.ts";
import { LANES } from "../contract/priority.ts";
import type { TaskRef } from "../contract/task-message.ts";
import type { ClaimedTask } from "./queue.ts";

const CLAIMED = `t.id, t.name, t.queue, t.lane::integer as lane, t.priority, t.attempt, t.retries, t.crashes, t.params,
  t.overrides, t.headers, t.parent_id, t.unique_key is not null as keyed,
  case when t.rate_slot then t.due_at end as rate_slot_at`;

/** A worker that was declared lost must not take anything under its old name. */
const WORKER_LIVES = "exists (select 1 from worker w where w.id = $1 and w.state <> 'lost')";

interface ClaimedRow {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly lane: number;
  readonly priority: number;
  readonly attempt: number;
  readonly retries: number;
  readonly crashes: number;
  readonly params: unknown;
  readonly overrides: Record<string, unknown> | null;
  readonly headers: Record<string, string> | null;
  readonly parent_id: string | null;
  readonly keyed: boolean;
  readonly rate_slot_at: Date | null;
}

/**
 * The state is compared as text so that the planner cannot take the index of queued rows for a list of ids. A paused queue's
 * tasks are left whatever the worker knows by now: who has paused a queue may count on it at once.
 */
const CLAIM_REFS: Statement = {
  name: "claim_refs",
  text: `
update task t set state = 'STARTED', worker = $1, started_at = $2::timestamptz
from unnest($3::text::uuid[], $4::text::integer[]) as m(id, attempt)
where ${byIndex("t.id", "m.id")} and t.attempt = m.attempt and t.state::text = 'QUEUED'
  and (t.expires_at is null or t.expires_at > $2::timestamptz) and ${WORKER_LIVES}
  and not exists (select 1 from task_queue q where q.queue = t.queue and q.paused_at is not null)
returning ${CLAIMED}`,
};

/** Claims the tasks that messages name. Those that are not in the answer were not to be had. */
export async function claimRefs(
  database: Database,
  worker: string,
  refs: readonly TaskRef[],
  now: number,
): Promise<ClaimedTask[]> {
  const { rows } = await database.relaxed.query<ClaimedRow>(CLAIM_REFS, [
    worker,
    new Date(now).toISOString(),
    plainArray(refs.map((ref) => ref.id)),
    plainArray(refs.map((ref) => ref.attempt)),
  ]);
  return rows.map(toClaimed);
}

const CLAIM_LANES: Statement = {
  name: "claim_lanes",
  text: `
with lanes as (
  select l.queue, l.lane, l.weight, l.above
  from unnest($3::text::text[], $4::text::smallint[], $5::text::float8[], $8::text::bigint[]) as l(queue, lane, weight, above)
  where exists (
      select 1 from task t where t.queue = l.queue and t.lane = l.lane and t.state = 'QUEUED' and t.seq > l.above)
    and not exists (select 1 from task_queue q where q.queue = l.queue and q.paused_at is not null)
    and ${WORKER_LIVES}),
shares as (
  select queue, lane, above, greatest(1, ceil($6::integer * weight / sum(weight) over ()))::integer as share
  from lanes order by weight desc, random()),
next as materialized (
  select n.id from shares s cross join lateral (
    select t.id from task t
    where t.queue = s.queue and t.lane = s.lane and t.state = 'QUEUED' and t.seq > s.above
      and (t.expires_at is null or t.expires_at > $2::timestamptz) and t.name <> all($7::text::text[])
    order by t.seq limit s.share for update skip locked) n
  limit $6::integer)
update task t set state = 'STARTED', worker = $1, started_at = $2::timestamptz
from next where ${byIndex("t.id", "next.id")}
returning ${CLAIMED}`,
};

export interface LaneWish {
  readonly queue: string;
  readonly lane: number;
  readonly weight: number;
  /** Only rows above this place in the lane. */
  readonly above: number;
}

/** Claims up to `most` tasks straight from the table, shared among the lanes that hold work by their weights. */
export async function claimLanes(
  database: Database,
  worker: string,
  lanes: readonly LaneWish[],
  most: number,
  withoutTasks: readonly string[],
  now: number,
): Promise<ClaimedTask[]> {
  const { rows } = await database.relaxed.query<ClaimedRow>(CLAIM_LANES, [
    worker,
    new Date(now).toISOString(),
    textArray(lanes.map((lane) => lane.queue)),
    plainArray(lanes.map((lane) => lane.lane)),
    plainArray(lanes.map((lane) => lane.weight)),
    most,
    textArray(withoutTasks),
    plainArray(lanes.map((lane) => lane.above)),
  ]);
  return rows.map(toClaimed);
}

function toClaimed(row: ClaimedRow): ClaimedTask {
  return {
    id: row.id,
    name: row.name,
    queue: row.queue,
    lane: LANES[row.lane] ?? "normal",
    priority: row.priority,
    attempt: row.attempt,
    retries: row.retries,
    crashes: row.crashes,
    params: row.params,
    overrides: row.overrides,
    headers: row.headers,
    parentId: row.parent_id,
    keyed: row.keyed,
    rateSlotAt: row.rate_slot_at?.getTime(),
  };
}
