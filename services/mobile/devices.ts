// Which person is signed in with which device, and what their session stands on.
import type { Queryable, Transaction } from "../../database/index.ts";
import { plain, refused } from "../fields.ts";
import type { Grant } from "./tokens.ts";

/** Whoever signs in, and with what: an account's key changes with its password. */
interface Beginner {
  readonly personId: number;
  readonly clientId: number;
  readonly key: string;
}

/** A session of a person of another client. */
export interface SessionElsewhere {
  readonly personId: number;
  readonly session: number;
  /** `null`: begun before keys were kept. */
  readonly key: string | null;
  /** When its person last came by: the last of its tokens is as old. */
  readonly usedAt: string;
}

/**
 * Begins a session, which ends the one before; its number. Those elsewhere that are worth nothing have been ended.
 * @throws ApiumError `PARAMS_INVALID` for a device that a person of another client is signed in with: what is told to a
 *   device is told by its id, so the id is one client's at a time.
 */
export async function beginSession(
  tx: Transaction,
  { personId, clientId, key }: Beginner,
  deviceId: string,
  at: string,
): Promise<number> {
  await tx.query("select pg_advisory_xact_lock(hashtext('mobile device'), hashtext($1))", [deviceId]);
  const elsewhere = await sessionsElsewhere(tx, clientId, deviceId);
  if (elsewhere.length > 0) throw refused("deviceId", "the device is in use elsewhere: sign out there first");
  const { rows } = await tx.query<{ session: number }>(
    `insert into mobile_device as d (person_id, device_id, signed_in_at, account_key)
     values ($1::bigint, $2, $3::timestamptz, $4)
     on conflict (person_id, device_id) do update
       set session = d.session + 1, signed_in_at = excluded.signed_in_at, account_key = excluded.account_key,
         renewed_at = null, signed_out_at = null
     returning session`,
    [personId, deviceId, at, key],
  );
  return (rows[0] as { session: number }).session;
}

/** Notes that a session is used; false when it has ended. */
export async function renewSession(
  store: Queryable,
  { personId, deviceId, session, key }: Grant,
  at: string,
): Promise<boolean> {
  const { affected } = await store.query(
    `update mobile_device set renewed_at = $4::timestamptz, account_key = $5
     where person_id = $1::bigint and device_id = $2 and session = $3::integer and signed_out_at is null`,
    [personId, deviceId, session, at, key],
  );
  return affected > 0;
}

/**
 * Ends it; true when there was one.
 * @param session - its number; default whichever there is.
 */
export async function endSession(
  store: Queryable,
  { personId, deviceId, session }: { readonly personId: number; readonly deviceId: string; readonly session?: number },
  at: string,
): Promise<boolean> {
  const { affected } = await store.query(
    `update mobile_device set session = session + 1, signed_out_at = $3::timestamptz
     where person_id = $1::bigint and device_id = $2 and signed_out_at is null
       and session = coalesce($4::integer, session)`,
    [personId, deviceId, at, session ?? null],
  );
  return affected > 0;
}

/** Of the device's: those of other clients than this one. */
export async function sessionsElsewhere(
  store: Queryable,
  clientId: number,
  deviceId: string,
): Promise<readonly SessionElsewhere[]> {
  const { rows } = await store.query<SessionElsewhere>(
    `select d.person_id as "personId", d.session, d.account_key as key,
       greatest(d.signed_in_at, d.renewed_at) as "usedAt"
     from mobile_device d join person p on p.id = d.person_id
     where d.device_id = $1 and d.signed_out_at is null and p.client_id <> $2::bigint`,
    [deviceId, clientId],
  );
  return rows.map(plain);
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
