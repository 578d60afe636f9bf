// A crisis at a site, as a guard's phone records it: an attendance event of such a type. What follows from it is each room's
// own: the facility has the category of its tickets, escalation knows who is told first, tickets raises one.
import type { Queryable } from "../database/index.ts";

/** Of type-assist: events whose type has this code, or stands in this category. */
export const CRISIS_TYPE = "SITECRISIS";
/** The category of the tickets. */
export const CRISIS_CATEGORY = "TC_SITECRISIS";

export interface Crisis {
  readonly siteId: number;
  readonly clientId: number;
  readonly personId: number;
  readonly typeName: string;
  readonly remarks: string | null;
  /** Null until the facility has made it. */
  readonly categoryId: number | null;
}

/** The crisis that an attendance event is of; `undefined` for any other event, and for one at no site. */
export async function crisisOf(store: Queryable, eventUuid: string, clientId: number): Promise<Crisis | undefined> {
  const { rows } = await store.query<Crisis>(
    `select e.site_id as "siteId", e.client_id as "clientId", e.person_id as "personId", t.name as "typeName", e.remarks,
       (select c.id from type_assist c
        where c.category = 'TICKETCATEGORY' and c.code = $3 and (c.client_id = e.client_id or c.client_id is null)
        order by c.client_id nulls last limit 1) as "categoryId"
     from attendance_event e join type_assist t on t.id = e.type_id
     where e.uuid = $1::uuid and e.client_id = $2::bigint and e.site_id is not null
       and $4 in (t.code, t.category)`,
    [eventUuid, clientId, CRISIS_CATEGORY, CRISIS_TYPE],
  );
  return rows[0];
}
