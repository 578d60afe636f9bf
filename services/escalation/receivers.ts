// What escalation does about a phone's records: where a site's crisis has nobody to be told first, the site's in-charge is,
// after half an hour the next level.
import type { Receiver, ReceiverParts } from "../receiver.ts";
import { crisisOf } from "../site-crisis.ts";

const FIRST_LEVEL_MINUTES = 30;

export function escalationReceivers({ database, sender }: ReceiverParts): readonly Receiver[] {
  return [
    {
      kind: "attendanceEvent",
      async receive(record) {
        const uuid = String(record.uuid);
        const crisis = await crisisOf(database, uuid, sender.clientId);
        if (crisis?.categoryId == null) return { uuid, outcome: "unchanged" };
        const { affected } = await database.query(
          `insert into escalation_matrix (client_id, site_id, category_id, level, frequency, frequency_value, assigned_person_id)
           select s.client_id, s.id, $3::bigint, 1, 'MINUTE', $4::integer, s.incharge_id
           from site s
           where s.id = $1::bigint and s.client_id = $2::bigint and s.incharge_id is not null
             and not exists (
               select 1 from escalation_matrix m
               where m.client_id = s.client_id and m.category_id = $3::bigint and m.level = 1 and m.enabled
                 and (m.site_id = s.id or m.site_id is null))
           on conflict do nothing`,
          [crisis.siteId, crisis.clientId, crisis.categoryId, FIRST_LEVEL_MINUTES],
        );
        return { uuid, outcome: affected > 0 ? "created" : "unchanged" };
      },
    },
  ];
}
