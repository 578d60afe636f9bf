// Changes for phones, none of them missed. A row is given once no transaction older than its own can still be open, in
// the order of transactions (see docs/adr/0009): a clock, or a transaction that commits late, cannot make a reader pass
// it by. A row changed again while pages are read comes again, later.
import type { Queryable } from "../../database/index.ts";
import { plain, refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import { readCursor, type SyncCursor, type SyncPosition, writeCursor } from "./sync-cursor.ts";
import { SYNC_TABLES, type SyncName, type SyncTable } from "./sync-tables.ts";

/** A first sync from an instant on: rows are dated by when their transaction wrote, not by when it committed. */
const OVERLAP_MS = 60_000;
const START: SyncPosition = { transaction: "0", isDeletion: false, id: 0 };

export interface SyncRequest {
  readonly table: SyncName;
  /** The last answer's, or an ISO 8601 instant; without it everything. */
  readonly modifiedAfter?: string | undefined;
  /** Rows of this site only, where the table has sites. */
  readonly siteId?: number | undefined;
  readonly limit: number;
}

export interface SyncAnswer {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  /** Rows that are gone, by uuid. */
  readonly deleted: readonly string[];
  /** To be sent with the next request. */
  readonly modifiedAfter: string;
  /** More can be had at once. */
  readonly hasMore: boolean;
}

interface Change extends SyncPosition {
  readonly row: Readonly<Record<string, unknown>> | undefined;
  readonly uuid: string;
}

/** @throws ApiumError `PARAMS_INVALID`. */
export async function changesSince(store: Queryable, scope: Scope, request: SyncRequest): Promise<SyncAnswer> {
  const { modifiedAfter, limit } = request;
  const table: SyncTable = SYNC_TABLES[request.table];
  const siteId = siteOf(request, table);
  const horizon = await horizonOf(store);
  const isInstant = modifiedAfter !== undefined && /^\d{4}-/.test(modifiedAfter);
  const cursor =
    modifiedAfter === undefined || isInstant ? undefined : readCursor(modifiedAfter, request.table, siteId);
  const position = cursor === undefined || isForeign(cursor, horizon) ? START : cursor;
  const range: Range = {
    scope,
    position,
    until: horizon.transaction,
    since: isInstant ? instantBefore(modifiedAfter ?? "") : undefined,
    limit: limit + 1,
  };
  const rows = await changedRows(store, table, siteId, range);
  // Whoever begins anew has nothing that could be gone.
  const isBeginning = position === START && !isInstant;
  const deletions = table.isBuried === true && !isBeginning ? await deletedRows(store, table, range) : [];
  const changes = [...rows, ...deletions].sort(byPosition);
  const told = changes.slice(0, limit);
  const hasMore = changes.length > limit;
  // Everything below the horizon has been told: go on from there.
  const end = hasMore ? (told.at(-1) ?? START) : { transaction: horizon.transaction, isDeletion: false, id: 0 };
  const { transaction, isDeletion, id } = end;
  return {
    items: told.flatMap(({ row }) => (row === undefined ? [] : [row])),
    deleted: told.flatMap(({ row, uuid }) => (row === undefined ? [uuid] : [])),
    modifiedAfter: writeCursor({ system: horizon.system, table: request.table, siteId, transaction, isDeletion, id }),
    hasMore,
  };
}

interface Horizon {
  readonly system: string;
  /** The oldest transaction that may still be open: what is below has ended, one way or the other. */
  readonly transaction: string;
}

interface Range {
  readonly scope: Scope;
  readonly position: SyncPosition;
  readonly until: string;
  readonly since: string | undefined;
  readonly limit: number;
}

async function horizonOf(store: Queryable): Promise<Horizon> {
  const { rows } = await store.query<Horizon>(
    `select (select system_identifier::text from pg_control_system()) as system,
       pg_snapshot_xmin(pg_current_snapshot())::text as transaction`,
  );
  return rows[0] as Horizon;
}

async function changedRows(
  store: Queryable,
  { table, columns, site, hasShared }: SyncTable,
  siteId: number | null,
  range: Range,
): Promise<Change[]> {
  const values = new Values();
  const own = within(range.scope, "t.client_id", values);
  const conditions = [hasShared === true ? `(${own} or t.client_id is null)` : own, ...between(range, false, values)];
  if (range.since !== undefined) conditions.push(`t.updated_at >= ${values.of(range.since)}::timestamptz`);
  if (siteId !== null) conditions.push(`t.${site} = ${values.of(siteId)}::bigint`);
  const all = ["id", "uuid", "client_id", ...columns, "created_at", "updated_at"];
  const { rows } = await store.query<Record<string, unknown> & { transaction: string; id: number; uuid: string }>(
    `select ${all.map((column) => `t.${column} as "${camelCase(column)}"`).join(", ")}, t.changed_in::text as transaction
     from ${table} t where ${conditions.join(" and ")}
     order by t.changed_in, t.id limit ${values.of(range.limit)}::integer`,
    values.list,
  );
  return rows.map(({ transaction, ...row }) => ({
    transaction,
    isDeletion: false,
    id: row.id,
    uuid: row.uuid,
    row: plain(row),
  }));
}

async function deletedRows(store: Queryable, { table }: SyncTable, range: Range): Promise<Change[]> {
  const values = new Values();
  const conditions = [
    `t.table_name = ${values.of(table)}`,
    within(range.scope, "t.client_id", values),
    ...between(range, true, values),
  ];
  if (range.since !== undefined) conditions.push(`t.deleted_at >= ${values.of(range.since)}::timestamptz`);
  const { rows } = await store.query<{ transaction: string; id: number; uuid: string }>(
    `select t.changed_in::text as transaction, t.id, t.uuid from deleted_row t where ${conditions.join(" and ")}
     order by t.changed_in, t.id limit ${values.of(range.limit)}::integer`,
    values.list,
  );
  return rows.map(({ transaction, id, uuid }) => ({ transaction, isDeletion: true, id, uuid, row: undefined }));
}

/** Rows behind the position: those of one transaction come before its deletions. */
function between({ position, until }: Range, isDeletion: boolean, values: Values): string[] {
  const from = values.of(position.transaction);
  const behind =
    position.isDeletion === isDeletion
      ? `(t.changed_in, t.id) > (${from}::text::xid8, ${values.of(position.id)}::bigint)`
      : `t.changed_in ${isDeletion ? ">=" : ">"} ${from}::text::xid8`;
  return [behind, `t.changed_in < ${values.of(until)}::text::xid8`];
}

function byPosition(a: SyncPosition, b: SyncPosition): number {
  const [one, other] = [BigInt(a.transaction), BigInt(b.transaction)];
  if (one !== other) return one < other ? -1 : 1;
  if (a.isDeletion !== b.isDeletion) return a.isDeletion ? 1 : -1;
  return a.id - b.id;
}

/** A cursor of another cluster, or of a time that this one has been set back behind, says nothing here. */
function isForeign(cursor: SyncCursor, horizon: Horizon): boolean {
  return cursor.system !== horizon.system || BigInt(cursor.transaction) > BigInt(horizon.transaction);
}

function siteOf({ siteId, table: name }: SyncRequest, table: SyncTable): number | null {
  if (siteId === undefined) return null;
  if (table.site === undefined) throw refused("siteId", `${name} are not kept by site`);
  return siteId;
}

function instantBefore(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw refused("modifiedAfter", "must be the modifiedAfter of the last answer, or an ISO 8601 instant");
  return new Date(at - OVERLAP_MS).toISOString();
}

function camelCase(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
