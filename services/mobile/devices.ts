// Which person is signed in with which device.
import type { Queryable, Transaction } from "../../database/index.ts";
import { refused } from "../fields.ts";

/**
 * Begins a session, which ends the one before; its number.
 * @throws ApiumError `PARAMS_INVALID` for a device that a person of another client is signed in with: what is told to a
 *   device is told by its id, so the id is one client's at a time.
 */
export async function beginSession(
  tx: Transaction,
  { personId, clientId }: { readonly personId: number; readonly clientId: number },
  deviceId: string,
  at: string,
): Promise<number> {
  await tx.query("select pg_advisory_xact_lock(hashtext('mobile device'), hashtext($1))", [deviceId]);
  const { rows: elsewhere } = await tx.query(
    `select 1 from mobile_device d join person p on p.id = d.person_id
     where d.device_id = $1 and d.signed_out_at is null and p.client_id <> $2::bigint limit 1`,
    [deviceId, clientId],
  );
  if (elsewhere.length > 0) throw refused("deviceId", "the device is in use elsewhere: sign out there first");
  const { rows } = await tx.query<{ session: number }>(
    `insert into mobile_device as d (person_id, device_id, signed_in_at) values ($1::bigint, $2, $3::timestamptz)
     on conflict (person_id, device_id) do update
       set session = d.session + 1, signed_in_at = excluded.signed_in_at, signed_out_at = null
     returning session`,
    [personId, deviceId, at],
  );
  return (rows[0] as { session: number }).session;
}

/** Ends it; true when there was one. */
export async function endSession(store: Queryable, personId: number, deviceId: string, at: string): Promise<boolean> {
  const { affected } = await store.query(
    `update mobile_device set session = session + 1, signed_out_at = $3::timestamptz
     where person_id = $1::bigint and device_id = $2 and signed_out_at is null`,
    [personId, deviceId, at],
  );
  return affected > 0;
}

/** The number of the device's session; `undefined` where it is signed out. */
export async function currentSession(
  store: Queryable,
  personId: number,
  deviceId: string,
): Promise<number | undefined> {
  const { rows } = await store.query<{ session: number }>(
    `select session from mobile_device where person_id = $1::bigint and device_id = $2 and signed_out_at is null`,
    [personId, deviceId],
  );
  return rows[0]?.session;
}
