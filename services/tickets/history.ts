// What happened to a ticket, entry by entry; nothing in it is ever changed.
import type { Queryable, Transaction } from "../../database/index.ts";
import { type Page, pageOf, plain } from "../fields.ts";
import type { Author } from "../scope.ts";

export interface NewEntry {
  readonly author: Author;
  readonly action: "created" | "updated" | "commented";
  readonly details: Readonly<Record<string, unknown>>;
  /** What the changed fields were before. */
  readonly previousState?: Readonly<Record<string, unknown>>;
}

export interface HistoryEntry {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly personId: number | null;
  readonly action: string;
  readonly details: unknown;
  readonly previousState: unknown;
}

export async function addHistory(tx: Transaction, ticketId: number, entry: NewEntry): Promise<void> {
  const { author, action, details, previousState } = entry;
  await tx.query(
    `insert into ticket_history (ticket_id, actor, person_id, action, details, previous_state)
     values ($1::bigint, $2, $3::bigint, $4, $5::text::json, $6::text::json)`,
    [
      ticketId,
      author.name,
      author.personId ?? null,
      action,
      JSON.stringify(details),
      previousState === undefined ? null : JSON.stringify(previousState),
    ],
  );
}

/** Oldest first. Whoever asks has made sure that the ticket is theirs. */
export async function listHistory(
  store: Queryable,
  ticketId: number,
  { limit, cursor }: { readonly limit: number; readonly cursor?: number | undefined },
): Promise<Page<HistoryEntry>> {
  const { rows } = await store.query<HistoryEntry>(
    `select id, at, actor, person_id as "personId", action, details, previous_state as "previousState"
     from ticket_history where ticket_id = $1 and id > $2::bigint order by id limit $3`,
    [ticketId, cursor ?? 0, limit + 1],
  );
  return pageOf(rows.map(plain), limit);
}
