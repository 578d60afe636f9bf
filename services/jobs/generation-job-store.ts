// The jobs behind the generation of work: which are looked at, one at a time under a lock, and what is noted of it.
import { type Database, numberArray, type Transaction } from "../../database/index.ts";

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

function epoch(column: string, name: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8 as "${name}"`;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
