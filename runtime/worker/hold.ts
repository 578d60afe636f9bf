// Putting tasks of a paused type or tenant aside, and letting them go again. A held task waits in SCHEDULED with a due time
// that never comes; it holds no slot and no worker asks for it. Each kind has an instant of its own, so that the kinds are
// found by hops along the index of due times, and no index more is kept for them. Whoever looks releases what nothing
// holds any more, so what a worker with an old snapshot put aside after the resumption is not forgotten.
import type { Database, Statement } from "../../database/index.ts";
import { byIndex, plainArray, textArray } from "../../database/index.ts";

/** Held tasks are due within the 72 years that begin here, each kind at its own microsecond. */
const HELD_FROM = "9000-01-01T00:00:00Z";
const MICROSECONDS = "2251799813685247"; // 2^51 - 1
const BATCH_ROWS = 5_000;

const HOLD: Statement = {
  name: "hold_tasks",
  text: `
update task t set state = 'SCHEDULED', attempt = t.attempt + 1, worker = null, started_at = null, rate_slot = false,
                  held_for = f.held_for, due_at = timestamptz '${HELD_FROM}'
                    + make_interval(secs => (hashtextextended(f.held_for, 0) & ${MICROSECONDS}) / 1000000.0)
from unnest($1::text::uuid[], $2::text::integer[], $3::text::text[]) as f(id, attempt, held_for)
where ${byIndex("t.id", "f.id")} and t.attempt = f.attempt and t.state = 'STARTED' and t.revocation is null
returning t.id`,
};

export interface Held {
  readonly id: string;
  readonly attempt: number;
  readonly heldFor: string;
}

/** STARTED → SCHEDULED, put aside. The answer holds the ids that were: not those whose fence moved, nor revoked ones. */
export async function holdTasks(database: Database, held: readonly Held[]): Promise<Set<string>> {
  const { rows } = await database.hot.query<{ id: string }>(HOLD, [
    plainArray(held.map(({ id }) => id)),
    plainArray(held.map(({ attempt }) => attempt)),
    textArray(held.map(({ heldFor }) => heldFor)),
  ]);
  return new Set(rows.map(({ id }) => id));
}

/** The kinds that are held for something that is not paused (any more). As text, a due time keeps its microseconds. */
const FREE_KINDS: Statement = {
  name: "free_held_kinds",
  text: `
with recursive kinds as (
  (select due_at, held_for from task where state in ('SCHEDULED', 'RETRY') and due_at >= timestamptz '${HELD_FROM}'
   order by due_at limit 1)
  union all
  select n.due_at, n.held_for from kinds k cross join lateral (
    select t.due_at, t.held_for from task t where t.state in ('SCHEDULED', 'RETRY') and t.due_at > k.due_at
    order by t.due_at limit 1) n)
select due_at::text as due_at, held_for from kinds where held_for is not null
  and not exists (select 1 from task_type y where y.paused_at is not null and held_for = 'type:' || y.name)
  and not exists (select 1 from task_tenant n where held_for = 'tenant:' || n.tenant)`,
};

const RELEASE: Statement = {
  name: "release_held",
  text: `
with next as (
  select id from task where state in ('SCHEDULED', 'RETRY') and due_at = $2::timestamptz and held_for = $3
  order by seq limit ${BATCH_ROWS} for update skip locked)
update task t set due_at = $1::timestamptz, held_for = null from next where ${byIndex("t.id", "next.id")}
returning t.id`,
};

/** Makes held tasks due that nothing holds. Returns how many. Cheap where there is nothing to release. */
export async function releaseHeld(database: Database, now: number): Promise<number> {
  const { rows: kinds } = await database.hot.query<{ due_at: string; held_for: string }>(FREE_KINDS);
  let released = 0;
  for (const { due_at, held_for } of kinds) {
    for (;;) {
      const { rows } = await database.hot.query(RELEASE, [new Date(now).toISOString(), due_at, held_for]);
      released += rows.length;
      if (rows.length < BATCH_ROWS) break;
    }
  }
  return released;
}
