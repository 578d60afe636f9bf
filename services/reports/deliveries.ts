// What the mail of a delivery needs to know, and the sweep over those whose mail is gone.
import { plainArray, type Queryable } from "../../database/index.ts";
import { sendReportEmail } from "../email/tasks.ts";
import { WHOLE_SYSTEM } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { findDelivery, overdueDeliveries } from "./delivery-store.ts";
import { contentTypeOf, mailKey } from "./make-report.ts";
import { findRun, type Run } from "./run-store.ts";
import { isLate } from "./schedule-rules.ts";

/** A mail of its own has had this long. */
const OVERDUE_AFTER_MS = 5 * 60_000;
const BATCH = 500;

/** Enqueues the mail of every delivery that should have gone out; one that is under way already is left alone. */
export async function sweepDeliveries({ database, runtime }: ServiceParts, signal?: AbortSignal): Promise<number> {
  const dueBefore = runtime.parts.clock.now() - OVERDUE_AFTER_MS;
  let enqueued = 0;
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const ids = await overdueDeliveries(database, dueBefore, after, BATCH);
    for (const id of ids) {
      await sendReportEmail.enqueue(runtime, { deliveryId: id }, { uniqueKey: mailKey(id) });
      enqueued += 1;
    }
    const last = ids.at(-1);
    if (last === undefined || ids.length < BATCH) return enqueued;
    after = last;
  }
}

export interface ReportMailFacts {
  readonly report: Run & { readonly contentType: string };
  readonly clientName: string;
  readonly siteNames: readonly string[];
  readonly dueAt: string | null;
  readonly isLate: boolean;
  readonly recipients: readonly { readonly name: string; readonly address: string }[];
  readonly cc: readonly { readonly name: string; readonly address: string }[];
  /** Why no mail should go out; null where one should. */
  readonly pointless: string | null;
}

/** @throws ApiumError `NOT_FOUND`. */
export async function deliveryMailFacts(store: Queryable, deliveryId: number, now: number): Promise<ReportMailFacts> {
  const delivery = await findDelivery(store, deliveryId);
  const run = await findRun(store, WHOLE_SYSTEM, delivery.runId);
  const { rows } = await store.query<{ tells: boolean }>(
    "select tells_empty as tells from report_schedule where id = $1::bigint",
    [run.scheduleId],
  );
  const tellsEmpty = rows[0]?.tells ?? true;
  const people = await peopleNamed(store, delivery.toPersonIds, run.clientId);
  return {
    ...(await facts(store, run)),
    dueAt: delivery.dueAt,
    isLate: isLate(Date.parse(delivery.dueAt), now),
    recipients: [...people, ...delivery.to.map((address) => ({ name: "", address }))],
    cc: delivery.cc.map((address) => ({ name: "", address })),
    pointless: pointlessBecause(delivery.state, run.state, tellsEmpty),
  };
}

/** For the mail that says to one person that a report is ready. @throws ApiumError `NOT_FOUND`. */
export async function notificationMailFacts(
  store: Queryable,
  reportId: number,
  userId: number,
): Promise<ReportMailFacts> {
  const run = await findRun(store, WHOLE_SYSTEM, reportId);
  const recipients = await peopleNamed(store, [userId], run.clientId);
  return { ...(await facts(store, run)), dueAt: null, isLate: false, recipients, cc: [], pointless: null };
}

function pointlessBecause(delivery: string, run: string, tellsEmpty: boolean): string | null {
  if (delivery === "SENT") return "it has been sent";
  if (run === "EXPIRED") return "the report's file is gone";
  if (run === "NO_DATA" && !tellsEmpty) return "there was no data, and nobody wants to hear of that";
  return null;
}

async function facts(store: Queryable, run: Run) {
  const { siteIds } = run.params as { siteIds?: unknown };
  const ids = Array.isArray(siteIds) ? (siteIds as number[]) : [];
  const { rows } = await store.query<{ name: string; client: boolean }>(
    `select name, id = $1::bigint as client from site where id = $1::bigint or id = any($2::text::bigint[]) order by name`,
    [run.clientId, plainArray(ids)],
  );
  return {
    report: { ...run, contentType: contentTypeOf(run.format) },
    clientName: rows.find(({ client }) => client)?.name ?? "",
    siteNames: rows.filter(({ client }) => !client).map(({ name }) => name),
  };
}

/** Those who are still there: verified, enabled, with an address, of the report's client. */
async function peopleNamed(store: Queryable, ids: readonly number[], clientId: number | null) {
  const { rows } = await store.query<{ name: string; address: string }>(
    `select name, email as address from person
     where id = any($1::text::bigint[]) and email is not null and enabled and is_verified
       and ($2::bigint is null or client_id = $2::bigint)
     order by id`,
    [plainArray(ids), clientId],
  );
  return rows;
}
