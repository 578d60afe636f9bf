// A permit or a review as it is kept: its head, its sections with their answers, and who was asked to decide.
import { plain, refused } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import type { Row, Section } from "../document.ts";
import type { ReportReader } from "../reader.ts";

export interface WorkOrderRecord {
  readonly id: number;
  readonly number: string | null;
  readonly description: string;
  readonly status: string;
  readonly permitStatus: "NOT_REQUIRED" | "PENDING" | "APPROVED" | "REJECTED";
  readonly verifierStatus: "NOT_REQUIRED" | "PENDING" | "APPROVED" | "REJECTED";
  readonly priority: string;
  readonly planAt: string | null;
  readonly expiryAt: string | null;
  /** Of a review: "2026-03-01". The month before it was made where it does not say. */
  readonly month: string;
  readonly performedBy: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly siteId: number;
  readonly siteName: string;
  readonly timezone: string;
  readonly clientName: string;
  readonly questionSet: string | null;
  readonly asset: string | null;
  readonly location: string | null;
  readonly vendorId: number | null;
  readonly vendor: string | null;
}

/** The month a review `w` at a site `s` is about. */
export const MONTH =
  "to_char(coalesce(w.for_month, date_trunc('month', w.created_at at time zone s.timezone) - interval '1 month'), 'YYYY-MM-DD')";

/** @throws ApiumError `PARAMS_INVALID` where it is not there, is of another kind, or a section. */
export async function workOrderRecord(
  reader: ReportReader,
  scope: Scope,
  workOrderId: number,
  kind: { readonly identifier: "WP" | "SLA"; readonly noun: string },
): Promise<WorkOrderRecord> {
  const values = new Values();
  const [found] = await reader.all<WorkOrderRecord>(
    `select w.id, w.number, w.description, w.status, w.permit_status as "permitStatus",
       w.verifier_status as "verifierStatus", w.priority, w.plan_at as "planAt", w.expiry_at as "expiryAt",
       ${MONTH} as month, w.performed_by as "performedBy", coalesce(p.name, w.created_by) as "createdBy",
       w.created_at as "createdAt", w.details, w.site_id as "siteId", s.name as "siteName", s.timezone,
       c.name as "clientName", qs.name as "questionSet", a.name as asset, l.name as location, w.vendor_id as "vendorId",
       v.name as vendor
     from work_order w join site s on s.id = w.site_id join site c on c.id = w.client_id
     left join person p on p.id = w.created_by_id left join question_set qs on qs.id = w.question_set_id
     left join asset a on a.id = w.asset_id left join location l on l.id = w.location_id
     left join vendor v on v.id = w.vendor_id
     where w.id = ${values.of(workOrderId)}::bigint and w.parent_id is null
       and w.identifier = ${values.of(kind.identifier)} and ${within(scope, "w.client_id", values)}`,
    values.list,
  );
  if (found === undefined) throw refused("workOrderId", `there is no ${kind.noun} ${workOrderId}`);
  return plain(found);
}

export interface Line {
  readonly sectionId: number;
  readonly section: string;
  readonly weightage: number | null;
  readonly question: string | null;
  readonly answerType: string;
  readonly answer: string | null;
  readonly best: number | null;
  readonly unit: string | null;
  readonly hasAlert: boolean;
  readonly files: number;
}

/** In the order of the sections; lines of the record itself come before those of its sections. */
export async function linesOf(reader: ReportReader, scope: Scope, workOrderId: number): Promise<Line[]> {
  const values = new Values();
  const id = `${values.of(workOrderId)}::bigint`;
  return reader.all<Line>(
    `select w.id as "sectionId", w.weightage, d.answer_type as "answerType", d.answer, d.max_value as best, q.unit,
       coalesce(nullif(case when w.parent_id is not null then w.description end, ''), qs.name, 'Details') as section,
       q.name as question, d.has_alert as "hasAlert",
       (select count(*)::integer from attachment f
        where f.owner_table = 'work_order_detail' and f.owner_uuid = d.uuid and f.client_id = d.client_id) as files
     from work_order w join work_order_detail d on d.work_order_id = w.id
     left join question q on q.id = d.question_id left join question_set qs on qs.id = w.question_set_id
     where (w.id = ${id} or w.parent_id = ${id}) and ${within(scope, "w.client_id", values)}
     order by w.parent_id nulls first, w.seqno, w.id, d.seqno`,
    values.list,
  );
}

/** Who was asked, those who verify before those who approve (`at` null while they are asked), and what they remarked. */
export async function decisionsOf(reader: ReportReader, scope: Scope, record: WorkOrderRecord): Promise<Section[]> {
  const values = new Values();
  const rows = await reader.all<DecisionRow>(
    `select initcap(d.role) as role, p.name, d.decision as state, d.at, d.remarks
     from work_order_decision d join person p on p.id = d.person_id
     where d.work_order_id = ${values.of(record.id)}::bigint and ${within(scope, "d.client_id", values)}
     order by d.role desc, d.at nulls last, d.id`,
    values.list,
  );
  const said = rows.flatMap(({ name, remarks }) => (remarks === null ? [] : [{ label: name, value: remarks }]));
  const signed = rows.map(({ remarks: _, ...row }): Row => plain(row));
  return [
    ...(said.length === 0 ? [] : [{ kind: "form", heading: "Remarks", rows: [said] } as const]),
    { kind: "signatures", heading: "Decisions", rows: [signed] },
  ];
}

interface DecisionRow {
  readonly role: string;
  readonly name: string;
  readonly state: string;
  readonly at: string | null;
  readonly remarks: string | null;
}
