// A ticket for work that nobody did in time: numbered like every ticket of its site, tied to the work it is about, and
// raised at most once for it.
import type { Transaction } from "../../database/index.ts";
import { localStamp } from "../site-time.ts";
import { nextNumber } from "./number.ts";

export const RAISED_BY = "auto-close";

export interface RaisedTicket {
  readonly id: number;
  readonly uuid: string;
  readonly number: string;
  readonly clientId: number;
  readonly siteId: number;
  /** False when it had been raised before. */
  readonly isNew: boolean;
}

interface ClosedWork {
  readonly clientId: number;
  readonly siteId: number;
  readonly code: string;
  readonly timezone: string;
  readonly identifier: string;
  readonly planAt: Date | null;
}

const RAISED = `
select id, uuid, number, client_id as "clientId", site_id as "siteId", false as "isNew"
from ticket where jobneed_id = $1::bigint`;

const WORK = `
select n.client_id as "clientId", n.site_id as "siteId", s.code, s.timezone, n.identifier, n.plan_at as "planAt"
from jobneed n join site s on s.id = n.site_id
where n.id = $1::bigint and n.status in ('AUTOCLOSED', 'PARTIALLYCOMPLETED')`;

const RAISE = `
with raised as (
  insert into ticket (number, client_id, site_id, description, priority, category_id, assigned_to_person_id,
                      assigned_to_group_id, asset_id, question_set_id, jobneed_id, source, created_by, created_at)
  select $2, n.client_id, n.site_id, $3, n.priority, n.notify_category_id, n.person_id, n.people_group_id, n.asset_id,
         n.question_set_id, n.id, 'SYSTEMGENERATED', $4, $5::timestamptz
  from jobneed n where n.id = $1::bigint
  returning id, uuid, number, client_id, site_id, priority, status),
noted as (
  insert into ticket_history (ticket_id, at, actor, action, details)
  select id, $5::timestamptz, $4, 'created',
         json_build_object('priority', priority, 'status', status, 'jobneedId', $1::bigint)
  from raised)
select id, uuid, number, client_id as "clientId", site_id as "siteId", true as "isNew" from raised`;

/** Undefined where there is nothing to raise a ticket for: the work is gone, or was reported after all. */
export async function raiseTicket(tx: Transaction, jobneedId: number, now: number): Promise<RaisedTicket | undefined> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('ticket of jobneed', $1::bigint))", [jobneedId]);
  const { rows: raised } = await tx.query<RaisedTicket>(RAISED, [jobneedId]);
  if (raised[0] !== undefined) return raised[0];
  const { rows: works } = await tx.query<ClosedWork>(WORK, [jobneedId]);
  const work = works[0];
  if (work === undefined) return undefined;
  const number = await nextNumber(tx, work);
  const at = new Date(now).toISOString();
  const { rows: made } = await tx.query<RaisedTicket>(RAISE, [jobneedId, number, descriptionOf(work), RAISED_BY, at]);
  return made[0];
}

/** "AUTOCLOSED TOUR planned on 05-Jan-2026 11:50 not reported in time", on the site's clocks. */
function descriptionOf({ identifier, planAt, timezone }: ClosedWork): string {
  const kind = identifier.endsWith("TOUR") ? "TOUR" : identifier;
  return `AUTOCLOSED ${kind} planned on ${planAt === null ? "no date" : localStamp(planAt, timezone)} not reported in time`;
}
