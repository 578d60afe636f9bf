// The tables that phones keep a copy of, as GraphQL: a type for each, with the columns they get, and a field that answers
// what has changed. Types of columns are the database's.
import { type Queryable, textArray } from "../../../database/index.ts";

/** A table as `facility.sync` gives it. */
export interface CopiedTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly site?: string;
}
export type CopiedTables = Readonly<Record<string, CopiedTable>>;

const TYPES: Readonly<Record<string, string>> = {
  bigint: "Long",
  integer: "Int",
  smallint: "Int",
  numeric: "Float",
  "double precision": "Float",
  real: "Float",
  boolean: "Boolean",
  uuid: "ID",
  json: "JSON",
  jsonb: "JSON",
  ARRAY: "JSON",
};

/** SDL of all of them. */
export async function copiesSdl(store: Queryable, tables: CopiedTables): Promise<string> {
  const { rows } = await store.query<{ table: string; column: string; type: string }>(
    `select table_name::text as "table", column_name::text as "column", data_type::text as type
     from information_schema.columns where table_schema = 'public' and table_name = any ($1::text::text[])`,
    [textArray(Object.values(tables).map(({ table }) => table))],
  );
  const typeOf = new Map(rows.map(({ table, column, type }) => [`${table}.${column}`, TYPES[type] ?? "String"]));
  const parts = Object.entries(tables).map(([name, { table, columns, site }]) => {
    const type = typeName(name);
    const all = ["id", "uuid", "client_id", ...columns, "created_at", "updated_at"];
    const fields = all.map((column) => `${camelCase(column)}: ${typeOf.get(`${table}.${column}`) ?? "String"}`);
    const ofSite = site === undefined ? "" : ", siteId: Long";
    return `
      type ${type} { ${fields.join(" ")} }
      "Rows that changed, rows that are gone, and what to send next time."
      type ${type}Changes { items: [${type}!]! deleted: [ID!]! modifiedAfter: String! hasMore: Boolean! }
      extend type Query { ${name}(modifiedAfter: String${ofSite}, limit: Int = 500): ${type}Changes! }`;
  });
  return parts.join("\n");
}

/** `jobneedDetails` → `JobneedDetailsRow`. */
function typeName(name: string): string {
  return `${name[0]?.toUpperCase()}${name.slice(1)}Row`;
}

function camelCase(column: string): string {
  return column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
