// Work that came up. Reported twice (by its uuid) it is there once; where a scheduled occurrence was meant for the same
// asset, checklist, person and time, the report is that occurrence's ("reconciliation").
import type { Queryable, Transaction } from "../../database/index.ts";
import { clientOf, requireReferences, typeAssistId } from "../clients.ts";
import { refused } from "../fields.ts";
import type { Scope } from "../scope.ts";

export interface NewAdhoc {
  readonly siteId: number;
  readonly uuid?: string | undefined;
  readonly name: string;
  readonly identifier: string;
  readonly priority: string;
  readonly assetId?: number | undefined;
  readonly questionSetId?: number | undefined;
  readonly personId?: number | undefined;
  readonly peopleGroupId?: number | undefined;
  readonly planAt?: Date | undefined;
  readonly expiryAt?: Date | undefined;
  /** When the work was really begun: what a scheduled occurrence is looked for by. */
  readonly startedAt?: Date | undefined;
  readonly remarks?: string | undefined;
  /** What closing by the server does; id or code. */
  readonly notifyCategory?: number | string | undefined;
}

export interface AdhocOutcome {
  readonly id: number;
  readonly outcome: "created" | "known" | "reconciled";
}

/** @throws ApiumError `PARAMS_INVALID`. */
export async function createAdhoc(tx: Transaction, scope: Scope, work: NewAdhoc): Promise<AdhocOutcome> {
  const clientId = await clientOf(tx, scope, { siteId: work.siteId });
  await requireReferences(tx, clientId, [
    { field: "assetId", table: "asset", id: work.assetId },
    { field: "questionSetId", table: "question_set", id: work.questionSetId },
    { field: "personId", table: "person", id: work.personId },
    { field: "peopleGroupId", table: "people_group", id: work.peopleGroupId },
  ]);
  const notifyCategoryId = await typeAssistId(tx, clientId, "NOTIFYCATEGORY", "notifyCategory", work.notifyCategory);
  const known = await knownId(tx, clientId, work.uuid);
  if (known !== undefined) return { id: known, outcome: "known" };
  const scheduled = await scheduledFor(tx, clientId, work);
  if (scheduled !== undefined) {
    await rememberReport(tx, clientId, work.uuid, scheduled);
    return { id: scheduled, outcome: "reconciled" };
  }
  const { rows } = await tx.query<{ id: number }>(
    `insert into jobneed (client_id, site_id, uuid, job_type, identifier, name, priority, asset_id, question_set_id,
       person_id, people_group_id, plan_at, expiry_at, remarks, notify_category_id, multifactor)
     select $1::bigint, $2::bigint, coalesce($3::uuid, gen_random_uuid()), 'ADHOC', $4, $5, $6, $7::bigint, $8::bigint,
       $9::bigint, $10::bigint, $11::timestamptz, $12::timestamptz, $13,
       $14::bigint, coalesce((select multifactor from asset where id = $7::bigint), 1)
     on conflict (uuid) do nothing returning id`,
    [
      clientId,
      work.siteId,
      work.uuid ?? null,
      work.identifier,
      work.name,
      work.priority,
      work.assetId ?? null,
      work.questionSetId ?? null,
      work.personId ?? null,
      work.peopleGroupId ?? null,
      work.planAt?.toISOString() ?? null,
      work.expiryAt?.toISOString() ?? null,
      work.remarks ?? null,
      notifyCategoryId,
    ],
  );
  // The same report, at the same time, through another door.
  if (rows[0] === undefined) {
    const since = await knownId(tx, clientId, work.uuid);
    if (since === undefined) throw refused("uuid", "the uuid belongs to other work");
    return { id: since, outcome: "known" };
  }
  await copyChecklist(tx, clientId, rows[0].id, work.questionSetId ?? null);
  return { id: rows[0].id, outcome: "created" };
}

/** The lines of a set as those of an occurrence. */
export async function copyChecklist(
  tx: Transaction,
  clientId: number,
  jobneedId: number,
  questionSetId: number | null,
): Promise<void> {
  await tx.query(
    `insert into jobneed_detail (client_id, jobneed_id, seqno, question_id, answer_type, options, min_value, max_value,
       alert_on, is_mandatory, is_attachment_required, attachment_type)
     select $1::bigint, $2::bigint, row_number() over (order by m.seqno, m.id), m.question_id, m.answer_type, m.options,
       m.min_value, m.max_value, m.alert_on, m.is_mandatory, m.is_attachment_required, m.attachment_type
     from question_set_member m where m.question_set_id = $3::bigint`,
    [clientId, jobneedId, questionSetId],
  );
}

async function knownId(tx: Transaction, clientId: number, uuid: string | undefined): Promise<number | undefined> {
  return uuid === undefined ? undefined : (await workOfUuid(tx, clientId, uuid))?.id;
}

/** Work by its own uuid, or by that of a report it was the work of. */
export async function workOfUuid(
  store: Queryable,
  clientId: number,
  uuid: string,
): Promise<{ readonly id: number; readonly uuid: string } | undefined> {
  const { rows } = await store.query<{ id: number; uuid: string }>(
    `select id, uuid from jobneed where uuid = $1::uuid and client_id = $2::bigint
     union all
     select n.id, n.uuid from adhoc_report r join jobneed n on n.id = r.jobneed_id
     where r.uuid = $1::uuid and r.client_id = $2::bigint
     limit 1`,
    [uuid, clientId],
  );
  return rows[0];
}

async function rememberReport(
  tx: Transaction,
  clientId: number,
  uuid: string | undefined,
  jobneedId: number,
): Promise<void> {
  if (uuid === undefined) return;
  await tx.query(
    "insert into adhoc_report (uuid, client_id, jobneed_id) values ($1::uuid, $2::bigint, $3::bigint) on conflict do nothing",
    [uuid, clientId, jobneedId],
  );
}

async function scheduledFor(tx: Transaction, clientId: number, work: NewAdhoc): Promise<number | undefined> {
  if (work.startedAt === undefined || work.identifier !== "TASK") return undefined;
  const { rows } = await tx.query<{ id: number }>(
    `select id from jobneed
     where client_id = $1::bigint and site_id = $2::bigint and parent_id is null and job_type = 'SCHEDULE'
       and identifier = 'TASK' and status in ('ASSIGNED', 'INPROGRESS') and $3::timestamptz between plan_at and expiry_at
       and asset_id is not distinct from $4::bigint and question_set_id is not distinct from $5::bigint
       and person_id is not distinct from $6::bigint
     order by plan_at, id limit 1 for update`,
    [
      clientId,
      work.siteId,
      work.startedAt.toISOString(),
      work.assetId ?? null,
      work.questionSetId ?? null,
      work.personId ?? null,
    ],
  );
  return rows[0]?.id;
}
