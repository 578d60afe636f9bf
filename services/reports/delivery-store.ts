// Deliveries as they are kept: whom a run goes to, when, and what became of it.
import { createHash } from "node:crypto";
import { plainArray, type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { notFound, plain } from "../fields.ts";
import type { DELIVERY_OUTCOMES } from "./tasks.ts";

export interface Recipients {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly toPersonIds: readonly number[];
}

export interface Delivery extends Recipients {
  readonly id: number;
  readonly runId: number;
  readonly dueAt: string;
  readonly state: "PENDING" | "QUEUED" | "SENT" | "FAILED" | "SKIPPED";
  readonly isLate: boolean;
  readonly sentAt: string | null;
}

const SELECT = `select id, run_id as "runId", to_addresses as "to", cc,
  array(select u::float8 from unnest(to_person_ids) u) as "toPersonIds", due_at as "dueAt", state, is_late as "isLate",
  sent_at as "sentAt" from report_delivery`;

/** A recipient set gets a run once: the same set again is the same delivery. */
export async function insertDelivery(
  tx: Transaction,
  runId: number,
  recipients: Recipients,
  due: number,
): Promise<void> {
  const { to, cc, toPersonIds } = recipients;
  const set = JSON.stringify([[...to].sort(), [...cc].sort(), [...toPersonIds].sort()]);
  await tx.query(
    `insert into report_delivery (run_id, recipients_key, to_addresses, cc, to_person_ids, due_at)
     values ($1::bigint, $2, $3::text::text[], $4::text::text[], $5::text::bigint[], $6::timestamptz)
     on conflict (run_id, recipients_key) do nothing`,
    [
      ...[runId, createHash("sha256").update(set).digest("hex"), textArray(to), textArray(cc), plainArray(toPersonIds)],
      new Date(due).toISOString(),
    ],
  );
}

export async function deliveriesOf(store: Queryable, runId: number): Promise<Delivery[]> {
  const { rows } = await store.query<Delivery>(`${SELECT} where run_id = $1::bigint order by id`, [runId]);
  return rows.map(plain);
}

/** @throws ApiumError `NOT_FOUND`. */
export async function findDelivery(store: Queryable, id: number): Promise<Delivery> {
  const { rows } = await store.query<Delivery>(`${SELECT} where id = $1::bigint`, [id]);
  if (rows[0] === undefined) throw notFound("delivery of a report", id);
  return plain(rows[0]);
}

/** Takes the open deliveries of a run: they are QUEUED, and the caller enqueues their mails for their instants. */
export async function takeDeliveries(tx: Transaction, runId: number): Promise<{ id: number; dueAt: string }[]> {
  const { rows } = await tx.query<{ id: number; dueAt: string }>(
    `update report_delivery set state = 'QUEUED' where run_id = $1::bigint and state = 'PENDING'
     returning id, due_at as "dueAt"`,
    [runId],
  );
  return rows.map(plain);
}

/** Of runs that are made: due for so long that their own mail should have gone. The longest waiting first. */
export async function overdueDeliveries(
  store: Queryable,
  dueBefore: number,
  after: number,
  most: number,
): Promise<number[]> {
  const { rows } = await store.query<{ id: number }>(
    `select d.id from report_delivery d join report_run r on r.id = d.run_id
     where d.state in ('PENDING', 'QUEUED') and d.due_at <= $1::timestamptz and r.state in ('READY', 'NO_DATA')
       and d.id > $2::bigint
     order by d.id limit $3`,
    [new Date(dueBefore).toISOString(), after, most],
  );
  return rows.map(({ id }) => id);
}

/** That a mail has gone out is true whatever was thought before. */
export async function noteDelivery(
  store: Queryable,
  {
    deliveryId,
    outcome,
    messageId,
    isLate,
  }: {
    readonly deliveryId: number;
    readonly outcome: (typeof DELIVERY_OUTCOMES)[number];
    readonly messageId?: string | undefined;
    readonly isLate: boolean;
  },
  now: number,
): Promise<void> {
  await store.query(
    `update report_delivery set state = $2, message_id = coalesce($3, message_id), is_late = $4::boolean,
       sent_at = case when $2 = 'SENT' then $5::timestamptz else sent_at end
     where id = $1::bigint and (state in ('PENDING', 'QUEUED') or ($2 = 'SENT' and state <> 'SENT'))`,
    [deliveryId, outcome, messageId ?? null, isLate, new Date(now).toISOString()],
  );
}

/** Sends what failed, or was skipped, again. */
export async function reopenDeliveries(tx: Transaction, runId: number): Promise<void> {
  await tx.query(
    "update report_delivery set state = 'PENDING' where run_id = $1::bigint and state in ('FAILED', 'SKIPPED')",
    [runId],
  );
}
