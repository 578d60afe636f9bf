// The SQL of every kind of master data. Names of tables and columns come from the kinds' descriptions, never from a
// request; whatever a request brings travels as a value.
import { containing, type Parameter, type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { clientOf, type Reference, requireReferences } from "../clients.ts";
import { notFound, offsetMinutes, type Page, pageOf, plain, refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import type { Field, RecordKind, RecordRow } from "./record.ts";

type Given = Readonly<Record<string, unknown>>;

/** @throws ApiumError `NOT_FOUND`, also for a row of another client. */
export async function findRecord(store: Queryable, kind: RecordKind, scope: Scope, id: number): Promise<RecordRow> {
  const values = new Values();
  const condition = `t.id = ${values.of(id)}::bigint and ${visible(kind, scope, values)}`;
  const { rows } = await store.query<RawRow>(`${selectOf(kind)} where ${condition}`, values.list);
  if (rows[0] === undefined) throw notFound(kind.noun, id);
  return answerOf(rows[0]);
}

export interface RecordFilter {
  readonly limit: number;
  readonly cursor?: number | undefined;
  readonly q?: string | undefined;
  readonly [field: string]: unknown;
}

/** Rows by id, those after the cursor. */
export async function listRecords(
  store: Queryable,
  kind: RecordKind,
  scope: Scope,
  filter: RecordFilter,
): Promise<Page<RecordRow>> {
  const values = new Values();
  const conditions = [visible(kind, scope, values)];
  for (const [name, field] of Object.entries(kind.fields)) {
    if (field.isFilter !== true || filter[name] === undefined) continue;
    conditions.push(`t.${field.column} = ${values.of(filter[name] as Parameter)}`);
  }
  const { unlessAsked } = kind;
  if (unlessAsked !== undefined && filter[unlessAsked.field] === undefined) conditions.push(unlessAsked.condition);
  if (filter.cursor !== undefined) conditions.push(`t.id > ${values.of(filter.cursor)}::bigint`);
  if (filter.q !== undefined) {
    const pattern = values.of(containing(filter.q));
    conditions.push(`(${kind.searched.map((column) => `t.${column} ilike ${pattern}`).join(" or ")})`);
  }
  const limit = values.of(filter.limit + 1);
  const { rows } = await store.query<RawRow>(
    `${selectOf(kind)} where ${conditions.join(" and ")} order by t.id limit ${limit}::integer`,
    values.list,
  );
  return pageOf(rows.map(answerOf), filter.limit);
}

/**
 * Inserts a row of the client that its site, or its maker, belongs to.
 * @throws ApiumError `PARAMS_INVALID` for references that are not there, and for what is unique and taken.
 */
export async function insertRecord(tx: Transaction, kind: RecordKind, scope: Scope, given: Given): Promise<RecordRow> {
  const clientId = await clientOf(tx, scope, given as { siteId?: number; clientId?: number });
  const isShared = kind.hasShared === true && scope.clientId === undefined && given.clientId === undefined;
  await requireReferences(tx, clientId, referencesOf(kind, given));
  const values = new Values();
  const columns = ["client_id"];
  const placeholders = [values.of(isShared ? null : clientId)];
  for (const [name, field] of Object.entries(kind.fields)) {
    if (given[name] === undefined) continue;
    columns.push(field.column);
    placeholders.push(placeholder(field, given[name], values));
  }
  const { rows } = await tx.query<{ id: number }>(
    `insert into ${kind.table} (${columns.join(", ")}) values (${placeholders.join(", ")})
     on conflict do nothing returning id`,
    values.list,
  );
  if (rows[0] === undefined) throw refused(kind.unique.field, kind.unique.message);
  return findRecord(tx, kind, scope, rows[0].id);
}

/** A row as it was, locked until the transaction ends, and as it is now. */
export interface RecordChange {
  readonly before: RecordRow;
  readonly after: RecordRow;
}

/**
 * Changes what is given of a row. A row that stays as it was keeps its `updatedAt`.
 * @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`; a broken unique key as PostgreSQL says it (`refusingDuplicates`).
 */
export async function changeRecord(
  tx: Transaction,
  kind: RecordKind,
  scope: Scope,
  id: number,
  given: Given,
): Promise<RecordChange> {
  const locking = new Values();
  const own = `t.id = ${locking.of(id)}::bigint and ${within(scope, "t.client_id", locking)}`;
  const { rows } = await tx.query<RawRow>(`${selectOf(kind)} where ${own} for update of t`, locking.list);
  if (rows[0] === undefined) throw notFound(kind.noun, id);
  const before = answerOf(rows[0]);
  if (before.clientId !== null) await requireReferences(tx, before.clientId, referencesOf(kind, given));
  const values = new Values();
  const key = values.of(id);
  const set: string[] = [];
  const isOther: string[] = [];
  for (const [name, field] of Object.entries(kind.fields)) {
    if (given[name] === undefined) continue;
    const value = placeholder(field, given[name], values);
    set.push(`${field.column} = ${value}`);
    // JSON has no equality in PostgreSQL; its text has.
    const cast = field.kind === "json" ? "::text" : "";
    isOther.push(`${field.column}${cast} is distinct from ${value}${cast}`);
  }
  if (set.length > 0) {
    await tx.query(
      `update ${kind.table} set ${set.join(", ")} where id = ${key}::bigint and (${isOther.join(" or ")})`,
      values.list,
    );
  }
  return { before, after: await findRecord(tx, kind, scope, id) };
}

type RawRow = RecordRow & { readonly zoneOfSite: string | null; readonly updatedAt: unknown };

function selectOf({ table, fields, zone }: RecordKind): string {
  const own = Object.entries(fields).map(([name, { column }]) => `t.${column} as "${name}"`);
  const join = zone === undefined ? " left join site z on z.id = t.site_id" : "";
  const zoneOfSite = zone === "none" ? "null" : zone === "self" ? "t.timezone" : "z.timezone";
  return `select t.id, t.uuid, t.client_id as "clientId", ${own.join(", ")}, t.created_at as "createdAt",
    t.updated_at as "updatedAt", ${zoneOfSite} as "zoneOfSite" from ${table} t${join}`;
}

/** `ctzoffset` is what the clocks of the row's site were at when it was last changed. */
function answerOf(raw: RawRow): RecordRow {
  const { zoneOfSite, ...row } = plain(raw);
  if (zoneOfSite === null) return row as RecordRow;
  return { ...row, ctzoffset: offsetMinutes(zoneOfSite, Date.parse(String(row.updatedAt))) } as RecordRow;
}

function visible(kind: RecordKind, scope: Scope, values: Values): string {
  const own = within(scope, "t.client_id", values);
  return kind.hasShared === true ? `(${own} or t.client_id is null)` : own;
}

function referencesOf(kind: RecordKind, given: Given): Reference[] {
  return Object.entries(kind.fields).flatMap(([field, { refersTo }]) =>
    refersTo === undefined ? [] : [{ field, table: refersTo, id: given[field] as number | null | undefined }],
  );
}

function placeholder({ kind }: Field, value: unknown, values: Values): string {
  if (value === null) return values.of(null);
  if (kind === "json") return `${values.of(JSON.stringify(value))}::text::json`;
  if (kind === "list") return `${values.of(textArray(value as string[]))}::text::text[]`;
  return values.of(value as Parameter);
}
