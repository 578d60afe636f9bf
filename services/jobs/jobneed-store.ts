// Occurrences as they are read: lists, one with its checklist and checkpoints, and locked ones for who changes them.
import type { Queryable, Transaction } from "../../database/index.ts";
import { notFound, type Page, pageOf, plain } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import type { JobneedStatus } from "./jobneed-state.ts";

export interface Jobneed {
  readonly id: number;
  readonly uuid: string;
  readonly clientId: number;
  readonly siteId: number;
  readonly jobId: number | null;
  readonly jobVersion: number | null;
  readonly parentId: number | null;
  readonly seqno: number;
  readonly scheduledAt: string | null;
  readonly planAt: string | null;
  readonly expiryAt: string | null;
  readonly status: JobneedStatus;
  readonly jobType: "SCHEDULE" | "ADHOC";
  readonly identifier: string;
  readonly name: string;
  readonly priority: string;
  readonly isDynamic: boolean;
  readonly assetId: number | null;
  readonly questionSetId: number | null;
  readonly personId: number | null;
  readonly peopleGroupId: number | null;
  readonly performedById: number | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly closedByServerAt: string | null;
  readonly remarks: string | null;
  readonly hasAlerts: boolean;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface JobneedDetail {
  readonly id: number;
  readonly uuid: string;
  readonly seqno: number;
  readonly questionId: number | null;
  readonly question: string | null;
  readonly answerType: string;
  readonly options: string | null;
  readonly minValue: number | null;
  readonly maxValue: number | null;
  readonly alertOn: string | null;
  readonly isMandatory: boolean;
  readonly isAttachmentRequired: boolean;
  readonly attachmentType: string;
  readonly answer: string | null;
  readonly hasAlert: boolean;
}

export interface JobneedView extends Jobneed {
  readonly timezone: string;
  readonly details: readonly JobneedDetail[];
  readonly checkpoints: readonly (Jobneed & { readonly details: readonly JobneedDetail[] })[];
}

const COLUMNS = `t.id, t.uuid, t.client_id as "clientId", t.site_id as "siteId", t.job_id as "jobId",
  t.job_version as "jobVersion", t.parent_id as "parentId", t.seqno, t.scheduled_at as "scheduledAt",
  t.plan_at as "planAt", t.expiry_at as "expiryAt", t.status, t.job_type as "jobType", t.identifier, t.name, t.priority,
  t.is_dynamic as "isDynamic", t.asset_id as "assetId", t.question_set_id as "questionSetId",
  t.person_id as "personId", t.people_group_id as "peopleGroupId", t.performed_by_id as "performedById",
  t.started_at as "startedAt", t.ended_at as "endedAt", t.closed_by_server_at as "closedByServerAt", t.remarks,
  t.has_alerts as "hasAlerts", t.latitude, t.longitude, t.created_at as "createdAt", t.updated_at as "updatedAt"`;

/** @throws ApiumError `NOT_FOUND`. */
export async function findJobneed(store: Queryable, scope: Scope, id: number): Promise<Jobneed> {
  const values = new Values();
  const { rows } = await store.query<Jobneed>(
    `select ${COLUMNS} from jobneed t where t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)}`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("jobneed", id);
  return plain(rows[0]);
}

/**
 * The same, locked until the transaction ends; a checkpoint's tour before it, as auto-close does, so that the two never
 * wait for each other in a circle.
 * @throws ApiumError `NOT_FOUND`.
 */
export async function lockJobneed(tx: Transaction, scope: Scope, id: number): Promise<Jobneed> {
  const { parentId } = await findJobneed(tx, scope, id);
  if (parentId !== null) await tx.query("select 1 from jobneed where id = $1 for update", [parentId]);
  await tx.query("select 1 from jobneed where id = $1 for update", [id]);
  return findJobneed(tx, scope, id);
}

/** With its checklist; a tour with its checkpoints in order, and theirs. @throws ApiumError `NOT_FOUND`. */
export async function viewJobneed(store: Queryable, scope: Scope, id: number): Promise<JobneedView> {
  const jobneed = await findJobneed(store, scope, id);
  const { rows: checkpoints } = await store.query<Jobneed>(
    `select ${COLUMNS} from jobneed t where t.parent_id = $1 order by t.seqno`,
    [id],
  );
  const { rows: details } = await store.query<JobneedDetail & { jobneedId: number }>(
    `select d.jobneed_id as "jobneedId", d.id, d.uuid, d.seqno, d.question_id as "questionId", q.name as question,
       d.answer_type as "answerType", d.options, d.min_value as "minValue", d.max_value as "maxValue",
       d.alert_on as "alertOn", d.is_mandatory as "isMandatory", d.is_attachment_required as "isAttachmentRequired",
       d.attachment_type as "attachmentType", d.answer, d.has_alert as "hasAlert"
     from jobneed t join jobneed_detail d on d.jobneed_id = t.id left join question q on q.id = d.question_id
     where t.id = $1 or t.parent_id = $1 order by d.seqno`,
    [id],
  );
  const { rows: site } = await store.query<{ timezone: string }>("select timezone from site where id = $1", [
    jobneed.siteId,
  ]);
  const detailsOf = (of: number) =>
    details.filter(({ jobneedId }) => jobneedId === of).map(({ jobneedId: _, ...detail }) => detail);
  return {
    ...jobneed,
    timezone: site[0]?.timezone ?? "UTC",
    details: detailsOf(id),
    checkpoints: checkpoints.map((row) => ({ ...plain(row), details: detailsOf(row.id) })),
  };
}

export interface JobneedFilter {
  readonly jobId?: number | undefined;
  readonly siteId?: number | undefined;
  readonly parentId?: number | undefined;
  readonly personId?: number | undefined;
  readonly status?: string | undefined;
  readonly identifier?: string | undefined;
  /** planAt, or when it was made where it has none, from here on. */
  readonly from?: Date | undefined;
  /** Before this. */
  readonly to?: Date | undefined;
  readonly limit: number;
  readonly cursor?: number | undefined;
}

/** Occurrences by id, without checklists; checkpoints only where `parentId` asks for them. */
export async function listJobneeds(store: Queryable, scope: Scope, filter: JobneedFilter): Promise<Page<Jobneed>> {
  const values = new Values();
  const conditions = [within(scope, "t.client_id", values)];
  const { parentId, from, to, cursor, limit, ...equal } = filter;
  conditions.push(parentId === undefined ? "t.parent_id is null" : `t.parent_id = ${values.of(parentId)}::bigint`);
  const columns = {
    jobId: "job_id",
    siteId: "site_id",
    personId: "person_id",
    status: "status",
    identifier: "identifier",
  };
  for (const [field, column] of Object.entries(columns)) {
    const value = equal[field as keyof typeof equal];
    if (value !== undefined) conditions.push(`t.${column} = ${values.of(value)}`);
  }
  const at = "coalesce(t.plan_at, t.created_at)";
  if (from !== undefined) conditions.push(`${at} >= ${values.of(from.toISOString())}::timestamptz`);
  if (to !== undefined) conditions.push(`${at} < ${values.of(to.toISOString())}::timestamptz`);
  if (cursor !== undefined) conditions.push(`t.id > ${values.of(cursor)}::bigint`);
  const { rows } = await store.query<Jobneed>(
    `select ${COLUMNS} from jobneed t where ${conditions.join(" and ")}
     order by t.id limit ${values.of(limit + 1)}::integer`,
    values.list,
  );
  return pageOf(rows.map(plain), limit);
}
