// The outbox: changes that are committed and not announced yet. They are read in the order of their transactions, and only
// those that no transaction still open can come before (docs/adr/0009): the order of ids would pass by a change whose
// transaction took its id early and commits late.
import { type Database, plainArray, type Queryable } from "../../../database/index.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE";

export interface Change {
  readonly id: number;
  /** Table. */
  readonly entity: string;
  readonly uuid: string;
  readonly clientId: number | null;
  readonly operation: Operation;
  readonly transaction: string;
  /** ISO 8601. */
  readonly changedAt: string;
}

export interface OutboxPosition {
  readonly transaction: string;
  readonly id: number;
}

export interface Backlog {
  readonly waiting: number;
  /** Of the oldest change that waits. */
  readonly oldestMs: number | null;
}

export const FIRST_POSITION: OutboxPosition = { transaction: "0", id: 0 };
/** After a week whoever listens needs a full copy anyway. */
export const OUTBOX_RETENTION_MS = 7 * 86_400_000;
const TRIM_ROWS = 5_000;

/** Whether changes are kept for the feed. Off, the triggers write nothing; what waits stays. */
export async function wantFeed(database: Queryable, isWanted: boolean): Promise<void> {
  await database.query("update mqtt_feed set wanted = $1 where wanted <> $1", [isWanted]);
}

const READ = {
  name: "mqtt-outbox-read",
  text: `select id, entity, entity_uuid::text as uuid, client_id as "clientId", operation, changed_in::text as transaction,
      to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "changedAt"
    from mqtt_outbox
    where (changed_in, id) > ($1::text::xid8, $2::bigint) and changed_in < pg_snapshot_xmin(pg_current_snapshot())
    order by changed_in, id limit $3::integer`,
};

/** Changes behind the position that can be announced now. */
export async function readChanges(database: Database, after: OutboxPosition, limit: number): Promise<Change[]> {
  return (await database.hot.query<Change>(READ, [after.transaction, after.id, limit])).rows;
}

const FORGET = {
  name: "mqtt-outbox-forget",
  text: "delete from mqtt_outbox where id = any($1::text::bigint[])",
};

export async function forgetChanges(database: Database, ids: readonly number[]): Promise<void> {
  await database.hot.query(FORGET, [plainArray(ids)]);
}

/**
 * Deletes changes that nobody has announced for a week, a few thousand at a time, the oldest first. Safe beside a
 * publisher. Returns how many.
 */
export async function trimOutbox(database: Database, olderThanMs = OUTBOX_RETENTION_MS): Promise<number> {
  for (let trimmed = 0; ; ) {
    const { affected } = await database.query(
      `delete from mqtt_outbox where created_at < now() - $1::float8 * interval '1 millisecond'
         and id in (select id from mqtt_outbox order by id limit $2::integer)`,
      [olderThanMs, TRIM_ROWS],
    );
    trimmed += affected;
    if (affected < TRIM_ROWS) return trimmed;
  }
}

export async function outboxBacklog(database: Database): Promise<Backlog> {
  const { rows } = await database.query<Backlog>(
    `select count(*) as waiting, extract(epoch from clock_timestamp() - min(created_at))::float8 * 1000 as "oldestMs"
     from mqtt_outbox`,
  );
  return rows[0] as Backlog;
}
