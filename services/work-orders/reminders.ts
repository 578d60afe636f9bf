// send_work_order_reminders: once a day of the site, those who are late with an order, and those who have let a permit wait for
// more than a day, are told. Batch by batch, each with its mails in one transaction: a run twice reminds once.
import type { Database } from "../../database/index.ts";
import { sendWorkOrderEmail } from "../email/tasks.ts";
import type { ServiceParts } from "../service-parts.ts";

const BATCH = 200;
const WAITS_TOO_LONG_MS = 86_400_000;

interface Due {
  readonly id: number;
  readonly event: "overdue" | "undecided";
}

/** The site's own day counts; a reminder goes out in its working hours only. */
const TAKE = `
with due as materialized (
  select w.id, (w.permit_status = 'PENDING' or w.verifier_status = 'PENDING') as waits,
    ($1::timestamptz at time zone s.timezone)::date as today
  from work_order w join site s on s.id = w.site_id
  where w.parent_id is null and w.status in ('ASSIGNED', 'RE_ASSIGNED', 'INPROGRESS')
    and w.permit_status <> 'REJECTED' and w.verifier_status <> 'REJECTED'
    and (w.reminded_on is null or w.reminded_on < ($1::timestamptz at time zone s.timezone)::date)
    and extract(hour from $1::timestamptz at time zone s.timezone) between 8 and 17
    and case when w.permit_status = 'PENDING' or w.verifier_status = 'PENDING'
      then w.created_at < $2::timestamptz else w.expiry_at < $1::timestamptz end
  order by w.id limit $3::integer
  for update of w skip locked)
update work_order w set reminded_on = due.today from due where w.id = due.id
returning w.id, case when due.waits then 'undecided' else 'overdue' end as event`;

/** @throws the reason of `signal`; what is done stays done. */
export async function remindOfWorkOrders(
  { database, runtime }: Pick<ServiceParts, "runtime"> & { readonly database: Database },
  signal: AbortSignal,
): Promise<{ readonly reminders: number }> {
  const now = runtime.parts.clock.now();
  let reminders = 0;
  for (;;) {
    signal.throwIfAborted();
    const due = await database.transaction(async (tx) => {
      const { rows } = await tx.query<Due>(TAKE, [
        new Date(now).toISOString(),
        new Date(now - WAITS_TOO_LONG_MS).toISOString(),
        BATCH,
      ]);
      const mails = rows.map(({ id: workOrderId, event }) => ({ workOrderId, event }));
      await sendWorkOrderEmail.enqueueMany(runtime, mails, { tx });
      return rows.length;
    });
    reminders += due;
    if (due === 0) return { reminders };
  }
}
