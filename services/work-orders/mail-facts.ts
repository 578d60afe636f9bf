// What a mail about a work order says, and to whom: that depends on what has happened to it.
import type { Queryable } from "../../database/index.ts";
import type { WORK_ORDER_EVENTS } from "../email/tasks.ts";
import { notFound, plain } from "../fields.ts";
import { OPEN } from "./states.ts";

type MailEvent = (typeof WORK_ORDER_EVENTS)[number];

export interface WorkOrderMailFacts {
  readonly order: {
    readonly number: string;
    readonly identifier: "WO" | "WP" | "SLA";
    /** Name of the permit's type. */
    readonly type: string | null;
    readonly description: string;
    readonly status: string;
    readonly permitStatus: string;
    readonly priority: string;
    readonly planAt: string | null;
    readonly expiryAt: string | null;
    readonly asset: string | null;
    readonly vendor: string | null;
    readonly createdBy: string;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  readonly decisions: readonly {
    readonly name: string;
    readonly role: string;
    readonly decision: string;
    readonly remarks: string | null;
  }[];
  readonly recipients: readonly { readonly name: string; readonly address: string }[];
  /** Why no mail is due any more; null where it is. */
  readonly pointless: string | null;
}

const ORDER = `
select w.number, w.identifier, q.name as type, w.description, w.status, w.permit_status as "permitStatus",
  w.verifier_status as "verifierStatus", w.priority, w.plan_at as "planAt", w.expiry_at as "expiryAt", a.name as asset,
  v.name as vendor, coalesce(p.name, w.created_by) as "createdBy", s.name as "siteName", s.timezone
from work_order w
join site s on s.id = w.site_id
left join question_set q on q.id = w.question_set_id
left join asset a on a.id = w.asset_id
left join vendor v on v.id = w.vendor_id
left join person p on p.id = w.created_by_id
where w.id = $1::bigint`;

/** The vendor, the maker, the site's in-charge; those who are asked and have not said anything yet. */
const PEOPLE = `
select name, address, part from (
  select v.name, v.email as address, 'vendor' as part, 0 as n
  from work_order w join vendor v on v.id = w.vendor_id where w.id = $1::bigint and v.enabled
  union all
  select p.name, p.email, 'maker', 1 from work_order w join person p on p.id = w.created_by_id
  where w.id = $1::bigint and p.enabled
  union all
  select p.name, p.email, 'incharge', 2
  from work_order w join site s on s.id = w.site_id join person p on p.id = s.incharge_id
  where w.id = $1::bigint and p.enabled
  union all
  select p.name, p.email, d.role, 3
  from work_order_decision d join person p on p.id = d.person_id
  where d.work_order_id = $1::bigint and d.decision = 'PENDING' and p.enabled) everybody
where address is not null order by n, name`;

const PARTS: Readonly<Record<MailEvent, readonly string[]>> = {
  created: ["vendor", "maker"],
  verify: ["VERIFIER"],
  approve: ["APPROVER"],
  approved: ["maker", "vendor", "incharge"],
  rejected: ["maker", "vendor"],
  cancelled: ["vendor", "maker", "incharge"],
  overdue: ["vendor", "maker", "incharge"],
  undecided: ["VERIFIER", "APPROVER"],
};

/** @throws ApiumError `NOT_FOUND`. */
export async function workOrderMailFacts(
  store: Queryable,
  workOrderId: number,
  event: MailEvent,
): Promise<WorkOrderMailFacts> {
  const { rows } = await store.query<
    WorkOrderMailFacts["order"] & { verifierStatus: string; siteName: string; timezone: string }
  >(ORDER, [workOrderId]);
  if (rows[0] === undefined) throw notFound("work order", workOrderId);
  const { siteName, timezone, verifierStatus, ...order } = plain(rows[0]);
  const { rows: people } = await store.query<{ name: string; address: string; part: string }>(PEOPLE, [workOrderId]);
  const { rows: decisions } = await store.query<WorkOrderMailFacts["decisions"][number]>(
    `select p.name, d.role, d.decision, d.remarks from work_order_decision d join person p on p.id = d.person_id
     where d.work_order_id = $1::bigint order by d.role desc, d.id`,
    [workOrderId],
  );
  const parts = event === "undecided" ? [verifierStatus === "PENDING" ? "VERIFIER" : "APPROVER"] : PARTS[event];
  return {
    order,
    site: { name: siteName, timezone },
    decisions,
    recipients: people.filter(({ part }) => parts.includes(part)).map(({ name, address }) => ({ name, address })),
    pointless: pointlessness(event, order, verifierStatus),
  };
}

function pointlessness(event: MailEvent, order: WorkOrderMailFacts["order"], verifierStatus: string): string | null {
  const isOpen = (OPEN as readonly string[]).includes(order.status);
  const isPending = verifierStatus === "PENDING" || (order.permitStatus === "PENDING" && verifierStatus !== "REJECTED");
  if ((event === "verify" || event === "approve" || event === "undecided") && !(isOpen && isPending)) {
    return "it has been decided, or the order has ended";
  }
  return event === "overdue" && !isOpen ? "the order has ended" : null;
}
