// What tickets are kept as. Every statement that belongs to creating one runs in the transaction it is given.
import { sql } from "kysely";
import type { Database, Queryable, Transaction } from "../../database/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import type { Priority, Status, TicketTables } from "./tables.ts";

export interface NewTicket {
  readonly siteId: number;
  readonly description: string;
  readonly priority: Priority;
  readonly category: string | undefined;
  readonly assignedToPersonId: number | undefined;
  readonly createdBy: string;
}

export interface Ticket {
  readonly id: number;
  readonly number: string;
  readonly siteId: number;
  readonly description: string;
  readonly priority: Priority;
  readonly status: Status;
  readonly level: number;
  readonly category: string | null;
  readonly assignedToPersonId: number | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const COLUMNS = [
  "ticket.id",
  "ticket.number",
  "ticket.site_id as siteId",
  "ticket.description",
  "ticket.priority",
  "ticket.status",
  "ticket.level",
  "ticket.category",
  "ticket.assigned_to_person_id as assignedToPersonId",
  "ticket.created_at as createdAt",
  "ticket.updated_at as updatedAt",
] as const;

/** Inserts a ticket with the next number of its site. @throws ApiumError `PARAMS_INVALID` for an unknown site or person. */
export async function insertTicket(tx: Transaction, ticket: NewTicket): Promise<Ticket> {
  const tables = tx.kysely<TicketTables>();
  const site = await tables.selectFrom("site").select("code").where("id", "=", ticket.siteId).executeTakeFirst();
  if (site === undefined) throw unknown("siteId", `there is no site ${ticket.siteId}`);
  if (ticket.assignedToPersonId !== undefined) await requirePerson(tx, ticket.assignedToPersonId);
  const counter = await tables
    .insertInto("ticket_counter")
    .values({ site_id: ticket.siteId, last: 1 })
    .onConflict((conflict) => conflict.column("site_id").doUpdateSet({ last: sql`ticket_counter.last + 1` }))
    .returning("last")
    .executeTakeFirstOrThrow();
  const row = await tables
    .insertInto("ticket")
    .values({
      number: `${site.code}#${counter.last}`,
      site_id: ticket.siteId,
      description: ticket.description,
      priority: ticket.priority,
      category: ticket.category ?? null,
      assigned_to_person_id: ticket.assignedToPersonId ?? null,
      created_by: ticket.createdBy,
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  await tables
    .insertInto("ticket_history")
    .values({
      ticket_id: row.id,
      actor: ticket.createdBy,
      action: "created",
      details: JSON.stringify({ priority: ticket.priority, status: row.status }),
    })
    .execute();
  return toTicket(row);
}

/** @throws ApiumError `NOT_FOUND`. */
export async function findTicket(store: Queryable, id: number): Promise<Ticket> {
  const row = await store
    .kysely<TicketTables>()
    .selectFrom("ticket")
    .select(COLUMNS)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw new ApiumError("NOT_FOUND", `there is no ticket ${id}`);
  return toTicket(row);
}

export interface TicketFilter {
  readonly siteId?: number | undefined;
  readonly status?: Status | undefined;
  readonly limit: number;
  readonly cursor?: number | undefined;
}

/** Tickets, newest first. */
export async function listTickets(
  database: Database,
  filter: TicketFilter,
): Promise<{ items: Ticket[]; nextCursor: string | null }> {
  const { siteId, status, cursor, limit } = filter;
  const rows = await database
    .kysely<TicketTables>()
    .selectFrom("ticket")
    .select(COLUMNS)
    .$if(siteId !== undefined, (query) => query.where("site_id", "=", siteId ?? 0))
    .$if(status !== undefined, (query) => query.where("status", "=", status ?? "NEW"))
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor ?? 0))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map(toTicket);
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.id) : null };
}

export interface MailFacts {
  readonly ticket: Ticket;
  readonly site: { readonly name: string; readonly timezone: string };
  readonly assignee: string | null;
  readonly recipients: readonly { readonly name: string; readonly address: string }[];
}

/** What a mail about a ticket says, and to whom. @throws ApiumError `NOT_FOUND`. */
export async function mailFacts(database: Database, id: number): Promise<MailFacts> {
  const ticket = await findTicket(database, id);
  const tables = database.kysely<TicketTables>();
  const site = await tables
    .selectFrom("site")
    .select(["name", "timezone"])
    .where("id", "=", ticket.siteId)
    .executeTakeFirstOrThrow();
  const assignee =
    ticket.assignedToPersonId === null
      ? undefined
      : await tables
          .selectFrom("person")
          .select(["name", "email"])
          .where("id", "=", ticket.assignedToPersonId)
          .executeTakeFirst();
  const recipients = assignee?.email ? [{ name: assignee.name, address: assignee.email }] : [];
  return { ticket, site, assignee: assignee?.name ?? null, recipients };
}

async function requirePerson(tx: Transaction, id: number): Promise<void> {
  const person = await tx
    .kysely<TicketTables>()
    .selectFrom("person")
    .select("id")
    .where("id", "=", id)
    .executeTakeFirst();
  if (person === undefined) throw unknown("assignedToPersonId", `there is no person ${id}`);
}

function unknown(field: string, message: string): ApiumError {
  return new ApiumError("PARAMS_INVALID", message, { fields: [{ field, message }] });
}

function toTicket(row: Omit<Ticket, "createdAt" | "updatedAt"> & { createdAt: Date; updatedAt: Date }): Ticket {
  return { ...row, createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() };
}
