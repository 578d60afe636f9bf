/**
 * LOGSHEET: what was read and answered in completed tasks, line by line in the order of the checklists; numbers with two
 * decimals. The period is that of the plan, for work that came up that of its end.
 */
import { z } from "zod";
import { plainArray } from "../../../database/index.ts";
import { id, plain } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { defineReport } from "../definition.ts";
import type { Column, Fact, Row } from "../document.ts";
import { checkRange, range } from "../period.ts";
import type { ReportReader } from "../reader.ts";
import { BatchValues } from "./batch-values.ts";
import { type ChosenRow, chosenRows, oneOf } from "./chosen-rows.ts";
import { chooseSites, type SiteChoice, siteFacts, siteIds } from "./site-choice.ts";

const some = z.array(id).min(1).max(500).optional();
const params = z
  .strictObject({ siteIds, assetTypeIds: some, assetIds: some, questionSetIds: some, ...range })
  .superRefine(checkRange);
type Params = z.output<typeof params>;

const COLUMNS: readonly Column[] = [
  { key: "questionSet", title: "QuestionSetName", kind: "text", width: 1.5 },
  { key: "question", title: "QuestionName", kind: "text", width: 2 },
  { key: "answer", title: "Answer", kind: "text", toneKey: "tone" },
  { key: "asset", title: "AssetName", kind: "text", width: 1.5 },
  { key: "assetType", title: "AssetType", kind: "text" },
  { key: "doneAt", title: "Performed On", kind: "instant", zoneKey: "timezone" },
  { key: "doneBy", title: "Performed By", kind: "text" },
];

export const logSheet = defineReport<Params>({
  key: "LOGSHEET",
  title: "Log Sheet",
  description: "Readings and answers of completed tasks, by asset and checklist.",
  formats: ["pdf", "xlsx", "csv", "json", "html"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    const { assetTypeIds, assetIds, questionSetIds } = asked;
    const types = await chosenRows(reader, scope, { field: "assetTypeIds", table: "type_assist", ids: assetTypeIds });
    const assets = await chosenRows(reader, scope, { field: "assetIds", table: "asset", ids: assetIds });
    const sets = await chosenRows(reader, scope, {
      field: "questionSetIds",
      table: "question_set",
      ids: questionSetIds,
    });
    return {
      title: "Log Sheet",
      facts: [
        ...siteFacts(sites, asked),
        ...filterFact("Asset types", types),
        ...filterFact("Assets", assets),
        ...filterFact("Checklists", sets),
      ],
      clientName: sites.clientName,
      timezone: sites.timezone,
      generatedAt: new Date(now).toISOString(),
      orientation: "landscape",
      sections: [{ kind: "table", columns: COLUMNS, rows: answers(reader, scope, sites, asked) }],
    };
  },
});

function filterFact(label: string, rows: readonly ChosenRow[]): Fact[] {
  return rows.length === 0 ? [] : [{ label, value: rows.map(({ name }) => name).join(", ") }];
}

/** Of a batch of tasks at once: a checklist has tens of lines. */
async function* answers(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  { from, upto, assetTypeIds, assetIds, questionSetIds }: Params,
): AsyncGenerator<Row[]> {
  const values = new Values();
  const begin = `${values.of(from.toISOString())}::timestamptz`;
  const end = `${values.of(upto.toISOString())}::timestamptz`;
  const lines = `select d.id from jobneed n join jobneed_detail d on d.jobneed_id = n.id
    left join asset a on a.id = n.asset_id
    where n.site_id = any(${values.of(plainArray(sites.ids))}::text::bigint[]) and ${within(scope, "n.client_id", values)}
      and n.identifier = 'TASK' and n.status = 'COMPLETED'
      and (n.plan_at >= ${begin} and n.plan_at < ${end} or n.plan_at is null
        and coalesce(n.ended_at, n.created_at) >= ${begin} and coalesce(n.ended_at, n.created_at) < ${end})
      and ${oneOf("a.type_id", assetTypeIds, values)} and ${oneOf("n.asset_id", assetIds, values)}
      and ${oneOf("n.question_set_id", questionSetIds, values)}
    order by coalesce(n.plan_at, n.ended_at, n.created_at), n.id, d.seqno`;
  const rest = new BatchValues();
  const rows = `select qs.name as "questionSet", q.name as question,
      case when d.answer_type in ('NUMERIC', 'METERREADING', 'RATING') and d.answer ~ '^\\s*[+-]?\\d{1,30}(\\.\\d{1,30})?\\s*$'
        then round(d.answer::numeric, 2)::text else d.answer end as answer,
      case when d.has_alert then 'bad' end as tone,
      a.name as asset, t.name as "assetType", coalesce(n.ended_at, n.started_at) as "doneAt", s.timezone,
      p.name as "doneBy"
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join jobneed_detail d on d.id = batch.id
    join jobneed n on n.id = d.jobneed_id and ${within(scope, "n.client_id", rest)}
    join site s on s.id = n.site_id
    left join question_set qs on qs.id = n.question_set_id left join question q on q.id = d.question_id
    left join asset a on a.id = n.asset_id left join type_assist t on t.id = a.type_id
    left join person p on p.id = coalesce(n.performed_by_id, n.person_id)
    order by batch.place`;
  const batches = reader.batches<Row>(
    { text: lines, parameters: values.list },
    { text: rows, parameters: rest.others },
  );
  for await (const batch of batches) yield batch.map(plain);
}
