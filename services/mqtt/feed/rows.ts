// What the announced rows say now, and whose they are: one statement per table for many rows.
import { type Database, plainArray } from "../../../database/index.ts";
import type { Announcement, FeedClient, Row } from "./announcement.ts";

/** Tables with triggers of the feed (migrations/0001-feed.sql). Only these names are ever put into a statement. */
export const ENTITIES = [
  "job",
  "jobneed",
  "asset",
  "location",
  "question",
  "question_set",
  "question_set_member",
  "attachment",
  "attendance_event",
  "person",
  "site",
  "type_assist",
  "shift",
  "ticket",
] as const;

/** Rows by table and uuid; those that are gone are missing. */
export async function readRows(
  database: Database,
  announcements: readonly Announcement[],
): Promise<(announcement: Announcement) => Row | undefined> {
  const found = new Map<string, Row>();
  for (const entity of ENTITIES) {
    const uuids = announcements.filter((one) => one.entity === entity).map(({ uuid }) => uuid);
    if (uuids.length === 0) continue;
    const { rows } = await database.hot.query<Row & { readonly uuid: string }>(
      `select * from ${entity} where uuid = any($1::text::uuid[])`,
      [plainArray(uuids)],
    );
    for (const row of rows) found.set(`${entity} ${row.uuid}`, row);
  }
  return ({ entity, uuid }) => found.get(`${entity} ${uuid}`);
}

/** Asked anew each time: a code that another client has just been given must not carry this one's rows any more. */
export async function readClients(database: Database, ids: readonly number[]): Promise<Map<number, FeedClient>> {
  const { rows } = await database.query<FeedClient>(
    `select c.id, c.uuid::text as uuid, c.code,
       not exists (select from site o where o.code = c.code and o.id <> c.id and o.kind = 'CLIENT') as "isUnique"
     from site c where c.id = any($1::text::bigint[])`,
    [plainArray([...new Set(ids)])],
  );
  return new Map(rows.map((client) => [client.id, client]));
}
