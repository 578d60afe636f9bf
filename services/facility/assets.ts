// The log of assets: one row for each change of the running status, made with the change.
import type { Queryable, Transaction } from "../../database/index.ts";
import { type Page, pageOf, plain } from "../fields.ts";
import { type Author, type Scope, Values, within } from "../scope.ts";
import { ASSET } from "./kinds.ts";
import { findRecord } from "./record-store.ts";

export interface AssetLogEntry {
  readonly id: number;
  readonly assetId: number;
  readonly oldStatus: string | null;
  readonly newStatus: string;
  readonly personId: number | null;
  readonly at: string;
}

/** To be called before the change. Locks the row, so that two changes at once are logged one after the other. */
export async function logStatusChange(
  tx: Transaction,
  scope: Scope,
  assetId: number,
  status: unknown,
  author: Author,
  now: number,
): Promise<void> {
  if (typeof status !== "string") return;
  const values = new Values();
  const next = values.of(status);
  await tx.query(
    `with before as (select id, running_status from asset
       where id = ${values.of(assetId)}::bigint and ${within(scope, "client_id", values)} for update)
     insert into asset_log (asset_id, old_status, new_status, person_id, at)
     select id, running_status, ${next}::text, ${values.of(author.personId ?? null)}::bigint,
       ${values.of(new Date(now).toISOString())}::timestamptz
     from before where running_status <> ${next}::text`,
    values.list,
  );
}

/** Newest first. @throws ApiumError `NOT_FOUND`. */
export async function listAssetLog(
  store: Queryable,
  scope: Scope,
  assetId: number,
  { limit, cursor }: { readonly limit: number; readonly cursor?: number | undefined },
): Promise<Page<AssetLogEntry>> {
  await findRecord(store, ASSET, scope, assetId);
  const { rows } = await store.query<AssetLogEntry>(
    `select id, asset_id as "assetId", old_status as "oldStatus", new_status as "newStatus",
       person_id as "personId", at
     from asset_log where asset_id = $1 and ($2::bigint is null or id < $2::bigint) order by id desc limit $3`,
    [assetId, cursor ?? null, limit + 1],
  );
  return pageOf(rows.map(plain), limit);
}
