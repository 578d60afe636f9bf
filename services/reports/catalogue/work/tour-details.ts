// STATICTOURDETAILS, DYNAMICTOURDETAILS: a block for each tour, a row for each of its checkpoints.
import { z } from "zod";
import { plain } from "../../../fields.ts";
import { type Scope, Values } from "../../../scope.ts";
import { localTime } from "../../../site-time.ts";
import { defineReport } from "../../definition.ts";
import type { Column, Row, Section } from "../../document.ts";
import { checkRange } from "../../period.ts";
import type { ReportReader } from "../../reader.ts";
import { chooseSites, type SiteChoice, siteFacts } from "../site-choice.ts";
import { IS_DYNAMIC } from "./work-list.ts";
import { ofSpan, PLANNED, percentage, span } from "./work-span.ts";

const params = z.strictObject(span).superRefine(checkRange);
type Params = z.output<typeof params>;

const AT_SITE = { kind: "instant", zoneKey: "timezone" } as const;
const COLUMNS: readonly Column[] = [
  { key: "tour", title: "Tour Name", kind: "text", width: 1.3 },
  { key: "checkpoint", title: "Checkpoint Name", kind: "text", width: 1.3 },
  { key: "startAt", title: "Start", ...AT_SITE },
  { key: "endAt", title: "End", ...AT_SITE },
  { key: "status", title: "Status", kind: "status", toneKey: "tone" },
  { key: "assignedTo", title: "Assigned To", kind: "text" },
  { key: "performedBy", title: "Performed By", kind: "text" },
];

interface Visit extends Record<string, string | number | null> {
  readonly tourId: number;
  readonly tour: string;
  readonly timezone: string;
  readonly plannedAt: string;
  readonly site: string;
  readonly status: string;
}

function tourDetails(key: string, title: string, condition: string) {
  return defineReport<Params>({
    ...{ key, title, params },
    description: "A block for each tour with all its checkpoints: when they were visited, by whom, which were missed.",
    formats: ["pdf", "xlsx", "csv", "json", "html"],
    period: "range",
    async document({ params: asked, scope, now }, reader) {
      const sites = await chooseSites(reader, scope, asked.siteIds);
      return {
        ...{ title, facts: siteFacts(sites, asked), clientName: sites.clientName, timezone: sites.timezone },
        generatedAt: new Date(now).toISOString(),
        orientation: "landscape",
        sections: blocks(reader, scope, sites, asked, condition),
      };
    },
  });
}

export const staticTourDetails = tourDetails("STATICTOURDETAILS", "Static Tour Details", `not ${IS_DYNAMIC}`);
export const dynamicTourDetails = tourDetails("DYNAMICTOURDETAILS", "Dynamic Tour Details", IS_DYNAMIC);

async function* blocks(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
  condition: string,
): AsyncGenerator<Section> {
  const values = new Values();
  const ids = `select n.id from jobneed n left join job j on j.id = n.job_id
    where ${ofSpan(scope, sites, asked, values)} and n.identifier = 'INTERNALTOUR' and ${condition}
    order by ${PLANNED}, n.id`;
  const visits = `select n.id as "tourId", n.name as tour, s.name as site, s.timezone, ${PLANNED} as "plannedAt",
      coalesce(a.name, v.name) as checkpoint, v.started_at as "startAt", v.ended_at as "endAt", v.status,
      coalesce(p.name, g.name) as "assignedTo", d.name as "performedBy",
      case v.status when 'COMPLETED' then 'good' when 'AUTOCLOSED' then 'bad' when 'ASSIGNED' then 'muted' else 'warning' end as tone
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join jobneed n on n.id = batch.id join site s on s.id = n.site_id join jobneed v on v.parent_id = n.id
    left join asset a on a.id = v.asset_id left join person p on p.id = coalesce(v.person_id, n.person_id)
    left join people_group g on g.id = coalesce(v.people_group_id, n.people_group_id)
    left join person d on d.id = v.performed_by_id
    order by batch.place, v.seqno, v.id`;
  let count = 0;
  for await (const batch of reader.batches<Visit>({ text: ids, parameters: values.list }, { text: visits })) {
    for (const ofTour of Map.groupBy(batch.map(plain), ({ tourId }) => tourId).values()) {
      count += 1;
      yield block(ofTour);
    }
  }
  if (count === 0) yield { kind: "table", columns: COLUMNS, rows: [] };
}

function block(visits: readonly Visit[]): Section {
  const [first] = visits;
  const passed = visits.filter(({ status }) => status === "COMPLETED").length;
  const missed = visits.filter(({ status }) => status === "AUTOCLOSED" || status === "ASSIGNED").length;
  const share = (part: number) => `${percentage(part, visits.length) ?? 0} %`;
  return {
    kind: "table",
    heading: `${first?.tour ?? ""} – ${localTime(first?.plannedAt ?? "", first?.timezone ?? "UTC")}`,
    facts: [
      { label: "Site", value: first?.site ?? "" },
      { label: "Checkpoints", value: String(visits.length) },
      { label: "Passed", value: share(passed) },
      { label: "Missed", value: share(missed) },
    ],
    columns: COLUMNS,
    rows: [visits as readonly Row[]],
  };
}
