// Which client (tenant) a new row belongs to, and whether the rows it refers to are that client's.
import type { Queryable, Transaction } from "../database/index.ts";
import { notFound, refused } from "./fields.ts";
import { type Scope, Values, within } from "./scope.ts";

export const DEFAULT_CLIENT_CODE = "DEFAULT";

/** The first client; made when there is none. Two at once make one. */
export async function defaultClient(tx: Transaction): Promise<number> {
  const first = "select id from site where kind = 'CLIENT' order by id limit 1";
  const { rows: before } = await tx.query<{ id: number }>(first);
  if (before[0] !== undefined) return before[0].id;
  await tx.query("select pg_advisory_xact_lock(hashtext('the default client'))");
  const { rows: since } = await tx.query<{ id: number }>(first);
  if (since[0] !== undefined) return since[0].id;
  const { rows } = await tx.query<{ id: number }>(
    `with made as (select nextval(pg_get_serial_sequence('site', 'id')) as id)
     insert into site (id, client_id, code, name, kind) overriding system value
     select made.id, made.id, $1, 'Default client', 'CLIENT' from made returning id`,
    [DEFAULT_CLIENT_CODE],
  );
  return (rows[0] as { id: number }).id;
}

/**
 * The client of a row to be made: the asker's own, else that of its site, else the one named, else the default one.
 * @throws ApiumError `PARAMS_INVALID` for a site or client that is not there, or not the asker's.
 */
export async function clientOf(
  tx: Transaction,
  scope: Scope,
  given: { readonly siteId?: number | null | undefined; readonly clientId?: number | null | undefined },
): Promise<number> {
  if (given.clientId !== undefined && given.clientId !== null) {
    const { rows } = await tx.query("select 1 from site where id = $1 and kind = 'CLIENT'", [given.clientId]);
    const isForeign = scope.clientId !== undefined && scope.clientId !== given.clientId;
    if (rows.length === 0 || isForeign) throw refused("clientId", `there is no client ${given.clientId}`);
  }
  const clientId = scope.clientId ?? given.clientId ?? undefined;
  if (given.siteId === undefined || given.siteId === null) return clientId ?? (await defaultClient(tx));
  const { rows } = await tx.query<{ clientId: number | null }>(
    'select client_id as "clientId" from site where id = $1',
    [given.siteId],
  );
  const site = rows[0];
  if (site === undefined || (clientId !== undefined && site.clientId !== clientId)) {
    throw refused("siteId", `there is no site ${given.siteId}`);
  }
  return site.clientId ?? defaultClient(tx);
}

/** A row that a request names: in which field, of which table, and what people call it. */
export interface Reference {
  readonly field: string;
  readonly table: ReferenceTable;
  readonly id: number | null | undefined;
}

const NOUNS = {
  site: "site",
  person: "person",
  people_group: "group",
  type_assist: "type-assist value",
  shift: "shift",
  location: "location",
  asset: "asset",
  question: "question",
  question_set: "question set",
  job: "job",
  jobneed: "jobneed",
  vendor: "vendor",
  approver: "approver",
} as const;
export type ReferenceTable = keyof typeof NOUNS;

/** Where a row without a client may be named by all: values of type-assist, and sites and people of before clients. */
const EVERYBODYS: readonly ReferenceTable[] = ["type_assist", "site", "person"];

/**
 * Refuses rows that are not there, and rows of another client. A null client is that of sites of before clients.
 * @throws ApiumError `PARAMS_INVALID` naming the first such field.
 */
export async function requireReferences(
  store: Queryable,
  clientId: number | null,
  references: readonly Reference[],
): Promise<void> {
  const named = references.filter(({ id }) => id !== null && id !== undefined);
  if (named.length === 0) return;
  const values = new Values();
  const client = values.of(clientId);
  const known = named.map(({ table, id }, index) => {
    const isTheirs = `client_id is not distinct from ${client}::bigint${EVERYBODYS.includes(table) ? " or client_id is null" : ""}`;
    return `select ${index} as n from ${table} where id = ${values.of(id ?? 0)}::bigint and (${isTheirs})`;
  });
  const { rows } = await store.query<{ n: number }>(known.join(" union all "), values.list);
  const found = new Set(rows.map(({ n }) => n));
  const missing = named.find((_, index) => !found.has(index));
  if (missing !== undefined) throw refused(missing.field, `there is no ${NOUNS[missing.table]} ${missing.id}`);
}

/**
 * The id of a value of type-assist given by id, or by code (the client's own before everybody's).
 * @throws ApiumError `PARAMS_INVALID`.
 */
export async function typeAssistId(
  store: Queryable,
  clientId: number | null,
  category: string,
  field: string,
  value: number | string | null | undefined,
): Promise<number | null> {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") {
    await requireReferences(store, clientId, [{ field, table: "type_assist", id: value }]);
    return value;
  }
  const { rows } = await store.query<{ id: number }>(
    `select id from type_assist where category = $1 and code = $2 and (client_id = $3::bigint or client_id is null)
     order by client_id nulls last limit 1`,
    [category, value, clientId],
  );
  if (rows[0] === undefined) throw refused(field, `there is no ${category} with the code ${value}`);
  return rows[0].id;
}

/** For what is kept of a site under its id alone. @throws ApiumError `NOT_FOUND` for a site the asker may not see. */
export async function requireSite(store: Queryable, scope: Scope, siteId: number): Promise<void> {
  const values = new Values();
  const own = `id = ${values.of(siteId)}::bigint and ${within(scope, "client_id", values)}`;
  const { rows } = await store.query(`select 1 from site where ${own}`, values.list);
  if (rows.length === 0) throw notFound("site", siteId);
}
