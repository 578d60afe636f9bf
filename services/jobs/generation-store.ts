// The statements behind the generation of work: whole jobs at a time, never row by row. A slot has one occurrence however
// many run these at once: the unique index (job, slot) decides, and checkpoints and checklists go only to rows that were new.
import { instantArray, numberArray, type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { type GeneratedJob, isTour } from "./generation-job-store.ts";
import type { Window } from "./occurrences.ts";
import type { Leg } from "./tour.ts";

/** A checkpoint of a tour, as its occurrences are made from it. */
export interface Checkpoint {
  readonly id: number;
  readonly siteId: number;
  readonly name: string;
  readonly assetId: number | null;
  readonly questionSetId: number | null;
  readonly personId: number | null;
  readonly priority: string;
  readonly travelTime: number;
  readonly distanceKm: number | undefined;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

export async function checkpointsOf(tx: Queryable, job: GeneratedJob): Promise<Checkpoint[]> {
  const { rows } = await tx.query<Checkpoint>(
    `select c.id::float8 as id, c.site_id::float8 as "siteId", c.asset_id::float8 as "assetId",
            c.question_set_id::float8 as "questionSetId", c.person_id::float8 as "personId", c.priority,
            c.expiry_time as "travelTime", (c.details ->> 'distance')::float8 as "distanceKm",
            coalesce(a.latitude, s.latitude) as latitude, coalesce(a.longitude, s.longitude) as longitude,
            case when $2 = 'EXTERNALTOUR' then concat_ws(' - ', g.name, s.sol_id, s.name)
                 else concat_ws(' - ', a.name, c.name) end as name
     from job c join job t on t.id = c.parent_id join site s on s.id = c.site_id
     left join asset a on a.id = c.asset_id left join people_group g on g.id = t.site_group_id
     where c.parent_id = $1::bigint and c.enabled order by c.seqno, c.id`,
    [job.id, job.identifier],
  );
  return rows;
}

/** Nobody has begun a row, answered a line of its checklist, or is about to (then its row is locked and stays). */
const IS_UNTOUCHED = (row: string) => `${row}.status = 'ASSIGNED' and ${row}.started_at is null
  and not exists (select 1 from jobneed_detail d where d.jobneed_id = ${row}.id and d.answer is not null)`;

/**
 * Deletes the occurrences of the future that nobody has touched, checkpoints first; how many. Tours are locked before
 * their checkpoints, as everybody does, and looked at again under the lock: what a phone commits meanwhile stays.
 */
export async function withdrawUntouched(tx: Transaction, jobId: number, now: number): Promise<number> {
  const locked = await tx.query<{ id: number }>(
    `select o.id::float8 as id from jobneed o
     where o.job_id = $1::bigint and o.parent_id is null and o.scheduled_at > $2::timestamptz and o.status = 'ASSIGNED'
     for update of o skip locked`,
    [jobId, iso(now)],
  );
  if (locked.rows.length === 0) return 0;
  const candidates = numberArray(locked.rows.map(({ id }) => id));
  await tx.query(
    "select 1 from jobneed c where c.parent_id = any($1::text::bigint[]) order by c.parent_id, c.seqno for update",
    [candidates],
  );
  const { rows } = await tx.query<{ id: number }>(
    `select o.id::float8 as id from jobneed o
     where o.id = any($1::text::bigint[]) and ${IS_UNTOUCHED("o")}
       and not exists (select 1 from jobneed c where c.parent_id = o.id and not (${IS_UNTOUCHED("c")}))`,
    [candidates],
  );
  if (rows.length === 0) return 0;
  const ids = numberArray(rows.map(({ id }) => id));
  await tx.query("delete from jobneed where parent_id = any($1::text::bigint[])", [ids]);
  await tx.query("delete from jobneed where id = any($1::text::bigint[])", [ids]);
  return rows.length;
}

export interface MadeOccurrence {
  readonly id: number;
  readonly scheduledAt: number | null;
}

/** Inserts the occurrences whose slots have none yet, and, except for tours, their checklists. */
export async function insertOccurrences(
  tx: Transaction,
  job: GeneratedJob,
  windows: readonly { readonly [Moment in keyof Window]: Window[Moment] | null }[],
): Promise<{ made: MadeOccurrence[]; details: number }> {
  if (windows.length === 0) return { made: [], details: 0 };
  const { rows } = await tx.query<MadeOccurrence>(
    `insert into jobneed (client_id, site_id, job_id, job_version, scheduled_at, plan_at, expiry_at, grace_time, identifier,
       name, priority, scan_type, is_dynamic, asset_id, question_set_id, person_id, people_group_id, site_group_id,
       notify_category_id, multifactor, latitude, longitude)
     select j.client_id, j.site_id, j.id, j.version, u.scheduled_at, u.plan_at, u.expiry_at, j.grace_time, j.identifier,
       j.name, j.priority, j.scan_type, j.is_dynamic, j.asset_id, j.question_set_id, j.person_id, j.people_group_id,
       j.site_group_id, j.notify_category_id, coalesce(a.multifactor, 1), coalesce(a.latitude, s.latitude),
       coalesce(a.longitude, s.longitude)
     from unnest($2::text::timestamptz[], $3::text::timestamptz[], $4::text::timestamptz[])
            u(scheduled_at, plan_at, expiry_at)
     cross join job j join site s on s.id = j.site_id left join asset a on a.id = j.asset_id
     where j.id = $1::bigint
     on conflict (job_id, scheduled_at) where parent_id is null and scheduled_at is not null do nothing
     returning id::float8 as id, ${epoch("scheduled_at", "scheduledAt")}`,
    [
      job.id,
      instantArray(windows.map(({ scheduledAt }) => scheduledAt)),
      instantArray(windows.map(({ planAt }) => planAt)),
      instantArray(windows.map(({ expiryAt }) => expiryAt)),
    ],
  );
  const lists = isTour(job) ? [] : rows.map(({ id }) => ({ id, questionSetId: job.questionSetId }));
  const details = await copyChecklists(tx, job, lists);
  return { made: rows, details };
}

/** Inserts the checkpoints of new occurrences, with their checklists. */
export async function insertCheckpoints(
  tx: Transaction,
  job: GeneratedJob,
  tours: readonly {
    readonly parentId: number;
    readonly legs: readonly (Omit<Leg<Checkpoint>, "planAt" | "expiryAt"> & {
      readonly planAt: number | null;
      readonly expiryAt: number | null;
    })[];
  }[],
): Promise<{ checkpoints: number; details: number }> {
  const all = tours.flatMap(({ parentId, legs }) => legs.map((leg) => ({ parentId, ...leg })));
  if (all.length === 0) return { checkpoints: 0, details: 0 };
  const { rows } = await tx.query<{ id: number; questionSetId: number | null }>(
    `insert into jobneed (client_id, site_id, job_id, job_version, parent_id, seqno, plan_at, expiry_at, grace_time,
       identifier, name, priority, scan_type, is_dynamic, asset_id, question_set_id, person_id, people_group_id,
       site_group_id, notify_category_id, multifactor, latitude, longitude, distance_km)
     select j.client_id, u.site_id, j.id, j.version, u.parent_id, u.seqno, u.plan_at, u.expiry_at, j.grace_time,
       j.identifier, u.name, u.priority, j.scan_type, j.is_dynamic, u.asset_id, u.question_set_id,
       coalesce(u.person_id, j.person_id), j.people_group_id, j.site_group_id, j.notify_category_id,
       coalesce(a.multifactor, 1), coalesce(a.latitude, s.latitude), coalesce(a.longitude, s.longitude), u.distance_km
     from unnest($1::text::bigint[], $2::text::integer[], $3::text::bigint[], $4::text::timestamptz[],
                 $5::text::timestamptz[], $6::text::text[], $7::text::text[], $8::text::bigint[], $9::text::bigint[],
                 $10::text::bigint[], $11::text::float8[])
            u(parent_id, seqno, site_id, plan_at, expiry_at, name, priority, asset_id, question_set_id, person_id, distance_km)
     cross join job j join site s on s.id = u.site_id left join asset a on a.id = u.asset_id
     where j.id = $12::bigint
     returning id::float8 as id, question_set_id::float8 as "questionSetId"`,
    [
      numberArray(all.map(({ parentId }) => parentId)),
      numberArray(all.map(({ seqno }) => seqno)),
      numberArray(all.map(({ stop }) => stop.siteId)),
      instantArray(all.map(({ planAt }) => planAt)),
      instantArray(all.map(({ expiryAt }) => expiryAt)),
      textArray(all.map(({ stop }) => stop.name)),
      textArray(all.map(({ stop }) => stop.priority)),
      numberArray(all.map(({ stop }) => stop.assetId)),
      numberArray(all.map(({ stop }) => stop.questionSetId)),
      numberArray(all.map(({ stop }) => stop.personId)),
      numberArray(all.map(({ distanceKm }) => distanceKm)),
      job.id,
    ],
  );
  return { checkpoints: rows.length, details: await copyChecklists(tx, job, rows) };
}

/**
 * One line for each question of each row's checklist, in one statement. It does not look at the rows themselves: a plan made
 * while their table was small would read all of it for each job.
 */
async function copyChecklists(
  tx: Transaction,
  job: GeneratedJob,
  rows: readonly { readonly id: number; readonly questionSetId: number | null }[],
): Promise<number> {
  const lists = rows.filter(({ questionSetId }) => questionSetId !== null);
  if (lists.length === 0) return 0;
  const { affected } = await tx.query(
    `insert into jobneed_detail (client_id, jobneed_id, seqno, question_id, answer_type, options, min_value, max_value,
       alert_on, is_mandatory, is_attachment_required, attachment_type)
     select $1::bigint, u.id, row_number() over (partition by u.id order by m.seqno, m.id), m.question_id, m.answer_type,
       m.options, m.min_value, m.max_value, m.alert_on, m.is_mandatory, m.is_attachment_required, m.attachment_type
     from unnest($2::text::bigint[], $3::text::bigint[]) u(id, question_set_id)
     join question_set_member m on m.question_set_id = u.question_set_id`,
    [
      job.clientId,
      numberArray(lists.map(({ id }) => id)),
      numberArray(lists.map(({ questionSetId }) => questionSetId)),
    ],
  );
  return affected;
}

/**
 * A reminder for each occurrence ahead and each row of the job's own matrix: also for rows that came after the occurrences,
 * and at their new instant where a row has changed and its reminder has not been taken up yet. How many are new or moved.
 */
export async function planReminders(tx: Transaction, jobId: number, now: number): Promise<number> {
  const { affected } = await tx.query(
    `insert into reminder (client_id, site_id, job_id, jobneed_id, matrix_id, remind_at, plan_at)
     select o.client_id, o.site_id, o.job_id, o.id, m.id, o.plan_at - m.frequency_value * case m.frequency
         when 'MINUTE' then interval '1 minute' when 'HOUR' then interval '1 hour' when 'DAY' then interval '24 hours'
         else interval '168 hours' end, o.plan_at
     from escalation_matrix m join jobneed o on o.job_id = m.job_id
     where m.job_id = $1::bigint and m.enabled and o.parent_id is null and o.scheduled_at > $2::timestamptz
       and o.plan_at > $2::timestamptz and o.status = 'ASSIGNED'
     on conflict (jobneed_id, matrix_id) do update set remind_at = excluded.remind_at
       where reminder.status = 'PENDING' and reminder.remind_at <> excluded.remind_at`,
    [jobId, iso(now)],
  );
  return affected;
}

/** Whether a dynamic tour has an occurrence that nobody has begun. */
export async function hasOpenOccurrence(tx: Transaction, jobId: number): Promise<boolean> {
  const { rows } = await tx.query(
    "select 1 from jobneed where job_id = $1::bigint and parent_id is null and status = 'ASSIGNED' limit 1",
    [jobId],
  );
  return rows.length > 0;
}

function epoch(column: string, name: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8 as "${name}"`;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
