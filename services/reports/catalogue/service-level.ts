/**
 * SERVICELEVELAGREEMENT: the review of a vendor's service in one month: its sections with their scores by weightage, the
 * months before beside it, every KPI, and who approved it.
 */
import { z } from "zod";
import { id } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { defineReport } from "../definition.ts";
import type { Chart, Column, FormSection, Row, Section, TableSection, Tone } from "../document.ts";
import type { ReportReader } from "../reader.ts";
import { kpiScore, overallScore, sectionScore } from "./service-score.ts";
import { decisionsOf, type Line, linesOf, MONTH, type WorkOrderRecord, workOrderRecord } from "./work-order-record.ts";

const params = z.strictObject({ workOrderId: id });
type Params = z.output<typeof params>;

const KIND = { identifier: "SLA", noun: "service level review" } as const;
/** In the chart, the review's own among them. */
const MONTHS = 6;

export const serviceLevel = defineReport<Params>({
  key: "SERVICELEVELAGREEMENT",
  title: "Service Level Agreement",
  description: "One month's review of a vendor: scores of its KPIs by section, and the months before.",
  formats: ["pdf", "html"],
  params,
  period: "none",
  async document({ params: { workOrderId }, scope, now }, reader) {
    const review = await workOrderRecord(reader, scope, workOrderId, KIND);
    const sections = sectionsOf(await linesOf(reader, scope, review.id));
    const chart = await monthsChart(reader, scope, review);
    const decisions = await decisionsOf(reader, scope, review);
    return {
      title: "Service Level Agreement",
      subtitle: [review.vendor, review.number].filter(Boolean).join(" – "),
      facts: [
        { label: "Vendor", value: review.vendor ?? "not named" },
        { label: "Site", value: review.siteName },
        { label: "Month", value: review.month.slice(0, 7) },
        { label: "Overall score", value: percent(overallScore(sections)) },
      ],
      clientName: review.clientName,
      timezone: review.timezone,
      generatedAt: new Date(now).toISOString(),
      sections: [summary(sections, chart), ...sections.map(kpiTable), ...measured(review), ...decisions],
    };
  },
});

interface ReviewSection {
  readonly name: string;
  readonly weightage: number | null;
  readonly kpis: readonly Line[];
}

function sectionsOf(lines: readonly Line[]): ReviewSection[] {
  return [...Map.groupBy(lines, ({ sectionId }) => sectionId).values()].map((kpis) => ({
    name: kpis[0]?.section ?? "",
    weightage: kpis[0]?.weightage ?? null,
    kpis,
  }));
}

const SUMMARY: readonly Column[] = [
  { key: "section", title: "Section", kind: "text", width: 3 },
  { key: "weightage", title: "Weightage", kind: "decimal" },
  { key: "score", title: "Score", kind: "percent", toneKey: "tone" },
];

function summary(sections: readonly ReviewSection[], chart: Chart | undefined): TableSection {
  return {
    kind: "table",
    heading: "Summary",
    ...(chart === undefined ? {} : { chart }),
    columns: SUMMARY,
    rows: [
      sections.map((section): Row => {
        const score = sectionScore(section);
        return { section: section.name, weightage: section.weightage, score: score ?? null, tone: toneOf(score) };
      }),
    ],
    totals: () => {
      const overall = overallScore(sections);
      return { section: "Overall", weightage: null, score: overall ?? null, tone: toneOf(overall) };
    },
  };
}

const KPIS: readonly Column[] = [
  { key: "kpi", title: "KPI", kind: "text", width: 3 },
  { key: "answer", title: "Given", kind: "text" },
  { key: "best", title: "Best", kind: "decimal" },
  { key: "score", title: "Score", kind: "percent", toneKey: "tone" },
];

function kpiTable({ name, kpis }: ReviewSection): TableSection {
  return {
    kind: "table",
    heading: name,
    columns: KPIS,
    rows: [
      kpis.map((line): Row => {
        const score = kpiScore(line);
        return { kpi: line.question, answer: line.answer, best: line.best, score: score ?? null, tone: toneOf(score) };
      }),
    ],
  };
}

const MEASURES = [
  ["uptime_score", "Uptime"],
  ["response_time", "Response time"],
  ["resolution_time", "Resolution time"],
  ["remarks", "Remarks"],
] as const;

/** What was measured besides the KPIs. */
function measured({ details }: WorkOrderRecord): Section[] {
  const rows = MEASURES.flatMap(([key, label]): Row[] => {
    const value = details[key];
    return typeof value === "string" || typeof value === "number" ? [{ label, value: String(value) }] : [];
  });
  return rows.length === 0 ? [] : [{ kind: "form", heading: "Measured", rows: [rows] } satisfies FormSection];
}

type MonthRow = Pick<Line, "sectionId" | "weightage" | "answer" | "best"> & {
  readonly id: number;
  readonly month: string;
};

/** The vendor's months at this site up to the review's; of two reviews of a month the later one counts. */
async function monthsChart(reader: ReportReader, scope: Scope, review: WorkOrderRecord): Promise<Chart | undefined> {
  const values = new Values();
  const month = `${values.of(review.month)}::text`;
  const rows = await reader.all<MonthRow>(
    `with review as (
       select distinct on (r.month) r.id, r.month
       from (select w.id, ${MONTH} as month from work_order w join site s on s.id = w.site_id
             where w.vendor_id = ${values.of(review.vendorId)}::bigint and w.site_id = ${values.of(review.siteId)}::bigint
               and w.identifier = 'SLA' and w.parent_id is null and w.status <> 'CANCELLED'
               and ${within(scope, "w.client_id", values)}) r
       where r.month <= ${month} and r.month > to_char(${month}::date - interval '${MONTHS} months', 'YYYY-MM-DD')
       order by r.month, r.id = ${values.of(review.id)}::bigint desc, r.id desc)
     select review.id, review.month, w.id as "sectionId", w.weightage, d.answer, d.max_value as best
     from review join work_order w on w.id = review.id or w.parent_id = review.id
     join work_order_detail d on d.work_order_id = w.id order by review.month, w.id, d.seqno`,
    values.list,
  );
  const months = [...Map.groupBy(rows, (row) => row.month)].flatMap(([name, ofMonth]) => {
    const sections = [...Map.groupBy(ofMonth, ({ sectionId }) => sectionId).values()];
    const score = overallScore(sections.map((kpis) => ({ weightage: kpis[0]?.weightage ?? null, kpis })));
    return score === undefined ? [] : [{ name: name.slice(0, 7), score: Math.round(score * 10) / 10 }];
  });
  if (months.length === 0) return undefined;
  return {
    kind: "bar",
    title: "Overall score by month",
    categories: months.map(({ name }) => name),
    series: [{ name: "Score", values: months.map(({ score }) => score) }],
    unit: "%",
  };
}

function toneOf(score: number | undefined): Tone | null {
  if (score === undefined) return null;
  return score < 50 ? "bad" : score < 80 ? "warning" : "good";
}

function percent(score: number | undefined): string {
  return score === undefined ? "not scored" : `${score.toFixed(1)} %`;
}
