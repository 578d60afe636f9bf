// A ticket's category: a value of type-assist, by id or by code, or just a word that no value stands for. Escalation
// knows categories by their id.
import type { Queryable } from "../../database/index.ts";
import { requireReferences } from "../clients.ts";

export interface CategoryInput {
  readonly category?: string | null | undefined;
  readonly categoryId?: number | null | undefined;
}

export interface Category {
  readonly category: string | null;
  readonly categoryId: number | null;
}

/** @throws ApiumError `PARAMS_INVALID` for an id that is not there. */
export async function categoryOf(
  store: Queryable,
  clientId: number | null,
  { category, categoryId }: CategoryInput,
): Promise<Category> {
  if (categoryId !== undefined && categoryId !== null) {
    await requireReferences(store, clientId, [{ field: "categoryId", table: "type_assist", id: categoryId }]);
    const { rows } = await store.query<{ code: string }>("select code from type_assist where id = $1", [categoryId]);
    return { category: category ?? rows[0]?.code ?? null, categoryId };
  }
  if (category === undefined || category === null) return { category: null, categoryId: null };
  const { rows } = await store.query<{ id: number }>(
    `select id from type_assist
     where category in ('TICKETCATEGORY', 'TICKET_CATEGORY', 'NOTIFYCATEGORY') and code = $1 and enabled
       and (client_id is not distinct from $2::bigint or client_id is null)
     order by client_id nulls last, category desc limit 1`,
    [category, clientId],
  );
  return { category, categoryId: rows[0]?.id ?? null };
}
