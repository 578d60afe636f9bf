/**
 * SITEVISITREPORT: what was answered in the site reports of one day, visit by visit. The day is that of each site's clocks;
 * a visit belongs to the day it began on, its sections with it.
 */
import { z } from "zod";
import { plainArray } from "../../../database/index.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { localTime } from "../../site-time.ts";
import { defineReport } from "../definition.ts";
import type { Column, Row, Section } from "../document.ts";
import type { ReportReader } from "../reader.ts";
import { chooseSites, type SiteChoice, siteFact, siteIds } from "./site-choice.ts";

const params = z.strictObject({ siteIds, date: z.iso.date() });
type Params = z.output<typeof params>;

const COLUMNS: readonly Column[] = [
  { key: "place", title: "Sr.No", kind: "integer", width: 0.4 },
  { key: "questionSet", title: "Question Set", kind: "text" },
  { key: "question", title: "Question", kind: "text", width: 2 },
  { key: "answer", title: "Answer", kind: "text", width: 2, toneKey: "tone" },
];

export const siteVisitReport = defineReport<Params>({
  key: "SITEVISITREPORT",
  title: "Site Visit Report",
  description: "Questions and answers of the site reports of one day, visit by visit.",
  formats: ["pdf", "xlsx", "csv", "json", "html"],
  params,
  period: "day",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    return {
      title: "Site Visit Report",
      facts: [siteFact(sites), { label: "Date", value: asked.date }],
      clientName: sites.clientName,
      timezone: sites.timezone,
      generatedAt: new Date(now).toISOString(),
      sections: visitSections(reader, scope, sites, asked),
    };
  },
});

interface Visit {
  readonly id: number;
  readonly siteName: string;
  readonly timezone: string;
  readonly at: string;
  readonly officer: string | null;
  readonly name: string;
}

async function* visitSections(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
): AsyncGenerator<Section> {
  const visits = await visitsOf(reader, scope, sites, asked);
  // A document without a section would be no document: an empty day has a table without rows.
  if (visits.length === 0) yield { kind: "table", columns: COLUMNS, rows: [] };
  for (const { id, siteName, timezone, at, officer, name } of visits) {
    yield {
      kind: "table",
      heading: siteName,
      facts: [
        { label: "Visit", value: name },
        { label: "Visited at", value: localTime(at, timezone) },
        ...(officer === null ? [] : [{ label: "Visited by", value: officer }]),
      ],
      columns: COLUMNS,
      rows: [await answersOf(reader, scope, id)],
    };
  }
}

/**
 * A visit is a report without a parent; phones send its sections as reports below it. It is made within a month of its
 * plan: what was planned for other times need not be looked through.
 */
async function visitsOf(reader: ReportReader, scope: Scope, sites: SiteChoice, { date }: Params): Promise<Visit[]> {
  const values = new Values();
  const at = "coalesce(n.started_at, n.ended_at, n.plan_at, n.created_at)";
  const day = `${values.of(date)}::text::date`;
  return reader.all<Visit>(
    `select n.id, s.name as "siteName", s.timezone, n.name, p.name as officer, ${at} as at
     from jobneed n join site s on s.id = n.site_id left join person p on p.id = coalesce(n.performed_by_id, n.person_id)
     where n.site_id = any(${values.of(plainArray(sites.ids))}::text::bigint[])
       and ${within(scope, "n.client_id", values)} and n.parent_id is null
       and n.identifier = 'SITEREPORT' and n.status in ('COMPLETED', 'PARTIALLYCOMPLETED')
       and (${at} at time zone s.timezone)::date = ${day}
       and (n.plan_at is null or n.plan_at between ${day} - interval '31 days' and ${day} + interval '32 days')
     order by s.name, ${at}, n.id`,
    values.list,
  );
}

async function answersOf(reader: ReportReader, scope: Scope, visitId: number): Promise<Row[]> {
  const values = new Values();
  const id = `${values.of(visitId)}::bigint`;
  return reader.all<Row>(
    `select (row_number() over (order by n.parent_id nulls first, n.seqno, n.id, d.seqno))::integer as place,
       coalesce(qs.name, n.name) as "questionSet", q.name as question, d.answer, case when d.has_alert then 'bad' end as tone
     from jobneed n join jobneed_detail d on d.jobneed_id = n.id
     left join question_set qs on qs.id = n.question_set_id left join question q on q.id = d.question_id
     where (n.id = ${id} or n.parent_id = ${id}) and ${within(scope, "n.client_id", values)}
     order by place`,
    values.list,
  );
}
