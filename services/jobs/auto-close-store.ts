// Closes overdue occurrences, a batch at a time. A batch is one transaction: the rows it takes are locked against phones
// and against other runs, and what must follow from closing them is enqueued with it. Rows that somebody else holds just
// now are passed over: their completion comes first, or the next run has them.
import type { Transaction } from "../../database/index.ts";
import { plainArray, textArray } from "../../database/index.ts";
import { CLOSED_BY_SERVER, type Closing, closingOf } from "./auto-close.ts";
import { UNFINISHED } from "./jobneed-state.ts";

export const BATCH_ROWS = 500;

/** How far a run has come through the overdue rows; each is looked at once in a run. */
export interface Position {
  readonly expiryAt: string;
  readonly id: number;
}

export interface ClosedWork extends Closing {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number;
}

export interface ClosedBatch {
  readonly closed: readonly ClosedWork[];
  /** Checkpoints that were closed with their tours. */
  readonly checkpoints: number;
  /** Tours that are being worked on at this moment; the next run looks again. */
  readonly left: number;
  /** Undefined when there was nothing more. */
  readonly next: Position | undefined;
}

interface DueRow {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number;
  readonly isTour: boolean;
  readonly notifyCategory: string | null;
  readonly expiryAt: string;
}

interface Checkpoints {
  readonly parentId: number;
  readonly total: number;
  readonly locked: number;
  readonly done: number;
}

const KINDS = CLOSED_BY_SERVER.map((kind) => `'${kind}'`).join(", ");
const STATES = UNFINISHED.map((state) => `'${state}'`).join(", ");

/** The lock comes first and the conditions are looked at again under it: a completion that was quicker is not taken. */
export const TAKE = {
  name: "auto_close_take",
  text: `
select n.id, n.uuid, n.client_id as "clientId", n.site_id as "siteId",
       n.identifier in ('INTERNALTOUR', 'EXTERNALTOUR') as "isTour", c.code as "notifyCategory",
       to_char(n.expiry_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "expiryAt"
from jobneed n left join type_assist c on c.id = n.notify_category_id
where n.parent_id is null and n.status in (${STATES}) and not n.is_dynamic
  and n.identifier in (${KINDS})
  and n.expiry_at < $1::timestamptz and (n.expiry_at, n.id) > ($2::timestamptz, $3::bigint)
order by n.expiry_at, n.id
limit $4
for no key update of n skip locked`,
};

/**
 * Checkpoints are locked too, without waiting: one that a phone holds shows in the counts, and its tour is left alone.
 * (Waiting could deadlock with a phone that has its checkpoint and waits for the tour.)
 */
const CHECKPOINTS = {
  name: "auto_close_checkpoints",
  text: `
with held as materialized (
  select c.id, c.parent_id, c.status from jobneed c
  where c.parent_id = any($1::text::bigint[]) for no key update skip locked)
select t.id as "parentId", t.total::integer as total, count(held.id)::integer as locked,
       (count(*) filter (where held.status in ('COMPLETED', 'PARTIALLYCOMPLETED')))::integer as done
from (select c.parent_id as id, count(*) as total from jobneed c
      where c.parent_id = any($1::text::bigint[]) group by c.parent_id) t
left join held on held.parent_id = t.id
group by t.id, t.total`,
};

const CLOSE = {
  name: "auto_close_close",
  text: `
update jobneed n
set status = u.status, closed_by_server_at = $4::timestamptz,
    details = (n.details::jsonb || u.notes::jsonb)::json
from unnest($1::text::bigint[], $2::text::text[], $3::text::text[]) as u(id, status, notes)
where n.id = u.id and n.status in (${STATES})
returning n.id`,
};

const CLOSE_CHECKPOINTS = {
  name: "auto_close_close_checkpoints",
  text: `
update jobneed c set status = 'AUTOCLOSED', closed_by_server_at = $2::timestamptz
where c.parent_id = any($1::text::bigint[]) and c.status = 'ASSIGNED'`,
};

export const FROM_THE_START: Position = { expiryAt: "-infinity", id: 0 };

/** Closes the next batch of what expired before `now` (milliseconds since the epoch). */
export async function closeOverdue(tx: Transaction, now: number, after: Position): Promise<ClosedBatch> {
  const at = new Date(now).toISOString();
  const { rows } = await tx.query<DueRow>(TAKE, [at, after.expiryAt, after.id, BATCH_ROWS]);
  const last = rows.at(-1);
  const next = rows.length < BATCH_ROWS || last === undefined ? undefined : { expiryAt: last.expiryAt, id: last.id };
  const checkpoints = await checkpointsOf(tx, rows);
  const free = rows.filter(({ id }) => {
    const { total, locked } = checkpoints.get(id) ?? NONE;
    return locked === total;
  });
  const decided = free.map((row) => {
    const { total, done } = checkpoints.get(row.id) ?? NONE;
    const { id, uuid, clientId, siteId, notifyCategory } = row;
    return { id, uuid, clientId, siteId, ...closingOf({ checkpoints: total, done, notifyCategory }) };
  });
  const closed = await close(tx, decided, at);
  const tours = free.filter(({ isTour }) => isTour).map(({ id }) => id);
  const { affected } = tours.length === 0 ? NONE : await tx.query(CLOSE_CHECKPOINTS, [plainArray(tours), at]);
  return { closed, checkpoints: affected, left: rows.length - free.length, next };
}

const NONE = { total: 0, locked: 0, done: 0, affected: 0 } as const;

async function checkpointsOf(tx: Transaction, rows: readonly DueRow[]): Promise<ReadonlyMap<number, Checkpoints>> {
  const tours = rows.filter(({ isTour }) => isTour).map(({ id }) => id);
  if (tours.length === 0) return new Map();
  const counted = await tx.query<Checkpoints>(CHECKPOINTS, [plainArray(tours)]);
  return new Map(counted.rows.map((row) => [row.parentId, row]));
}

async function close(tx: Transaction, decided: readonly ClosedWork[], at: string): Promise<readonly ClosedWork[]> {
  if (decided.length === 0) return [];
  const { rows } = await tx.query<{ id: number }>(CLOSE, [
    plainArray(decided.map(({ id }) => id)),
    plainArray(decided.map(({ status }) => status)),
    textArray(decided.map(notesOf)),
    at,
  ]);
  const ids = new Set(rows.map(({ id }) => id));
  return decided.filter(({ id }) => ids.has(id));
}

/** What phones read of it, under the names they know. */
function notesOf({ status, tells }: ClosedWork): string {
  return JSON.stringify({
    autoclosed_by_server: status !== "COMPLETED",
    email_sent: tells === "mail",
    ticket_generated: tells === "ticket",
  });
}
