// One import from its rows to its report, in one transaction of its caller: importers bound to it, the client found.
import { nestedIn, type Transaction } from "../../database/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import type { Importers, ImportParts } from "../importer.ts";
import { type Scope, WHOLE_SYSTEM } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { NameBook } from "./name-book.ts";
import type { ImportReport } from "./report.ts";
import type { ImportRow } from "./row-values.ts";
import { type ImportRun, runImport } from "./run-import.ts";

export interface Delivery extends Pick<ImportRun, "kinds" | "rowsOf" | "onRow"> {
  readonly scope: Scope;
  readonly author: string;
  /** The client it is about, where the rows do not say. */
  readonly clientCode?: string | undefined;
}

/** Everything that the rows say, done in `tx`, with what could not be. */
export async function takeIn(
  parts: ServiceParts,
  importers: Importers,
  tx: Transaction,
  { scope, author, clientCode, kinds, rowsOf, onRow }: Delivery,
): Promise<ImportReport> {
  let clientId = scope.clientId;
  const own: ImportParts = {
    ...parts,
    database: nestedIn(parts.database, tx),
    author,
    isOperator: scope.clientId === undefined,
    scope: () => (clientId === undefined ? WHOLE_SYSTEM : { clientId }),
  };
  const names = new NameBook(tx, () => clientId ?? 0);
  return runImport({
    tx,
    importers: importers(own),
    names,
    kinds,
    rowsOf,
    ...(onRow === undefined ? {} : { onRow }),
    async afterKind(kind) {
      if (kind !== "clients") return;
      const codes: string[] = [];
      if (kinds.includes("clients")) for await (const row of rowsOf("clients")) codes.push(codeOfClient(row));
      clientId ??= await clientIdOf(tx, codes, clientCode);
    },
  });
}

/** @throws ApiumError `PARAMS_INVALID` where it is not plain which client is meant. */
async function clientIdOf(tx: Transaction, codes: readonly string[], named: string | undefined): Promise<number> {
  const wanted = named ?? codes[0];
  if (codes.length > 1 && named === undefined) {
    throw refusedClient(`clients has ${codes.length} rows; an import is about one client`);
  }
  const { rows } = await tx.query<{ id: number; code: string }>(
    "select id, code from site where kind = 'CLIENT' and ($1::text is null or code = $1) order by id limit 2",
    [wanted ?? null],
  );
  if (rows.length === 0) throw refusedClient(wanted === undefined ? NO_CLIENT : `there is no client ${wanted}`);
  if (rows.length > 1) throw refusedClient("there are several clients: say which one it is about, by its code");
  return (rows[0] as { id: number }).id;
}

const NO_CLIENT = "there is no client yet: add a file clients with its code, name and timezone";

function refusedClient(message: string): ApiumError {
  return new ApiumError("PARAMS_INVALID", message, { fields: [{ field: "client", message }] });
}

function codeOfClient({ cells }: ImportRow): string {
  return (cells.code ?? "").trim();
}
