// Who is asked about a permit, and what they say. Verifiers come first; approvers are asked when all of them have agreed. One
// rejection ends it. A decision is made once, by the person themselves.
import type { Queryable, Transaction } from "../../database/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import { plain, refused } from "../fields.ts";
import { type Standing, standingOf } from "./states.ts";
import type { WorkOrder } from "./store.ts";

export type Role = "VERIFIER" | "APPROVER";

export interface Decision {
  readonly personId: number;
  readonly name: string;
  readonly role: Role;
  readonly decision: "PENDING" | "APPROVED" | "REJECTED";
  readonly remarks: string | null;
  readonly at: string | null;
}

/** Asks those whose site it is, for this type of permit. `NOT_REQUIRED` for a role that nobody has. */
export async function askDeciders(tx: Transaction, { id, clientId, siteId, questionSetId }: WorkOrder): Promise<void> {
  await tx.query(
    `insert into work_order_decision (client_id, work_order_id, person_id, role)
     select distinct $2::bigint, $1::bigint, a.person_id, a.role
     from approver a join person p on p.id = a.person_id
     where a.client_id = $2::bigint and a.enabled and p.enabled and (a.site_id is null or a.site_id = $3::bigint)
       and (a.approves = '{}' or (select type from question_set where id = $4::bigint) = any (a.approves))
     on conflict do nothing`,
    [id, clientId, siteId, questionSetId],
  );
  await tx.query(
    `update work_order set
       verifier_status = case when exists (
         select 1 from work_order_decision where work_order_id = $1 and role = 'VERIFIER') then 'PENDING' else 'NOT_REQUIRED' end,
       permit_status = case when exists (
         select 1 from work_order_decision where work_order_id = $1 and role = 'APPROVER') then 'PENDING' else 'NOT_REQUIRED' end
     where id = $1`,
    [id],
  );
}

export async function decisionsOf(store: Queryable, id: number): Promise<readonly Decision[]> {
  const { rows } = await store.query<Decision>(
    `select d.person_id as "personId", p.name, d.role, d.decision, d.remarks, d.at
     from work_order_decision d join person p on p.id = d.person_id
     where d.work_order_id = $1::bigint order by d.role desc, d.id`,
    [id],
  );
  return rows.map(plain);
}

export interface Decided {
  /** False when it had been said before. */
  readonly isNew: boolean;
  readonly role: Role;
  readonly verifierStatus: Standing;
  readonly permitStatus: Standing;
}

/**
 * The order is locked.
 * @throws ApiumError `FORBIDDEN` for somebody who is not asked; `PARAMS_INVALID` for a decision that is made already, or
 *   not due yet.
 */
export async function decide(
  tx: Transaction,
  order: WorkOrder,
  given: {
    readonly personId: number;
    readonly decision: "APPROVED" | "REJECTED";
    readonly remarks: string | undefined;
    readonly at: string;
  },
): Promise<Decided> {
  const before = await decisionsOf(tx, order.id);
  const theirs = before.filter(({ personId }) => personId === given.personId);
  if (theirs.length === 0) throw new ApiumError("FORBIDDEN", "only those who are asked decide about a permit");
  const own = theirs.find(({ decision }) => decision === "PENDING") ?? (theirs[0] as Decision);
  const { role } = own;
  if (own.decision !== "PENDING") {
    if (own.decision !== given.decision) throw refused("decision", `this was ${own.decision} already`);
    return { isNew: false, role, verifierStatus: order.verifierStatus, permitStatus: order.permitStatus };
  }
  if (order.status === "CANCELLED" || order.status === "CLOSED")
    throw refused("decision", `the permit is ${order.status}`);
  const isOver = order.verifierStatus === "REJECTED" || order.permitStatus === "REJECTED";
  if (isOver) throw refused("decision", "the permit was REJECTED already");
  if (role === "APPROVER" && order.verifierStatus === "PENDING") throw refused("decision", "it is not verified yet");
  await tx.query(
    `update work_order_decision set decision = $4, remarks = $5, at = $6::timestamptz
     where work_order_id = $1 and person_id = $2 and role = $3`,
    [order.id, given.personId, role, given.decision, given.remarks ?? null, given.at],
  );
  const after = await decisionsOf(tx, order.id);
  const standing = (of: Role) => standingOf(after.filter((each) => each.role === of).map(({ decision }) => decision));
  const [verifierStatus, permitStatus] = [standing("VERIFIER"), standing("APPROVER")];
  await tx.query("update work_order set verifier_status = $2, permit_status = $3 where id = $1", [
    order.id,
    verifierStatus,
    permitStatus,
  ]);
  return { isNew: true, role, verifierStatus, permitStatus };
}
