// Lists of occurrences, one row each: read in batches of ids, so that a list of any length passes through.

import { plain } from "../../../fields.ts";
import type { Scope } from "../../../scope.ts";
import { Values } from "../../../scope.ts";
import type { Row } from "../../document.ts";
import type { ReportReader } from "../../reader.ts";
import { BatchValues } from "../batch-values.ts";
import { oneOf } from "../chosen-rows.ts";
import type { SiteChoice } from "../site-choice.ts";
import { ofSpan, PLANNED, type Span, STATUS_TONE } from "./work-span.ts";

export interface WorkFilter extends Pick<Span, "from" | "upto"> {
  readonly peopleGroupIds?: readonly number[] | undefined;
  readonly personIds?: readonly number[] | undefined;
}

/** Statically planned, or not; undefined: both. A tour is dynamic by itself, or because its job has no times. */
export const IS_DYNAMIC = "(n.is_dynamic or coalesce(not j.is_time_bound, false))";

export async function* workRows(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: WorkFilter,
  condition: string,
): AsyncGenerator<readonly Row[]> {
  const values = new Values();
  const ids = `select n.id from jobneed n left join job j on j.id = n.job_id
    where ${ofSpan(scope, sites, asked, values)} and ${condition}
      and ${oneOf("n.people_group_id", asked.peopleGroupIds, values)} and ${oneOf("n.person_id", asked.personIds, values)}
    order by ${PLANNED}, n.id`;
  const more = new BatchValues();
  const rows = `select c.name as client, s.name as site, s.timezone, n.name, n.plan_at as "planAt", n.expiry_at as "expiryAt",
      coalesce(p.name, g.name) as "assignedTo", a.name as asset, q.name as "questionSet", n.job_type as "jobType", n.status,
      coalesce(n.ended_at, n.started_at) as "performedAt", d.name as "performedBy", n.grace_time as "graceTime",
      case when ${IS_DYNAMIC} then 'Dynamic' else 'Static' end as "timeBound", ${STATUS_TONE} as tone
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join jobneed n on n.id = batch.id join site s on s.id = n.site_id join site c on c.id = n.client_id
    left join job j on j.id = n.job_id left join person p on p.id = n.person_id
    left join people_group g on g.id = n.people_group_id left join asset a on a.id = n.asset_id
    left join question_set q on q.id = n.question_set_id left join person d on d.id = n.performed_by_id
    order by batch.place`;
  for await (const batch of reader.batches<Row>(
    { text: ids, parameters: values.list },
    { text: rows, parameters: more.others },
  )) {
    yield batch.map(plain);
  }
}
