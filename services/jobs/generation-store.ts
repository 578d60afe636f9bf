// The statements behind the generation of work: whole jobs at a time, never row by row. A slot has one occurrence however
// many run these at once: the unique index (job, slot) decides, and checkpoints and checklists go only to rows that were new.
import {
  type Database,
  instantArray,
  numberArray,
  type Queryable,
  type Transaction,
  textArray,
} from "../../database/index.ts";
import type { Window } from "./occurrences.ts";
import type { Leg } from "./tour.ts";

/** A job with what its occurrences take from it. Instants are milliseconds since the epoch, durations minutes. */
export interface GeneratedJob {
  readonly id: number;
  readonly isDue: boolean;
  /** Its validity has passed; nothing else keeps it from being due. */
  readonly isOver: boolean;
  readonly clientId: number;
  readonly siteId: number;
  readonly name: string;
  readonly identifier: string;
  readonly cron: string | null;
  readonly timezone: string;
  readonly validFrom: number;
  readonly validTo: number;
  readonly planDuration: number;
  readonly graceTime: number;
  readonly expiryTime: number;
  readonly isDynamic: boolean;
  readonly isRandomized: boolean;
  readonly tourFrequency: number;
  readonly breakTime: number;
  readonly questionSetId: number | null;
  readonly version: number;
  readonly generatedVersion: number | null;
  readonly generatedUntil: number | null;
  readonly generatedZone: string | null;
}

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

const TOURS = ["INTERNALTOUR", "EXTERNALTOUR"];
export const isTour = ({ identifier }: Pick<GeneratedJob, "identifier">): boolean => TOURS.includes(identifier);

/** What is generated while it is valid: enabled, of the top level, scheduled, not on a scrapped asset. */
const IS_SCHEDULED = `
  j.enabled and j.parent_id is null and j.cron is not null and j.cron <> '* * * * *' and not j.is_dynamic
  and j.identifier not in ('GEOFENCE', 'TICKET')
  and not exists (select 1 from asset a where a.id = j.asset_id and a.running_status = 'SCRAPPED')`;
const IS_DUE = `(${IS_SCHEDULED} and j.valid_to > $1::timestamptz)`;

/** A job the generator has to look at, and where it belongs. */
export interface JobToGenerate {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number;
}

export interface Selection {
  readonly isPpm: boolean;
  readonly now: number;
  readonly afterId: number;
  readonly limit: number;
  readonly ids: readonly number[] | undefined;
}

/** Jobs that are due, and those that no longer are but have work ahead, in order. PPM is a matter of its own task. */
export async function jobsToGenerate(database: Database, selection: Selection): Promise<JobToGenerate[]> {
  const { isPpm, now, afterId, limit, ids } = selection;
  const { rows } = await database.query<JobToGenerate>(
    `select j.id::float8 as id, j.uuid, j.client_id::float8 as "clientId", j.site_id::float8 as "siteId" from job j
     where (${IS_DUE} or (j.parent_id is null and j.generated_version is not null))
       and (j.identifier = 'PPM') = $2::boolean and j.id > $3::bigint
       and ($4::text is null or j.id = any($4::text::bigint[]))
     order by j.id limit $5::integer`,
    [iso(now), isPpm, afterId, ids ? numberArray(ids) : null, limit],
  );
  return rows;
}

export interface NotDue {
  readonly jobId: number;
  readonly reason:
    | "unknown"
    | "checkpoint"
    | "disabled"
    | "dynamic"
    | "unscheduled"
    | "over"
    | "scrapped"
    | "other task";
}

/** Why jobs that were asked for by id get nothing. */
export async function reasonsNotDue(
  database: Database,
  { isPpm, now, ids }: Pick<Selection, "isPpm" | "now"> & { readonly ids: readonly number[] },
): Promise<NotDue[]> {
  const { rows } = await database.query<NotDue>(
    `select asked.id::float8 as "jobId", case when j.id is null then 'unknown' when j.parent_id is not null then 'checkpoint'
       when not j.enabled then 'disabled' when j.is_dynamic then 'dynamic' when (j.identifier = 'PPM') <> $2::boolean
       then 'other task' when j.valid_to <= $1::timestamptz then 'over' when exists (
         select 1 from asset a where a.id = j.asset_id and a.running_status = 'SCRAPPED') then 'scrapped'
       else 'unscheduled' end as reason
     from unnest($3::text::bigint[]) asked(id) left join job j on j.id = asked.id
     where j.id is null or not ${IS_DUE} or (j.identifier = 'PPM') <> $2::boolean order by asked.id`,
    [iso(now), isPpm, numberArray([...new Set(ids)])],
  );
  return rows;
}

const JOB = `
  j.id::float8 as id, j.client_id::float8 as "clientId", j.site_id::float8 as "siteId", j.name, j.identifier, j.cron,
  s.timezone, ${epoch("j.valid_from", "validFrom")}, ${epoch("j.valid_to", "validTo")},
  j.plan_duration as "planDuration", j.grace_time as "graceTime", j.expiry_time as "expiryTime",
  j.is_dynamic as "isDynamic", j.is_randomized as "isRandomized", j.tour_frequency as "tourFrequency",
  j.break_time as "breakTime", j.question_set_id::float8 as "questionSetId", j.version,
  j.generated_version as "generatedVersion", ${epoch("j.generated_until", "generatedUntil")},
  j.generated_zone as "generatedZone"`;

/** The job, held until the transaction ends; undefined when there is none, or somebody else is at it. */
export async function lockJobToGenerate(tx: Transaction, id: number, now: number): Promise<GeneratedJob | undefined> {
  const { rows } = await tx.query<GeneratedJob>(
    `select ${JOB}, ${IS_DUE} as "isDue", (${IS_SCHEDULED} and not ${IS_DUE}) as "isOver"
     from job j join site s on s.id = j.site_id
     where j.id = $2::bigint and j.parent_id is null for no key update of j skip locked`,
    [iso(now), id],
  );
  return rows[0];
}

/** A dynamic tour, held until the transaction ends. */
export async function lockDynamicTour(tx: Transaction, id: number): Promise<GeneratedJob | undefined> {
  const { rows } = await tx.query<GeneratedJob>(
    `select ${JOB}, true as "isDue", false as "isOver" from job j join site s on s.id = j.site_id
     where j.id = $1::bigint and j.enabled and j.is_dynamic and j.parent_id is null for no key update of j`,
    [id],
  );
  return rows[0];
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

export async function recordMissed(
  tx: Transaction,
  jobId: number,
  missed: { readonly from: number; readonly to: number; readonly slots: number },
  reason: string,
): Promise<void> {
  await tx.query(
    `insert into job_miss (job_id, from_at, to_at, slots, reason)
     values ($1::bigint, $2::timestamptz, $3::timestamptz, $4::integer, $5)`,
    [jobId, iso(missed.from), iso(missed.to), missed.slots, reason],
  );
}

export async function recordGenerated(tx: Transaction, job: GeneratedJob, until: number): Promise<void> {
  await tx.query(
    `update job set generated_version = $2::integer, generated_until = $3::timestamptz, generated_zone = $4
     where id = $1::bigint`,
    [job.id, job.version, iso(until), job.timezone],
  );
}

/** As if nothing had been generated: when the job is due again, it begins anew. */
export async function forgetGenerated(tx: Transaction, jobId: number): Promise<void> {
  await tx.query(
    "update job set generated_version = null, generated_until = null, generated_zone = null where id = $1::bigint",
    [jobId],
  );
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
