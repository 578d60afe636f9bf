// What a mail about a ticket says, and to whom: its assignee and the members of its group, who made and who changed it,
// and, of an escalation, the addresses its level in the matrix names. Only people who are verified and enabled.
import type { Queryable } from "../../database/index.ts";
import { notFound, plain } from "../fields.ts";

export interface TicketMailFacts {
  readonly ticket: {
    readonly id: number;
    readonly number: string;
    readonly description: string;
    readonly category: string | null;
    readonly priority: string;
    readonly status: string;
    readonly level: number;
    readonly comments: string | null;
    readonly createdBy: string;
    readonly createdAt: string;
    readonly modifiedBy: string | null;
    readonly modifiedAt: string;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  /** The assigned person, else the assigned group. */
  readonly assignee: string | null;
  /** Of the level the mail is about. */
  readonly escalation: MailedLevel | null;
  /** Of the level after it, where the matrix has one. */
  readonly nextEscalation: MailedLevel | null;
  readonly recipients: readonly { readonly name: string; readonly address: string }[];
}

export interface MailedLevel {
  readonly level: number;
  /** "30 MINUTE", after the ticket was opened. */
  readonly after: string;
  readonly body: string | null;
}

interface Row extends Record<string, unknown> {
  readonly siteName: string;
  readonly timezone: string;
  readonly assignee: string | null;
}

const TICKET = `
select t.id, t.number, t.description, coalesce(c.name, t.category) as category, t.priority, t.status, t.level,
       t.comments, coalesce(author.name, t.created_by) as "createdBy", t.created_at as "createdAt",
       editor.name as "modifiedBy", t.updated_at as "modifiedAt", s.name as "siteName", s.timezone,
       coalesce(p.name, g.name) as assignee
from ticket t
join site s on s.id = t.site_id
left join type_assist c on c.id = t.category_id
left join person author on author.id = t.created_by_id
left join person editor on editor.id = t.modified_by_id
left join person p on p.id = t.assigned_to_person_id
left join people_group g on g.id = t.assigned_to_group_id
where t.id = $1::bigint`;

/** The site's own row of each level before the client's; the level itself may be long past. */
const LEVELS = `
select distinct on (m.level) m.level, m.frequency_value || ' ' || m.frequency as after, m.body, m.notify
from ticket t join escalation_matrix m on m.client_id = t.client_id and m.category_id = t.category_id
where t.id = $1::bigint and m.enabled and (m.site_id = t.site_id or m.site_id is null)
  and m.level in ($2::integer, $2::integer + 1)
order by m.level, m.site_id nulls last`;

const PEOPLE = `
select p.name, p.email as address
from ticket t
cross join lateral (
  select unnest(array[t.assigned_to_person_id, t.created_by_id, t.modified_by_id]) as id
  union select m.person_id from group_member m where m.group_id = t.assigned_to_group_id) involved
join person p on p.id = involved.id
where t.id = $1::bigint and p.email is not null and p.enabled and p.is_verified
order by p.id`;

/** `level` is the one an escalation's mail is about; default the ticket's. @throws ApiumError `NOT_FOUND`. */
export async function ticketMailFacts(
  store: Queryable,
  {
    ticketId,
    event,
    level,
  }: { readonly ticketId: number; readonly event: string; readonly level?: number | undefined },
): Promise<TicketMailFacts> {
  const { rows: tickets } = await store.query<Row>(TICKET, [ticketId]);
  if (tickets[0] === undefined) throw notFound("ticket", ticketId);
  const { siteName, timezone, assignee, ...ticket } = plain(tickets[0]);
  const about = level ?? Number(ticket.level);
  const { rows: levels } = await store.query<MailedLevel & { notify: readonly string[] }>(LEVELS, [ticketId, about]);
  const { rows: people } = await store.query<TicketMailFacts["recipients"][number]>(PEOPLE, [ticketId]);
  const own = levels.find((row) => row.level === about);
  const next = levels.find((row) => row.level === about + 1);
  const notified = event === "escalated" ? (own?.notify ?? []) : [];
  return {
    ticket: ticket as unknown as TicketMailFacts["ticket"],
    site: { name: siteName, timezone },
    assignee,
    escalation: own === undefined ? null : mailed(own),
    nextEscalation: next === undefined ? null : mailed(next),
    recipients: [...people, ...notified.map((address) => ({ name: "", address }))],
  };
}

function mailed({ level, after, body }: MailedLevel): MailedLevel {
  return { level, after, body };
}
