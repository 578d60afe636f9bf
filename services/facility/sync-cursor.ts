// Where a phone stopped reading a table, as text it need not understand. It holds the last row's transaction and id, the
// system it was read from, and what was asked for, so that it cannot be used for something else.
import { z } from "zod";
import { refused } from "../fields.ts";

export interface SyncPosition {
  /** Transactions up to here have been read; of this one, rows up to `id`. */
  readonly transaction: string;
  /** Of one transaction's changes, rows come before deletions. */
  readonly isDeletion: boolean;
  readonly id: number;
}

export interface SyncCursor extends SyncPosition {
  /** `system_identifier` of the database cluster: another one counts its transactions anew. */
  readonly system: string;
  readonly table: string;
  readonly siteId: number | null;
}

const schema = z.tuple([
  z.string().max(30),
  z.string().max(40),
  z.int().positive().nullable(),
  z.string().regex(/^\d{1,20}$/),
  z.boolean(),
  z.int().min(0),
]);

export function writeCursor({ system, table, siteId, transaction, isDeletion, id }: SyncCursor): string {
  return Buffer.from(JSON.stringify([system, table, siteId, transaction, isDeletion, id])).toString("base64url");
}

/** @throws ApiumError `PARAMS_INVALID` for text that is no cursor, or one of another table or site. */
export function readCursor(text: string, table: string, siteId: number | null): SyncCursor {
  const parsed = schema.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw refused("modifiedAfter", "must be the modifiedAfter of the last answer, or an ISO 8601 instant");
  }
  const [system, ofTable, ofSite, transaction, isDeletion, id] = parsed.data;
  if (ofTable !== table) throw refused("modifiedAfter", `is a cursor of ${ofTable}, not of ${table}`);
  if (ofSite !== siteId)
    throw refused("modifiedAfter", `was read for the site ${ofSite ?? "(all)"}; keep siteId as it was`);
  return { system, table, siteId, transaction, isDeletion, id };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
