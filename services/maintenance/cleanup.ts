/**
 * Deletes old rows a batch at a time, oldest first, each batch a transaction of its own: nobody waits for it, a time limit
 * or a crash stops it anywhere, and the next run goes on where there is something left.
 */
import type { Database, Parameter } from "../../database/index.ts";

const BATCH = 5_000;

export interface Cleanup {
  /** What people call it. */
  readonly name: string;
  /** Deletes up to `$2` rows from before the instant `$1`. */
  readonly text: string;
}

/** The path of a tour that is still under way is not complete without its points, however old they are. */
export const OLD_TRACKING: Cleanup = {
  name: "tracking",
  text: `
with old as materialized (
  select t.id from tracking t
  where t.received_at < $1::timestamptz
    and not exists (
      select 1 from jobneed n where n.uuid = t.reference and n.status in ('ASSIGNED', 'INPROGRESS', 'WORKING', 'STANDBY'))
  order by t.received_at limit $2::integer
  for update of t skip locked)
delete from tracking t using old where t.id = old.id`,
};

export const OLD_DELETED_ROWS: Cleanup = {
  name: "deleted rows",
  text: `
with old as materialized (
  select id from deleted_row where deleted_at < $1::timestamptz order by id limit $2::integer for update skip locked)
delete from deleted_row d using old where d.id = old.id`,
};

export const OLD_IMPORTS: Cleanup = {
  name: "imports",
  text: `
with old as materialized (
  select id from facility_import where created_at < $1::timestamptz order by id limit least($2::integer, 10)
  for update skip locked)
delete from facility_import i using old where i.id = old.id`,
};

/** With their answers; a phone that sends one again after that has it run again, which changes nothing more. */
export const OLD_MESSAGES: Cleanup = {
  name: "messages of phones",
  text: `
with old as materialized (
  select id from mobile_message where received_at < $1::timestamptz and state <> 'PENDING' order by id
  limit $2::integer for update skip locked)
delete from mobile_message m using old where m.id = old.id`,
};

/** Changes that nobody could be told for so long: whoever listens needs a full copy by then. */
export const OLD_CHANGES: Cleanup = {
  name: "changes to be published",
  text: `
with old as materialized (
  select id from mqtt_outbox where created_at < $1::timestamptz order by id limit $2::integer for update skip locked)
delete from mqtt_outbox o using old where o.id = old.id`,
};

/** How many rows went. @throws the reason of `signal` when it aborts, between two batches. */
export async function cleanUp(
  database: Database,
  { text }: Cleanup,
  before: number,
  { signal, onBatch }: { readonly signal?: AbortSignal; readonly onBatch?: (total: number) => void } = {},
): Promise<number> {
  let total = 0;
  for (;;) {
    signal?.throwIfAborted();
    const parameters: Parameter[] = [new Date(before).toISOString(), BATCH];
    const { affected } = await database.query(text, parameters);
    total += affected;
    onBatch?.(total);
    if (affected === 0) return total;
  }
}
