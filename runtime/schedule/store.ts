// What is kept of schedules: the definition, the slot to look at next, and what became of the slots so far.
import { type Database, plainArray, type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { parseSchedule, type ScheduleDefinition, scheduleInput } from "./definition.ts";
import type { SlotRange } from "./misfire.ts";

export type ScheduleOrigin = "code" | "api";
export type SlotState = "fired" | "waiting" | "manual";
/** Why slots did not run: nobody was there in time, the last run had not ended, its time was over, it was refused, or it was taken back. */
export const MISS_REASONS = ["late", "overlap", "expired", "refused", "withdrawn"] as const;
export type MissReason = (typeof MISS_REASONS)[number];

/** A row of `schedule`, instants in milliseconds since the epoch. */
export interface StoredSchedule {
  readonly name: string;
  readonly origin: ScheduleOrigin;
  readonly digest: string | null;
  readonly version: number;
  readonly definition: unknown;
  readonly enabled: boolean;
  readonly nextRunAt: number | null;
  readonly lastRunAt: number | null;
  readonly lastTaskId: string | null;
  readonly totalRunCount: number;
  readonly missedCount: number;
  readonly lastMissedAt: number | null;
  readonly waitingSlots: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string | null;
}

export interface SlotRow {
  readonly slot: number;
  readonly state: SlotState;
  readonly isLate: boolean;
  readonly taskId: string | null;
  readonly taskState: string | null;
  readonly recordedAt: number;
}

export interface MissRow extends SlotRange {
  readonly reason: MissReason;
  readonly detail: string | null;
  readonly recordedAt: number;
}

const COLUMNS = `
  name, origin, digest, version, definition, enabled, last_task_id as "lastTaskId", updated_by as "updatedBy",
  total_run_count::float8 as "totalRunCount", missed_count::float8 as "missedCount", waiting_slots as "waitingSlots",
  ${epoch("next_run_at", "nextRunAt")}, ${epoch("last_run_at", "lastRunAt")}, ${epoch("last_missed_at", "lastMissedAt")},
  ${epoch("created_at", "createdAt")}, ${epoch("updated_at", "updatedAt")}`;

/** The definition of a row, with its switch as the row has it. @throws ApiumError `PARAMS_INVALID` where it is no longer valid. */
export function definitionOf(row: StoredSchedule): ScheduleDefinition {
  return { ...parseSchedule(row.definition), enabled: row.enabled };
}

export async function findSchedule(store: Queryable, name: string): Promise<StoredSchedule | undefined> {
  const { rows } = await store.query<StoredSchedule>(`select ${COLUMNS} from schedule where name = $1`, [name]);
  return rows[0];
}

export async function allSchedules(store: Queryable): Promise<StoredSchedule[]> {
  const { rows } = await store.query<StoredSchedule>(`select ${COLUMNS} from schedule order by name`);
  return rows;
}

/** The row, held until the transaction ends. */
export async function lockSchedule(tx: Transaction, name: string): Promise<StoredSchedule | undefined> {
  const { rows } = await tx.query<StoredSchedule>(`select ${COLUMNS} from schedule where name = $1 for update`, [name]);
  return rows[0];
}

/** The row, if it is still due and nobody else is at it. */
export async function lockDue(tx: Transaction, name: string, now: number): Promise<StoredSchedule | undefined> {
  const { rows } = await tx.query<StoredSchedule>(
    `select ${COLUMNS} from schedule
     where name = $1 and enabled and (next_run_at <= $2::timestamptz or waiting_slots > 0) for update skip locked`,
    [name, iso(now)],
  );
  return rows[0];
}

/** Names of what is due, or has a slot waiting whose turn has come; the longest due first. */
export async function dueNames(store: Queryable, now: number, limit: number): Promise<string[]> {
  const { rows } = await store.query<{ name: string }>(
    `select name from (
       select name, next_run_at from schedule where enabled and next_run_at <= $1::timestamptz
       union
       select name, next_run_at from schedule s where enabled and waiting_slots > 0
         and not exists (select 1 from task t where t.id = s.last_task_id)) due
     order by next_run_at nulls first limit $2::integer`,
    [iso(now), limit],
  );
  return rows.map(({ name }) => name);
}

/** When the next slot falls due, whoever's it is. */
export async function nextDue(store: Queryable): Promise<number | undefined> {
  const { rows } = await store.query<{ due: number | null }>(
    `select ${epoch("min(next_run_at)", "due")} from schedule where enabled`,
  );
  return rows[0]?.due ?? undefined;
}

export async function insertSchedule(
  tx: Transaction,
  definition: ScheduleDefinition,
  kept: { origin: ScheduleOrigin; digest: string | null; nextRunAt: number | undefined; by: string | null },
): Promise<boolean> {
  const { affected } = await tx.query(
    `insert into schedule (name, origin, digest, definition, enabled, next_run_at, updated_by)
     values ($1, $2, $3, $4::json, $5::boolean, $6::timestamptz, $7) on conflict (name) do nothing`,
    [
      definition.name,
      kept.origin,
      kept.digest,
      inputText(definition),
      definition.enabled,
      iso(kept.nextRunAt),
      kept.by,
    ],
  );
  return affected === 1;
}

/** A changed definition in place of the old one. The history of its slots stays. */
export async function replaceSchedule(
  tx: Transaction,
  definition: ScheduleDefinition,
  kept: { origin: ScheduleOrigin; digest: string | null; nextRunAt: number | null; by: string | null },
): Promise<void> {
  await tx.query(
    `update schedule set origin = $2, digest = $3, definition = $4::json, enabled = $5::boolean,
       next_run_at = $6::timestamptz, updated_by = $7, updated_at = clock_timestamp(), version = version + 1
     where name = $1`,
    [
      definition.name,
      kept.origin,
      kept.digest,
      inputText(definition),
      definition.enabled,
      iso(kept.nextRunAt),
      kept.by,
    ],
  );
}

/** Says that running code has these schedules. */
export async function claimSchedules(store: Queryable, names: readonly string[]): Promise<void> {
  await store.query(
    "update schedule set claimed_at = clock_timestamp() where origin = 'code' and name = any($1::text::text[])",
    [textArray(names)],
  );
}

/** Deletes the schedules of code that no running process has claimed for so long; gives their names. */
export async function deleteUnclaimed(store: Queryable, forMs: number): Promise<string[]> {
  const { rows } = await store.query<{ name: string }>(
    `delete from schedule where origin = 'code'
       and claimed_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) returning name`,
    [forMs],
  );
  return rows.map(({ name }) => name);
}

export async function deleteSchedule(tx: Transaction, name: string): Promise<void> {
  await tx.query("delete from schedule where name = $1", [name]);
}

/** Takes slots for this transaction; gives back those that nobody had before. */
export async function takeSlots(
  tx: Transaction,
  name: string,
  slots: readonly number[],
  kept: { state: SlotState; isLate: boolean },
): Promise<number[]> {
  if (slots.length === 0) return [];
  const { rows } = await tx.query<{ slot: number }>(
    `insert into schedule_slot (schedule, slot, state, is_late)
     select $1, slot, $3, $4::boolean from unnest($2::text::timestamptz[]) slot
     on conflict (schedule, slot) do nothing returning ${epoch("slot", "slot")}`,
    [name, plainArray(slots.map((slot) => iso(slot))), kept.state, kept.isLate],
  );
  return rows.map(({ slot }) => slot).sort((a, b) => a - b);
}

export async function slotFired(tx: Transaction, name: string, slot: number, taskId: string): Promise<void> {
  await tx.query(
    `update schedule_slot set task_id = $3::uuid, state = case state when 'waiting' then 'fired' else state end
     where schedule = $1 and slot = $2::timestamptz`,
    [name, iso(slot), taskId],
  );
}

/** Taken slots whose turn comes later. */
export async function keepWaiting(tx: Transaction, name: string, slots: readonly number[]): Promise<void> {
  if (slots.length === 0) return;
  await tx.query(
    `update schedule_slot set state = 'waiting'
     where schedule = $1 and slot = any($2::text::timestamptz[]) and state <> 'waiting'`,
    [name, plainArray(slots.map((slot) => iso(slot)))],
  );
}

/** Slots that wait for the end of the run before them, oldest first. */
export async function waitingSlots(tx: Transaction, name: string): Promise<{ slot: number; isLate: boolean }[]> {
  const { rows } = await tx.query<{ slot: number; isLate: boolean }>(
    `select ${epoch("slot", "slot")}, is_late as "isLate" from schedule_slot
     where schedule = $1 and state = 'waiting' order by schedule_slot.slot`,
    [name],
  );
  return rows;
}

/** Gives back slots that were taken and will not run after all. */
export async function dropSlots(tx: Transaction, name: string, slots: readonly number[]): Promise<void> {
  if (slots.length === 0) return;
  await tx.query("delete from schedule_slot where schedule = $1 and slot = any($2::text::timestamptz[])", [
    name,
    plainArray(slots.map((slot) => iso(slot))),
  ]);
}

export async function recordMiss(
  tx: Transaction,
  name: string,
  range: SlotRange,
  reason: MissReason,
  detail?: string,
): Promise<void> {
  await tx.query(
    `insert into schedule_miss (schedule, from_slot, to_slot, slots, is_at_least, reason, detail)
     values ($1, $2::timestamptz, $3::timestamptz, $4::integer, $5::boolean, $6, $7)`,
    [name, iso(range.from), iso(range.to), range.slots, range.isAtLeast, reason, detail ?? null],
  );
  await tx.query(
    `update schedule set missed_count = missed_count + $2::integer, last_missed_at = clock_timestamp() where name = $1`,
    [name, range.slots],
  );
}

/** Where a schedule stands after a look at it. */
export interface Standing {
  readonly nextRunAt: number | undefined;
  readonly enabled: boolean;
  readonly fired: number;
  readonly lastTaskId: string | null;
  readonly waitingSlots: number;
}

export async function recordStanding(tx: Transaction, name: string, standing: Standing): Promise<void> {
  await tx.query(
    `update schedule set next_run_at = $2::timestamptz, enabled = $3::boolean, last_task_id = $4::uuid,
       total_run_count = total_run_count + $5::integer, waiting_slots = $6::integer,
       last_run_at = case when $5::integer > 0 then clock_timestamp() else last_run_at end
     where name = $1`,
    [name, iso(standing.nextRunAt), standing.enabled, standing.lastTaskId, standing.fired, standing.waitingSlots],
  );
}

export async function isLive(store: Queryable, taskId: string | null): Promise<boolean> {
  if (taskId === null) return false;
  const { rows } = await store.query("select 1 from task where id = $1::uuid", [taskId]);
  return rows.length > 0;
}

/** What became of slots, the latest first. */
export async function slotHistory(store: Queryable, name: string, limit: number): Promise<SlotRow[]> {
  const { rows } = await store.query<SlotRow>(
    `select ${epoch("s.slot", "slot")}, s.state, s.is_late as "isLate", s.task_id as "taskId",
            coalesce(t.state, h.state)::text as "taskState", ${epoch("s.recorded_at", "recordedAt")}
     from schedule_slot s left join task t on t.id = s.task_id left join task_history h on h.id = s.task_id
     where s.schedule = $1 order by s.slot desc limit $2::integer`,
    [name, limit],
  );
  return rows;
}

/** Slots that did not run, the latest first. */
export async function missHistory(store: Queryable, name: string, limit: number): Promise<MissRow[]> {
  const { rows } = await store.query<MissRow>(
    `select ${epoch("from_slot", "from")}, ${epoch("to_slot", "to")}, slots, is_at_least as "isAtLeast", reason, detail,
            ${epoch("recorded_at", "recordedAt")}
     from schedule_miss where schedule = $1 order by id desc limit $2::integer`,
    [name, limit],
  );
  return rows;
}

/** Forgets slots and misses recorded before an instant; slots that wait stay. */
export async function pruneSlots(database: Database, before: number): Promise<void> {
  await database.query("delete from schedule_slot where recorded_at < $1::timestamptz and state <> 'waiting'", [
    iso(before),
  ]);
  await database.query("delete from schedule_miss where recorded_at < $1::timestamptz", [iso(before)]);
}

function inputText(definition: ScheduleDefinition): string {
  return JSON.stringify(scheduleInput(definition));
}

function epoch(column: string, name: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8 as "${name}"`;
}

function iso(instant: number): string;
function iso(instant: number | null | undefined): string | null;
function iso(instant: number | null | undefined): string | null {
  return instant === null || instant === undefined ? null : new Date(instant).toISOString();
}
