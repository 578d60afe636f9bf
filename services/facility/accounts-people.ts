// People who sign in with their login and a password: as somebody of their client, never of the whole system.
import type { Queryable, Transaction } from "../../database/index.ts";
import { notFound, refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import { type Account, personKey } from "./accounts.ts";
import { isPassword } from "./accounts-password.ts";
import { roleOfPerson } from "./accounts-roles.ts";

/** May sign in: enabled, verified, and of a client that is not disabled. */
const MAY_COME = "p.enabled and p.is_verified and c.enabled";

interface Candidate {
  readonly id: number;
  readonly loginId: string | null;
  readonly clientId: number;
  readonly isAdmin: boolean;
  readonly mayCome: boolean;
  readonly hash: string | null;
  readonly changedAt: string | null;
}

/**
 * Gives a person of the scope a password, which ends the sessions begun with an earlier one.
 * @param hash - of the password: hashing takes a while, and no transaction waits for it.
 * @throws ApiumError `NOT_FOUND`; `PARAMS_INVALID` where the person could not sign in with it.
 */
export async function setPassword(
  tx: Transaction,
  scope: Scope,
  { personId, hash, author, at }: { personId: number; hash: string; author: string; at: number },
): Promise<{ readonly id: number; readonly changedAt: string }> {
  const values = new Values();
  const own = `id = ${values.of(personId)}::bigint and ${within(scope, "client_id", values)}`;
  const { rows } = await tx.query<{ loginId: string | null; clientId: number | null }>(
    `select login_id as "loginId", client_id as "clientId" from person where ${own} for update`,
    values.list,
  );
  const person = rows[0];
  if (person === undefined) throw notFound("person", personId);
  if (person.loginId === null) throw refused("id", `the person ${personId} has no login; give them a loginId first`);
  if (person.clientId === null) throw refused("id", `the person ${personId} belongs to no client`);
  const changedAt = new Date(Math.round(at)).toISOString();
  // Two changes within a millisecond are two all the same.
  const { rows: kept } = await tx.query<{ changedAt: string }>(
    `insert into person_password (person_id, hash, changed_at, changed_by) values ($1::bigint, $2, $3::timestamptz, $4)
     on conflict (person_id) do update set hash = excluded.hash, changed_by = excluded.changed_by,
       changed_at = greatest(excluded.changed_at, person_password.changed_at + interval '1 millisecond')
     returning to_char(changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "changedAt"`,
    [personId, hash, changedAt, author],
  );
  return { id: personId, changedAt: kept[0]?.changedAt ?? changedAt };
}

/** The account of a login and its password. Whatever is wrong, finding out takes as long. */
export async function accountOfPassword(
  store: Queryable,
  { loginId, password }: { readonly loginId: string; readonly password: string },
): Promise<Account | undefined> {
  const candidate = await find(store, "p.login_id = $1", loginId);
  const isRight = await isPassword(password, candidate?.hash ?? undefined);
  return isRight ? accountOf(candidate) : undefined;
}

/** The account a session was begun with, while the person may come in and the password is the same. */
export async function accountOfPerson(
  store: Queryable,
  personId: number,
  changedAt: number,
): Promise<Account | undefined> {
  const account = accountOf(await find(store, "p.id = $1::bigint", personId));
  return account?.key === personKey(personId, changedAt) ? account : undefined;
}

async function find(store: Queryable, condition: string, value: string | number): Promise<Candidate | undefined> {
  // A client to join: a person of none would be one of the whole system.
  const { rows } = await store.query<Candidate>(
    `select p.id, p.login_id as "loginId", p.client_id as "clientId", p.is_admin as "isAdmin", ${MAY_COME} as "mayCome",
       w.hash, to_char(w.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "changedAt"
     from person p join site c on c.id = p.client_id left join person_password w on w.person_id = p.id
     where ${condition}`,
    [value],
  );
  return rows[0];
}

function accountOf(candidate: Candidate | undefined): Account | undefined {
  if (candidate === undefined || !candidate.mayCome || candidate.changedAt === null) return undefined;
  const { id, loginId, clientId } = candidate;
  return {
    key: personKey(id, Date.parse(candidate.changedAt)),
    name: `person:${id} ${loginId ?? ""}`.trim(),
    role: roleOfPerson(candidate),
    clientId,
    personId: id,
    expiresAt: null,
  };
}
