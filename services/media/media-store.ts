// Where files are, as it is kept. A mover's claim is fenced by `attempts`: whoever lost it changes nothing any more.
import type { Queryable, Transaction } from "../../database/index.ts";
import { notFound, type Page, pageOf, plain } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";

export interface MediaFile {
  readonly attachmentId: number;
  readonly state: "LOCAL" | "UPLOADING" | "REMOTE" | "MISSING" | "BROKEN";
  readonly localKey: string;
  readonly isLocal: boolean;
  readonly objectKey: string;
  readonly contentType: string;
  readonly size: number | null;
  readonly md5: string | null;
  readonly attempts: number;
}

const COLUMNS = `m.attachment_id::float8 as "attachmentId", m.state, m.local_key as "localKey", m.is_local as "isLocal",
  m.object_key as "objectKey", m.content_type as "contentType", m.size::float8 as size, m.md5, m.attempts`;

/** Attachments whose files nobody has taken in here: phones of before, other programs that write into the same folder. */
export async function adoptFiles(store: Queryable, before: string, most: number): Promise<number> {
  const { affected } = await store.query(
    `insert into media_file (attachment_id, client_id, local_key, object_key, taken_in_at)
     select a.id, a.client_id, a.path, 'media/' || a.client_id || '/' || a.uuid, a.created_at from attachment a
     where a.created_at < $1::timestamptz and not exists (select 1 from media_file m where m.attachment_id = a.id)
     order by a.id limit $2
     on conflict do nothing`,
    [before, most],
  );
  return affected;
}

/** Takes the oldest files that are due, those of movers that died among them. */
export async function claimFiles(
  store: Queryable,
  { before, now, until, most }: { before: string; now: string; until: string; most: number },
): Promise<MediaFile[]> {
  const { rows } = await store.query<MediaFile>(
    `with due as materialized (
       select attachment_id from media_file
       where (state in ('LOCAL', 'UPLOADING') or (state = 'REMOTE' and is_local))
         and taken_in_at < $1::timestamptz and (claimed_until is null or claimed_until < $2::timestamptz)
       order by taken_in_at, attachment_id limit $4
       for update skip locked)
     update media_file m set state = case m.state when 'REMOTE' then 'REMOTE' else 'UPLOADING' end,
       claimed_until = $3::timestamptz, attempts = m.attempts + 1
     from due where m.attachment_id = due.attachment_id
     returning ${COLUMNS}`,
    [before, now, until, most],
  );
  return rows;
}

type Claim = Pick<MediaFile, "attachmentId" | "attempts">;

/** True while the claim holds: then the local file may go. */
export async function noteRemote(
  store: Queryable,
  { attachmentId, attempts }: Claim,
  { size, md5 }: { readonly size: number; readonly md5: string },
  now: string,
): Promise<boolean> {
  const { affected } = await store.query(
    `update media_file set state = 'REMOTE', size = $3::bigint, md5 = $4, error = null,
       moved_at = coalesce(moved_at, $5::timestamptz) where attachment_id = $1::bigint and attempts = $2`,
    [attachmentId, attempts, size, md5, now],
  );
  return affected === 1;
}

export async function noteDeleted(store: Queryable, { attachmentId, attempts }: Claim): Promise<void> {
  await store.query(
    "update media_file set is_local = false, claimed_until = null where attachment_id = $1::bigint and attempts = $2",
    [attachmentId, attempts],
  );
}

/** It cannot be moved, or could not this time: LOCAL is tried again by a later run, and is REMOTE where the store has it. */
export async function noteFailure(
  store: Queryable,
  { attachmentId, attempts }: Claim,
  state: "LOCAL" | "MISSING" | "BROKEN",
  error: string,
  retryAt: string | null,
): Promise<void> {
  await store.query(
    `update media_file set state = case when $3 = 'LOCAL' and state = 'REMOTE' then state else $3 end,
       error = $4, claimed_until = $5::timestamptz
     where attachment_id = $1::bigint and attempts = $2`,
    [attachmentId, attempts, state, error.slice(0, 500), retryAt],
  );
}

export interface Attachment {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number | null;
  readonly ownerTable: string;
  readonly ownerUuid: string;
  readonly fileName: string;
  readonly kind: string;
  readonly size: number | null;
  readonly contentType: string | null;
  readonly state: string | null;
  readonly createdAt: string;
}

const ATTACHMENT = `select a.id, a.uuid, a.client_id as "clientId", a.site_id as "siteId", a.owner_table as "ownerTable",
  a.owner_uuid as "ownerUuid", a.file_name as "fileName", a.kind, coalesce(m.size, a.size)::float8 as size,
  m.content_type as "contentType", m.state, a.created_at as "createdAt"
  from attachment a left join media_file m on m.attachment_id = a.id`;

/** @throws ApiumError `NOT_FOUND`. */
export async function findAttachment(store: Queryable, scope: Scope, id: number): Promise<Attachment> {
  const values = new Values();
  const own = `a.id = ${values.of(id)}::bigint and ${within(scope, "a.client_id", values)}`;
  const { rows } = await store.query<Attachment>(`${ATTACHMENT} where ${own}`, values.list);
  if (rows[0] === undefined) throw notFound("attachment", id);
  return plain(rows[0]);
}

/** With what only those know who keep it. */
export type KeptAttachment = Attachment & { readonly path: string; readonly md5: string | null };

export async function attachmentOfUuid(store: Queryable, uuid: string): Promise<KeptAttachment | undefined> {
  const { rows } = await store.query<KeptAttachment>(
    `${ATTACHMENT.replace("m.state,", "m.state, m.md5, a.path,")} where a.uuid = $1::uuid`,
    [uuid],
  );
  return rows[0] === undefined ? undefined : plain(rows[0]);
}

export async function listAttachments(
  store: Queryable,
  scope: Scope,
  filter: {
    ownerUuid?: string | undefined;
    ownerTable?: string | undefined;
    limit: number;
    cursor?: number | undefined;
  },
): Promise<Page<Attachment>> {
  const values = new Values();
  const conditions = [within(scope, "a.client_id", values)];
  if (filter.ownerTable !== undefined) conditions.push(`a.owner_table = ${values.of(filter.ownerTable)}`);
  if (filter.ownerUuid !== undefined) conditions.push(`a.owner_uuid = ${values.of(filter.ownerUuid)}::uuid`);
  if (filter.cursor !== undefined) conditions.push(`a.id > ${values.of(filter.cursor)}::bigint`);
  const { rows } = await store.query<Attachment>(
    `${ATTACHMENT} where ${conditions.join(" and ")} order by a.id limit ${values.of(filter.limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), filter.limit);
}

/** @throws ApiumError `NOT_FOUND`. */
export async function findFile(store: Queryable, id: number): Promise<MediaFile> {
  const { rows } = await store.query<MediaFile>(
    `select ${COLUMNS} from media_file m where m.attachment_id = $1::bigint`,
    [id],
  );
  if (rows[0] === undefined) throw notFound("file of attachment", id);
  return rows[0];
}

export interface NewAttachment {
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number | undefined;
  readonly ownerTable: string;
  readonly ownerUuid: string;
  readonly fileName: string;
  readonly kind: string;
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
  readonly localKey: string;
  readonly objectKey: string;
  readonly contentType: string;
  readonly size: number;
  readonly md5: string;
}

export async function insertAttachment(tx: Transaction, given: NewAttachment): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(
    `insert into attachment (uuid, client_id, site_id, owner_table, owner_uuid, file_name, path, kind, size, latitude, longitude)
     values ($1::uuid, $2::bigint, $3::bigint, $4, $5::uuid, $6, $7, $8, $9::bigint, $10::float8, $11::float8)
     on conflict (uuid) do nothing returning id`,
    [
      ...[given.uuid, given.clientId, given.siteId ?? null, given.ownerTable, given.ownerUuid, given.fileName],
      ...[given.localKey, given.kind, given.size, given.latitude ?? null, given.longitude ?? null],
    ],
  );
  const id = rows[0]?.id;
  if (id === undefined) return 0;
  await tx.query(
    `insert into media_file (attachment_id, client_id, local_key, object_key, content_type, size, md5)
     values ($1::bigint, $2::bigint, $3, $4, $5, $6::bigint, $7)`,
    [id, given.clientId, given.localKey, given.objectKey, given.contentType, given.size, given.md5],
  );
  return id;
}

/** Files and bytes by state. */
export async function mediaStats(
  store: Queryable,
  scope: Scope,
): Promise<{ state: string; files: number; bytes: number }[]> {
  const values = new Values();
  const { rows } = await store.query<{ state: string; files: number; bytes: number }>(
    `select state, count(*)::integer as files, coalesce(sum(size), 0)::float8 as bytes from media_file
     where ${within(scope, "client_id", values)} group by state order by state`,
    values.list,
  );
  return rows;
}

/** The picture a client has given itself: the latest attachment of its own row whose name begins with "logo". */
export async function logoOf(store: Queryable, clientId: number): Promise<MediaFile | undefined> {
  const { rows } = await store.query<MediaFile>(
    `select ${COLUMNS} from attachment a join site c on c.id = $1::bigint and a.owner_uuid = c.uuid
     join media_file m on m.attachment_id = a.id
     where a.owner_table = 'site' and a.client_id = c.id and a.file_name ilike 'logo%'
       and m.content_type in ('image/png', 'image/jpeg') and m.state in ('LOCAL', 'UPLOADING', 'REMOTE')
     order by a.id desc limit 1`,
    [clientId],
  );
  return rows[0];
}
