// Reminders on their way: taken for their instant, given up when it is too late, and noted when their mail has gone out.
import type { Queryable, Transaction } from "../../database/index.ts";
import { notFound, plain } from "../fields.ts";
import { LOOK_AHEAD_MS, MOST_ATTEMPTS } from "./reminder-rules.ts";
import type { REMINDER_OUTCOMES } from "./tasks.ts";

export const BATCH_ROWS = 500;

export interface PlannedReminder {
  readonly id: number;
  readonly remindAt: string;
}

const PLAN = {
  name: "reminders_plan",
  text: `
with due as materialized (
  select id from reminder
  where status in ('PENDING', 'FAILED') and remind_at <= $1::timestamptz + interval '${LOOK_AHEAD_MS / 1_000} seconds'
    and plan_at > $1::timestamptz and (status = 'PENDING' or attempts < ${MOST_ATTEMPTS})
  order by remind_at, id limit $2
  for update skip locked)
update reminder r set status = 'QUEUED' from due where r.id = due.id
returning r.id, r.remind_at as "remindAt"`,
};

const GIVE_UP = {
  name: "reminders_give_up",
  text: `
with late as materialized (
  select id from reminder where status in ('PENDING', 'QUEUED', 'FAILED') and plan_at <= $1::timestamptz
  order by plan_at limit $2
  for update skip locked)
update reminder r set status = 'MISSED' from late where r.id = late.id`,
};

/** That a mail has gone out is true whatever was thought before; the rest is said of reminders under way only. */
const NOTE = `
update reminder
set status = $2, attempts = attempts + case when $2 = 'FAILED' then 1 else 0 end,
    sent_at = case when $2 = 'SUCCESS' then $3::timestamptz end
where id = $1::bigint and (status = 'QUEUED' or ($2 = 'SUCCESS' and status <> 'SUCCESS'))`;

/** Takes reminders that fall due within the look-ahead: they are QUEUED, and the caller enqueues their mails. */
export async function takeDue(tx: Transaction, now: number): Promise<PlannedReminder[]> {
  const { rows } = await tx.query<PlannedReminder>(PLAN, [new Date(now).toISOString(), BATCH_ROWS]);
  return rows.map(plain);
}

/** How many were given up; call again while it is `BATCH_ROWS`. */
export async function giveUpLate(store: Queryable, now: number): Promise<number> {
  return (await store.query(GIVE_UP, [new Date(now).toISOString(), BATCH_ROWS])).affected;
}

export async function noteOutcome(
  store: Queryable,
  reminderId: number,
  outcome: (typeof REMINDER_OUTCOMES)[number],
  now: number,
): Promise<void> {
  await store.query(NOTE, [reminderId, outcome, new Date(now).toISOString()]);
}

export interface ReminderMailFacts {
  readonly reminder: { readonly id: number; readonly status: string; readonly planAt: string };
  readonly job: { readonly name: string; readonly description: string; readonly createdBy: string };
  readonly work: { readonly id: number; readonly status: string; readonly assignedTo: string | null };
  readonly asset: string | null;
  readonly site: { readonly name: string; readonly timezone: string };
  readonly recipients: readonly { readonly name: string; readonly address: string }[];
}

interface FactsRow {
  readonly status: string;
  readonly planAt: Date;
  readonly jobName: string;
  readonly description: string;
  readonly createdBy: string;
  readonly workId: number;
  readonly workStatus: string;
  readonly assignedTo: string | null;
  readonly asset: string | null;
  readonly siteName: string;
  readonly timezone: string;
  readonly notify: readonly string[];
}

const FACTS = `
select r.status, r.plan_at as "planAt", j.name as "jobName", j.description, coalesce(author.name, j.created_by) as "createdBy",
       n.id as "workId", n.status as "workStatus", coalesce(p.name, g.name) as "assignedTo", a.name as asset,
       s.name as "siteName", s.timezone, m.notify
from reminder r
join job j on j.id = r.job_id
join jobneed n on n.id = r.jobneed_id
join site s on s.id = r.site_id
join escalation_matrix m on m.id = r.matrix_id
left join person author on author.login_id = j.created_by and author.client_id = r.client_id
left join person p on p.id = n.person_id
left join people_group g on g.id = n.people_group_id
left join asset a on a.id = n.asset_id
where r.id = $1::bigint`;

const PEOPLE = `
select p.name, p.email as address
from reminder r
join jobneed n on n.id = r.jobneed_id
join job j on j.id = r.job_id
cross join lateral (
  select n.person_id as id
  union select a.id from person a where a.login_id = j.created_by and a.client_id = r.client_id
  union select m.person_id from group_member m where m.group_id = n.people_group_id) involved
join person p on p.id = involved.id
where r.id = $1::bigint and p.email is not null and p.enabled and p.is_verified
order by p.id`;

/** @throws ApiumError `NOT_FOUND`: the reminder went with its occurrence. */
export async function reminderMailFacts(store: Queryable, reminderId: number): Promise<ReminderMailFacts> {
  const { rows: found } = await store.query<FactsRow>(FACTS, [reminderId]);
  const row = found[0];
  if (row === undefined) throw notFound("reminder", reminderId);
  const { rows: people } = await store.query<ReminderMailFacts["recipients"][number]>(PEOPLE, [reminderId]);
  return {
    reminder: { id: reminderId, status: row.status, planAt: row.planAt.toISOString() },
    job: { name: row.jobName, description: row.description, createdBy: row.createdBy },
    work: { id: row.workId, status: row.workStatus, assignedTo: row.assignedTo },
    asset: row.asset,
    site: { name: row.siteName, timezone: row.timezone },
    recipients: [...people, ...row.notify.map((address) => ({ name: "", address }))],
  };
}
