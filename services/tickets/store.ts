// What tickets are kept as. Every statement that belongs to creating one runs in the transaction it is given.
import { containing, type Queryable, type Transaction } from "../../database/index.ts";
import { requireReferences } from "../clients.ts";
import { notFound, type Page, pageOf, plain, refused } from "../fields.ts";
import { type Scope, Values, WHOLE_SYSTEM, within } from "../scope.ts";
import { type CategoryInput, categoryOf } from "./category.ts";
import { addHistory } from "./history.ts";
import { nextNumber } from "./number.ts";
import type { Priority, Status } from "./tables.ts";

export interface NewTicket extends CategoryInput {
  readonly siteId: number;
  readonly uuid?: string | undefined;
  readonly description: string;
  readonly priority: Priority;
  readonly identifier?: "REQUEST" | "TICKET" | undefined;
  readonly assignedToPersonId: number | undefined;
  readonly assignedToGroupId?: number | undefined;
  readonly assetId?: number | undefined;
  readonly locationId?: number | undefined;
  readonly questionSetId?: number | undefined;
  readonly comments?: string | undefined;
  readonly createdBy: string;
  readonly createdById?: number | undefined;
}

export interface Ticket {
  readonly id: number;
  readonly uuid: string;
  readonly number: string;
  readonly clientId: number | null;
  readonly siteId: number;
  readonly description: string;
  readonly identifier: "REQUEST" | "TICKET";
  readonly priority: Priority;
  readonly status: Status;
  readonly level: number;
  /** A word of whoever opened it, or the code of `categoryId`. */
  readonly category: string | null;
  readonly categoryId: number | null;
  readonly assignedToPersonId: number | null;
  readonly assignedToGroupId: number | null;
  readonly assetId: number | null;
  readonly locationId: number | null;
  readonly questionSetId: number | null;
  /** The work the server closed, for which it was raised. */
  readonly jobneedId: number | null;
  readonly source: "SYSTEMGENERATED" | "USERDEFINED";
  readonly comments: string | null;
  readonly isEscalated: boolean;
  readonly escalatedAt: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const COLUMNS = `t.id, t.uuid, t.number, t.client_id as "clientId", t.site_id as "siteId", t.description, t.identifier,
  t.priority, t.status, t.level, t.category, t.category_id as "categoryId",
  t.assigned_to_person_id as "assignedToPersonId", t.assigned_to_group_id as "assignedToGroupId",
  t.asset_id as "assetId", t.location_id as "locationId", t.question_set_id as "questionSetId",
  t.jobneed_id as "jobneedId", t.source, t.comments, t.is_escalated as "isEscalated", t.escalated_at as "escalatedAt",
  t.created_by as "createdBy", t.created_at as "createdAt", t.updated_at as "updatedAt"`;

/** Inserts a ticket with the next number of its site. @throws ApiumError `PARAMS_INVALID` for rows that are not there. */
export async function insertTicket(tx: Transaction, ticket: NewTicket, scope: Scope = WHOLE_SYSTEM): Promise<Ticket> {
  const site = await requireSite(tx, scope, ticket.siteId);
  await requireReferences(tx, site.clientId, [
    { field: "assignedToPersonId", table: "person", id: ticket.assignedToPersonId },
    { field: "assignedToGroupId", table: "people_group", id: ticket.assignedToGroupId },
    { field: "assetId", table: "asset", id: ticket.assetId },
    { field: "locationId", table: "location", id: ticket.locationId },
    { field: "questionSetId", table: "question_set", id: ticket.questionSetId },
  ]);
  const { category, categoryId } = await categoryOf(tx, site.clientId, ticket);
  const number = await nextNumber(tx, { siteId: ticket.siteId, clientId: site.clientId, code: site.code });
  const { rows } = await tx.query<Ticket>(
    `insert into ticket as t (number, uuid, client_id, site_id, description, priority, identifier, category, category_id,
       assigned_to_person_id, assigned_to_group_id, asset_id, location_id, question_set_id, comments, created_by,
       created_by_id)
     values ($1, coalesce($2::uuid, gen_random_uuid()), $3::bigint, $4::bigint, $5, $6, $7, $8, $9::bigint, $10::bigint,
       $11::bigint, $12::bigint, $13::bigint, $14::bigint, $15, $16, $17::bigint)
     on conflict (uuid) do nothing returning ${COLUMNS}`,
    [
      number,
      ticket.uuid ?? null,
      site.clientId,
      ticket.siteId,
      ticket.description,
      ticket.priority,
      ticket.identifier ?? "TICKET",
      category,
      categoryId,
      ticket.assignedToPersonId ?? null,
      ticket.assignedToGroupId ?? null,
      ticket.assetId ?? null,
      ticket.locationId ?? null,
      ticket.questionSetId ?? null,
      ticket.comments ?? null,
      ticket.createdBy,
      ticket.createdById ?? null,
    ],
  );
  if (rows[0] === undefined) throw refused("uuid", "there is a ticket with this uuid already");
  const made = plain(rows[0]);
  await addHistory(tx, made.id, {
    author: { name: ticket.createdBy, personId: ticket.createdById },
    action: "created",
    details: { priority: made.priority, status: made.status },
  });
  return made;
}

/** @throws ApiumError `NOT_FOUND`. */
export async function findTicket(store: Queryable, id: number, scope: Scope = WHOLE_SYSTEM): Promise<Ticket> {
  return readTicket(store, scope, id, "");
}

/** The same, locked until the transaction ends. @throws ApiumError `NOT_FOUND`. */
export async function lockTicket(tx: Transaction, id: number, scope: Scope): Promise<Ticket> {
  return readTicket(tx, scope, id, "for update");
}

/** The ticket a phone has sent before, if it has. */
export async function ticketOfUuid(store: Queryable, uuid: string, scope: Scope): Promise<Ticket | undefined> {
  const values = new Values();
  const { rows } = await store.query<Ticket>(
    `select ${COLUMNS} from ticket t where t.uuid = ${values.of(uuid)}::uuid and ${within(scope, "t.client_id", values)}`,
    values.list,
  );
  return rows[0] === undefined ? undefined : plain(rows[0]);
}

async function readTicket(store: Queryable, scope: Scope, id: number, lock: "" | "for update"): Promise<Ticket> {
  const values = new Values();
  const condition = `t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)}`;
  const { rows } = await store.query<Ticket>(`select ${COLUMNS} from ticket t where ${condition} ${lock}`, values.list);
  if (rows[0] === undefined) throw notFound("ticket", id);
  return plain(rows[0]);
}

export interface TicketFilter {
  readonly siteId?: number | undefined;
  readonly status?: Status | undefined;
  readonly priority?: Priority | undefined;
  readonly categoryId?: number | undefined;
  readonly assignedToPersonId?: number | undefined;
  readonly assignedToGroupId?: number | undefined;
  readonly assetId?: number | undefined;
  readonly jobneedId?: number | undefined;
  readonly isEscalated?: boolean | undefined;
  /** Text in the number or the description. */
  readonly q?: string | undefined;
  readonly limit: number;
  readonly cursor?: number | undefined;
}

const EQUAL = {
  siteId: "site_id",
  status: "status",
  priority: "priority",
  categoryId: "category_id",
  assignedToPersonId: "assigned_to_person_id",
  assignedToGroupId: "assigned_to_group_id",
  assetId: "asset_id",
  jobneedId: "jobneed_id",
  isEscalated: "is_escalated",
} as const;

/** Tickets, newest first. */
export async function listTickets(
  store: Queryable,
  filter: TicketFilter,
  scope: Scope = WHOLE_SYSTEM,
): Promise<Page<Ticket>> {
  const values = new Values();
  const conditions = [within(scope, "t.client_id", values)];
  for (const [field, column] of Object.entries(EQUAL)) {
    const value = filter[field as keyof typeof EQUAL];
    if (value !== undefined) conditions.push(`t.${column} = ${values.of(value)}`);
  }
  if (filter.q !== undefined) {
    const pattern = values.of(containing(filter.q));
    conditions.push(`(t.number ilike ${pattern} or t.description ilike ${pattern})`);
  }
  if (filter.cursor !== undefined) conditions.push(`t.id < ${values.of(filter.cursor)}::bigint`);
  const { rows } = await store.query<Ticket>(
    `select ${COLUMNS} from ticket t where ${conditions.join(" and ")}
     order by t.id desc limit ${values.of(filter.limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), filter.limit);
}

/** @throws ApiumError `PARAMS_INVALID` naming siteId. */
async function requireSite(store: Queryable, scope: Scope, id: number) {
  const values = new Values();
  const { rows } = await store.query<{ code: string; clientId: number | null }>(
    `select code, client_id as "clientId" from site
     where id = ${values.of(id)}::bigint and ${within(scope, "client_id", values)}`,
    values.list,
  );
  if (rows[0] === undefined) throw refused("siteId", `there is no site ${id}`);
  return rows[0];
}
