// What the mail about closed work says, and to whom: the site's in-charge people, and those of the client who administer
// it or asked for alerts. Not the assignee: he knows.
import type { Queryable } from "../../database/index.ts";
import { notFound, plain } from "../fields.ts";
import { type Addressee, inCharge } from "./in-charge.ts";

export interface CloseMailFacts {
  readonly work: {
    readonly id: number;
    readonly identifier: string;
    readonly name: string;
    readonly status: string;
    readonly planAt: string | null;
    readonly expiryAt: string | null;
    readonly createdBy: string | null;
    readonly assignedTo: string | null;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  readonly ticket: CloseMailTicket | null;
  readonly recipients: readonly Addressee[];
}

export interface CloseMailTicket {
  readonly number: string;
  readonly description: string;
  readonly category: string | null;
  readonly priority: string;
  readonly status: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly assignedTo: string | null;
  /** "2 HOUR", say: what the matrix has for the ticket's next level. */
  readonly nextEscalation: string | null;
}

interface WorkRow {
  readonly siteId: number;
  readonly clientId: number;
  readonly siteName: string;
  readonly timezone: string;
}

const WORK = `
select n.id, n.identifier, n.name, n.status, n.plan_at as "planAt", n.expiry_at as "expiryAt",
       j.created_by as "createdBy",
       case when p.id is not null then p.name || ' [PEOPLE]' when g.id is not null then g.name || ' [GROUP]' end
         as "assignedTo",
       n.site_id as "siteId", n.client_id as "clientId", s.name as "siteName", s.timezone
from jobneed n
join site s on s.id = n.site_id
left join job j on j.id = n.job_id
left join person p on p.id = n.person_id
left join people_group g on g.id = n.people_group_id
where n.id = $1::bigint`;

const TICKET = `
select t.number, t.description, c.name as category, t.priority, t.status, t.created_by as "createdBy",
       t.created_at as "createdAt", coalesce(p.name, g.name) as "assignedTo",
       (select m.frequency_value || ' ' || m.frequency from escalation_matrix m
        where m.enabled and m.client_id = t.client_id and m.category_id = t.category_id and m.level = t.level + 1
          and (m.site_id = t.site_id or m.site_id is null)
        order by m.site_id nulls last limit 1) as "nextEscalation"
from ticket t
left join type_assist c on c.id = t.category_id
left join person p on p.id = t.assigned_to_person_id
left join people_group g on g.id = t.assigned_to_group_id
where t.id = $1::bigint and t.jobneed_id = $2::bigint`;

/** @throws ApiumError `NOT_FOUND` for an unknown occurrence, or a ticket that was not raised for it. */
export async function closeMailFacts(
  store: Queryable,
  { jobneedId, ticketId }: { readonly jobneedId: number; readonly ticketId?: number | undefined },
): Promise<CloseMailFacts> {
  const { rows: works } = await store.query<CloseMailFacts["work"] & WorkRow>(WORK, [jobneedId]);
  if (works[0] === undefined) throw notFound("jobneed", jobneedId);
  const { siteId, clientId, siteName, timezone, ...work } = works[0];
  const recipients = await inCharge(store, clientId, siteId);
  const ticket = ticketId === undefined ? null : await raisedTicket(store, ticketId, jobneedId);
  return { work: plain(work), site: { name: siteName, timezone }, ticket, recipients };
}

async function raisedTicket(store: Queryable, ticketId: number, jobneedId: number): Promise<CloseMailTicket> {
  const { rows } = await store.query<CloseMailTicket>(TICKET, [ticketId, jobneedId]);
  if (rows[0] === undefined) throw notFound("ticket", ticketId);
  return plain(rows[0]);
}
