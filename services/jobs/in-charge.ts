// Who hears of what went wrong at a site: its in-charge people, and those of the client who administer it or asked for alerts.
import type { Queryable } from "../../database/index.ts";

export interface Addressee {
  readonly name: string;
  readonly address: string;
}

const RECIPIENTS = `
select p.name, p.email as address
from person p
left join type_assist designation on designation.id = p.designation_id
left join type_assist worktype on worktype.id = p.worktype_id
where p.client_id = $1::bigint and p.enabled and p.is_verified and p.email is not null
  and (p.is_admin or p.gets_alert_mails
    or p.id = (select incharge_id from site where id = $2::bigint)
    or 'SITEINCHARGE' in (designation.code, worktype.code)
      and (p.site_id = $2::bigint
        or exists (select 1 from person_site_group of_person
                   join group_member of_group on of_group.group_id = of_person.group_id
                   where of_person.person_id = p.id and of_group.site_id = $2::bigint)))
order by p.id`;

export async function inCharge(store: Queryable, clientId: number, siteId: number): Promise<readonly Addressee[]> {
  return (await store.query<Addressee>(RECIPIENTS, [clientId, siteId])).rows;
}
