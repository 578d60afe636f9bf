// Making a site. Sites and clients are one tree: a client is its own client, and only an operator of the whole system
// makes one.
import type { Transaction } from "../../database/index.ts";
import { refused } from "../fields.ts";
import type { Scope } from "../scope.ts";
import { SITE } from "./kinds.ts";
import type { RecordRow } from "./record.ts";
import { findRecord, insertRecord } from "./record-store.ts";

type Given = Readonly<Record<string, unknown>>;

/** @throws ApiumError `PARAMS_INVALID`, among others for a client's code that is taken. */
export async function createSite(tx: Transaction, scope: Scope, given: Given): Promise<RecordRow> {
  if (given.kind !== "CLIENT") return insertRecord(tx, SITE, scope, given);
  if (scope.clientId !== undefined) throw refused("kind", "only an operator of the whole system makes clients");
  const { rows: taken } = await tx.query("select 1 from site where kind = 'CLIENT' and code = $1", [
    given.code as string,
  ]);
  if (taken.length > 0) throw refused("code", "the code belongs to another client");
  const { rows } = await tx.query<{ id: number }>(
    `with made as (select nextval(pg_get_serial_sequence('site', 'id')) as id)
     insert into site (id, client_id, code, name, timezone, kind) overriding system value
     select made.id, made.id, $1, $2, $3, 'CLIENT' from made returning id`,
    [given.code as string, given.name as string, given.timezone as string],
  );
  return findRecord(tx, SITE, scope, (rows[0] as { id: number }).id);
}
