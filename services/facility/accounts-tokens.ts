// API tokens as they are kept: what they may do and of which client, and of the token itself its hash.
import { createHash, randomBytes } from "node:crypto";
import type { Queryable, Transaction } from "../../database/index.ts";
import { clientOf } from "../clients.ts";
import { notFound, type Page, pageOf, plain, refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import { type Account, tokenKey } from "./accounts.ts";
import type { Role } from "./accounts-roles.ts";

const TOKEN_BYTES = 32;
/** `last_used_at` says when to the minute: a write for each request would cost more than the request. */
const USE_EVERY_MS = 60_000;

export interface TokenRow {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly clientId: number | null;
  readonly personId: number | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly clientId?: number | undefined;
  readonly personId?: number | undefined;
  readonly expiresAt?: Date | undefined;
}

const COLUMNS = `t.id, t.name, t.role, t.client_id as "clientId", t.person_id as "personId", t.created_by as "createdBy",
  t.created_at as "createdAt", t.last_used_at as "lastUsedAt", t.expires_at as "expiresAt", t.revoked_at as "revokedAt"`;

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/**
 * A new token of the asker's client, or of the one named, or of the whole system. The token is in the answer and nowhere
 * else.
 * @throws ApiumError `PARAMS_INVALID` for a client or person that is not there, or not the asker's.
 */
export async function insertToken(
  tx: Transaction,
  scope: Scope,
  given: NewToken,
  author: string,
): Promise<TokenRow & { readonly token: string }> {
  const token = `apium_${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  const clientId = await clientOfToken(tx, scope, given);
  const { rows } = await tx.query<{ id: number }>(
    `insert into api_token (name, hash, role, client_id, person_id, created_by, expires_at)
     values ($1, $2, $3, $4::bigint, $5::bigint, $6, $7::timestamptz) returning id`,
    [
      ...[given.name, hashToken(token), given.role, clientId, given.personId ?? null],
      ...[author, given.expiresAt?.toISOString() ?? null],
    ],
  );
  return { ...(await findToken(tx, scope, (rows[0] as { id: number }).id)), token };
}

/** Tokens by id, those that were revoked too. */
export async function listTokens(
  store: Queryable,
  scope: Scope,
  filter: { readonly clientId?: number | undefined; readonly limit: number; readonly cursor?: number | undefined },
): Promise<Page<TokenRow>> {
  const values = new Values();
  const conditions = [within(scope, "t.client_id", values)];
  if (filter.clientId !== undefined) conditions.push(`t.client_id = ${values.of(filter.clientId)}::bigint`);
  if (filter.cursor !== undefined) conditions.push(`t.id > ${values.of(filter.cursor)}::bigint`);
  const { rows } = await store.query<TokenRow>(
    `select ${COLUMNS} from api_token t where ${conditions.join(" and ")}
     order by t.id limit ${values.of(filter.limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), filter.limit);
}

/** Ends a token; one that has ended keeps its instant. @throws ApiumError `NOT_FOUND`. */
export async function revokeToken(tx: Transaction, scope: Scope, id: number, at: number): Promise<TokenRow> {
  const values = new Values();
  const own = `id = ${values.of(id)}::bigint and ${within(scope, "client_id", values)}`;
  const instant = values.of(new Date(at).toISOString());
  await tx.query(
    `update api_token set revoked_at = ${instant}::timestamptz where ${own} and revoked_at is null`,
    values.list,
  );
  return findToken(tx, scope, id);
}

/** The account of a token that was neither revoked nor has expired, and whose client and person are not disabled. */
export async function accountOfToken(
  store: Queryable,
  which: { readonly hash: string } | { readonly id: number },
  now: number,
): Promise<Account | undefined> {
  const values = new Values();
  const one = "hash" in which ? `t.hash = ${values.of(which.hash)}` : `t.id = ${values.of(which.id)}::bigint`;
  const { rows } = await store.query<TokenRow>(
    `select ${COLUMNS}
     from api_token t left join site c on c.id = t.client_id left join person p on p.id = t.person_id
     where ${one} and t.revoked_at is null
       and (t.expires_at is null or t.expires_at > ${values.of(new Date(now).toISOString())}::timestamptz)
       and (t.client_id is null or c.enabled)
       and (t.person_id is null or p.enabled and p.is_verified and p.client_id = t.client_id)`,
    values.list,
  );
  if (rows[0] === undefined) return undefined;
  const { id, name, role, clientId, personId, expiresAt, lastUsedAt } = plain(rows[0]);
  if (lastUsedAt === null || Date.parse(lastUsedAt) <= now - USE_EVERY_MS) await noteUse(store, id, now);
  return { key: tokenKey(id), name: `${tokenKey(id)} ${name}`, role, clientId, personId, expiresAt };
}

/** Two gateways at once write once. A disk that is full keeps nobody out. */
async function noteUse(store: Queryable, id: number, now: number): Promise<void> {
  const text = `update api_token set last_used_at = $2::timestamptz
    where id = $1::bigint and (last_used_at is null or last_used_at <= $3::timestamptz)`;
  const values = [id, new Date(now).toISOString(), new Date(now - USE_EVERY_MS).toISOString()];
  await store.query(text, values).catch(() => {});
}

async function findToken(store: Queryable, scope: Scope, id: number): Promise<TokenRow> {
  const values = new Values();
  const own = `t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)}`;
  const { rows } = await store.query<TokenRow>(`select ${COLUMNS} from api_token t where ${own}`, values.list);
  if (rows[0] === undefined) throw notFound("token", id);
  return plain(rows[0]);
}

/** A person's token is of the person's client. Without a client and a person it is of the asker's, if they have one. */
async function clientOfToken(tx: Transaction, scope: Scope, given: NewToken): Promise<number | null> {
  const named =
    given.clientId === undefined ? (scope.clientId ?? null) : await clientOf(tx, scope, { clientId: given.clientId });
  if (given.personId === undefined) return named;
  const { rows } = await tx.query<{ clientId: number | null }>(
    'select client_id as "clientId" from person where id = $1::bigint',
    [given.personId],
  );
  const clientId = rows[0]?.clientId ?? null;
  if (clientId === null || (named !== null && named !== clientId)) {
    throw refused("personId", `there is no person ${given.personId} of the client`);
  }
  return clientId;
}
