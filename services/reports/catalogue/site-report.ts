/**
 * SITEREPORT: what the officers of roving patrols answered at the sites of their routes. One row for each visit of an
 * external tour's checkpoint that is completed, a column for each question of the checklist chosen. The period is that
 * of the visits; dates and times are those of each site.
 */
import { z } from "zod";
import { plainArray } from "../../../database/index.ts";
import { id, refused } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { defineReport } from "../definition.ts";
import type { Cell, Column, Row } from "../document.ts";
import { checkRange, range } from "../period.ts";
import type { ReportReader } from "../reader.ts";
import { BatchValues } from "./batch-values.ts";
import { chosenRows, oneOf } from "./chosen-rows.ts";
import { chooseRoutes, type Routes, routeFacts, siteGroupIds } from "./route-choice.ts";

const params = z
  .strictObject({
    siteGroupIds,
    /** Default: the client's checklist "SITE REPORT". */
    questionSetId: id.optional(),
    /** Who visited. */
    personIds: z.array(id).min(1).max(500).optional(),
    ...range,
  })
  .superRefine(checkRange);
type Params = z.output<typeof params>;

const FIXED: readonly Column[] = [
  { key: "route", title: "ROUTE NAME", kind: "text", width: 1.5 },
  { key: "solId", title: "SOL ID", kind: "text" },
  { key: "siteCode", title: "SITE CODE", kind: "text" },
  { key: "siteName", title: "SITE NAME", kind: "text", width: 1.5 },
  { key: "visitDate", title: "DATE OF VISIT", kind: "date" },
  { key: "visitTime", title: "TIME OF VISIT", kind: "text" },
  { key: "latitude", title: "LATITUDE", kind: "text" },
  { key: "longitude", title: "LONGITUDE", kind: "text" },
  { key: "personCode", title: "RP ID", kind: "text" },
  { key: "personName", title: "RP OFFICER", kind: "text", width: 1.5 },
  { key: "phone", title: "CONTACT", kind: "text" },
  { key: "address", title: "SITE ADDRESS", kind: "text", width: 2 },
  { key: "state", title: "STATE", kind: "text" },
];

export const siteReport = defineReport<Params>({
  key: "SITEREPORT",
  title: "Site Report",
  description: "Answers of the site-report checklist, one row for each visit of an external tour to a site of a route.",
  formats: ["pdf", "xlsx", "csv", "json", "html"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const routes = await chooseRoutes(reader, scope, asked.siteGroupIds);
    const people = await chosenRows(reader, scope, { field: "personIds", table: "person", ids: asked.personIds });
    const set = await questionSetOf(reader, scope, routes, asked.questionSetId);
    const questions = await questionColumns(reader, set.id);
    return {
      title: "Site Report",
      subtitle: set.name,
      facts: [
        ...routeFacts(routes, asked),
        ...(people.length > 0 ? [{ label: "Officers", value: people.map(({ name }) => name).join(", ") }] : []),
      ],
      clientName: routes.clientName,
      timezone: routes.timezone,
      generatedAt: new Date(now).toISOString(),
      orientation: "landscape",
      sections: [
        {
          kind: "table",
          columns: [...FIXED, ...questions.map(({ key, title }): Column => ({ key, title, kind: "text" }))],
          rows: visits(reader, scope, routes, set.id, asked, questions),
        },
      ],
    };
  },
});

interface QuestionColumn {
  readonly key: string;
  readonly title: string;
  readonly questionId: number;
}

/** The one named, else the client's own "SITE REPORT", the newest where there are several. */
async function questionSetOf(reader: ReportReader, scope: Scope, routes: Routes, questionSetId: number | undefined) {
  const field = "questionSetId";
  if (questionSetId !== undefined) {
    const [named] = await chosenRows(reader, scope, { field, table: "question_set", ids: [questionSetId] });
    if (named !== undefined && (routes.clientId === undefined || named.clientId === routes.clientId)) return named;
    throw refused(field, "must be a question set of the routes' client");
  }
  const [set] = await reader.all<{ id: number; name: string }>(
    `select id, name from question_set
     where client_id = $1::bigint and enabled and upper(trim(name)) = 'SITE REPORT'
       and type in ('SITEREPORT', 'RPCHECKLIST', 'CHECKLIST')
     order by array_position(array['SITEREPORT', 'RPCHECKLIST'], type) nulls last, id desc limit 1`,
    [routes.clientId ?? null],
  );
  if (set === undefined) throw refused(field, 'must be named: there is no question set "SITE REPORT"');
  return set;
}

async function questionColumns(reader: ReportReader, questionSetId: number): Promise<QuestionColumn[]> {
  const rows = await reader.all<{ id: number; name: string }>(
    `select q.id, q.name from question_set_member m join question q on q.id = m.question_id
     where m.question_set_id = $1::bigint order by m.seqno, m.id`,
    [questionSetId],
  );
  return rows.map(({ id: questionId, name }) => ({ key: `q${questionId}`, title: name, questionId }));
}

type VisitRow = Row & { readonly answers: Readonly<Record<string, string | null>> | null };

async function* visits(
  reader: ReportReader,
  scope: Scope,
  routes: Routes,
  questionSetId: number,
  { from, upto, personIds }: Params,
  questions: readonly QuestionColumn[],
): AsyncGenerator<Row[]> {
  const values = new Values();
  const ids = `select n.id from jobneed n
    join people_group g on g.id = n.site_group_id join site s on s.id = n.site_id
    where n.site_group_id = any(${values.of(plainArray(routes.ids))}::text::bigint[])
      and ${within(scope, "n.client_id", values)} and n.client_id = g.client_id
      and n.identifier = 'EXTERNALTOUR' and n.status in ('COMPLETED', 'PARTIALLYCOMPLETED')
      and n.question_set_id = ${values.of(questionSetId)}::bigint
      and coalesce(n.started_at, n.ended_at) >= ${values.of(from.toISOString())}::timestamptz
      and coalesce(n.started_at, n.ended_at) < ${values.of(upto.toISOString())}::timestamptz
      and ${oneOf("coalesce(n.performed_by_id, n.person_id)", personIds, values)}
    order by g.name, coalesce(n.started_at, n.ended_at), s.name, n.id`;
  const rest = new BatchValues();
  const rows = `select g.name as route, s.sol_id as "solId", s.code as "siteCode", s.name as "siteName",
      to_char(coalesce(n.started_at, n.ended_at) at time zone s.timezone, 'YYYY-MM-DD') as "visitDate",
      to_char(coalesce(n.started_at, n.ended_at) at time zone s.timezone, 'HH24:MI') as "visitTime",
      coalesce(n.latitude, s.latitude)::text as latitude, coalesce(n.longitude, s.longitude)::text as longitude,
      p.code as "personCode", p.name as "personName", p.phone, s.preferences ->> 'address' as address,
      s.preferences -> 'address2' ->> 'state' as state,
      (select json_object_agg(d.question_id, d.answer) from jobneed_detail d
       where d.jobneed_id = n.id and d.question_id is not null) as answers
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join jobneed n on n.id = batch.id and ${within(scope, "n.client_id", rest)}
    join people_group g on g.id = n.site_group_id join site s on s.id = n.site_id
    left join person p on p.id = coalesce(n.performed_by_id, n.person_id)
    order by batch.place`;
  const batches = reader.batches<VisitRow>(
    { text: ids, parameters: values.list },
    { text: rows, parameters: rest.others },
  );
  for await (const batch of batches) {
    yield batch.map(({ answers, ...fixed }): Row => {
      const answered = questions.map(({ key, questionId }): [string, Cell] => [key, answers?.[questionId] ?? null]);
      return { ...(fixed as Row), ...Object.fromEntries(answered) };
    });
  }
}
