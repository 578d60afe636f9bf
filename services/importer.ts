/**
 * How a room takes in rows of a table file. A room says which columns a kind of row has, what makes two rows the same, and
 * how one is made or changed; it does so with the very code that its actions run, in the transaction of the import. The
 * imports service reads the cells, resolves names to ids, and writes down what is wrong.
 */
import type { Database } from "../database/index.ts";
import type { Asked, Scope } from "./scope.ts";
import type { ServiceParts } from "./service-parts.ts";

/** What a cell may name. `typeAssist` goes with a category; assets, locations and jobs are looked for at the row's site. */
export type Named =
  | "site"
  | "person"
  | "peopleGroup"
  | "siteGroup"
  | "shift"
  | "location"
  | "asset"
  | "questionSet"
  | "job"
  | { readonly typeAssist: string };

export interface ImportColumn {
  /** Of what the room is given. */
  readonly field: string;
  /** Default text. An instant without an offset is what the clocks of the row's site show; a list is separated by `;`. */
  readonly kind?: "text" | "number" | "flag" | "instant" | "list";
  readonly isRequired?: boolean;
  /** The cell holds the code, or the name, of another row; the field becomes its id. */
  readonly names?: Named;
  /** Set when all rows are in: it may name a row that comes later. */
  readonly isLate?: boolean;
  readonly meaning: string;
}

/** A row of the file with its cells as fields. */
export type ImportValues = Readonly<Record<string, unknown>>;
export type Outcome = "created" | "changed" | "unchanged";

export interface Importer {
  /** Name of the file, or of the sheet. */
  readonly kind: string;
  readonly columns: Readonly<Record<string, ImportColumn>>;
  /** Columns that make two rows the same. */
  readonly key: readonly string[];
  /** Rows with the same cells here, one after another, are one thing and come together. */
  readonly together?: readonly string[];
  /**
   * Takes one row in, or all that belong together. A field in an error is the row's; `lines.2.assetId` is that of the third.
   * @throws ApiumError `PARAMS_INVALID`.
   */
  apply(rows: readonly ImportValues[]): Promise<Outcome>;
  /** Sets the late columns of a row that is in. True when that changed something. */
  applyLate?(row: ImportValues): Promise<boolean>;
}

export interface ImportParts extends ServiceParts {
  /** Within the import's transaction. */
  readonly database: Database;
  readonly author: string;
  /** The client it is about; the whole system until the client itself is known. */
  readonly scope: () => Scope;
  /** Only operators of the whole system bring new clients. */
  readonly isOperator: boolean;
}

export type Importers = (parts: ImportParts) => readonly Importer[];

/** The call of an action that would do the same for one row. */
export function askedBy({ author, scope, isOperator }: ImportParts, params: object): Asked {
  const clientId = scope().clientId;
  const role = isOperator ? "admin" : "operator";
  const user = { name: author, role, ...(clientId === undefined ? {} : { clientId }) };
  return { params, meta: { user, isPartOfImport: true } } as Asked;
}

/** Of the client an import is about, once that is known. */
export function clientOfImport({ scope }: Pick<ImportParts, "scope">): number {
  const { clientId } = scope();
  if (clientId === undefined) throw new Error("the client of the import is not known yet");
  return clientId;
}

interface Found {
  readonly id: number;
  readonly updatedAt: string;
}

/** Looks for the row, makes it or changes it, and tells whether that made a difference. */
export async function upsert(
  find: () => Promise<Found | undefined>,
  create: () => Promise<unknown>,
  change: (id: number) => Promise<unknown>,
): Promise<Outcome> {
  const before = await find();
  if (before === undefined) {
    await create();
    return "created";
  }
  await change(before.id);
  const after = await find();
  return after !== undefined && String(after.updatedAt) === String(before.updatedAt) ? "unchanged" : "changed";
}

/** The row whose columns have these values; null is a value too. */
export async function findRow(
  { database }: Pick<ImportParts, "database">,
  table: string,
  where: Readonly<Record<string, string | number | null>>,
): Promise<Found | undefined> {
  // Not "is not distinct from", which no index serves.
  const given = Object.entries(where).filter(([, value]) => value !== null);
  const conditions = [
    ...given.map(([column], index) => `${column} = $${index + 1}`),
    ...Object.keys(where)
      .filter((column) => where[column] === null)
      .map((column) => `${column} is null`),
  ];
  const { rows } = await database.query<Found>(
    `select id, updated_at::text as "updatedAt" from ${table} where ${conditions.join(" and ")} order by id limit 1`,
    given.map(([, value]) => value),
  );
  return rows[0];
}

/** Without some fields. */
export function without(values: ImportValues, ...fields: readonly string[]): ImportValues {
  return Object.fromEntries(Object.entries(values).filter(([field]) => !fields.includes(field)));
}
