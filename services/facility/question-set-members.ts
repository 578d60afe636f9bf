// The questions of a set, in order. A set's questions are given as a whole: what is new is added, what is not named any
// more is taken out, the rest keeps its row, so that phones are told of nothing that has not changed.
import type { Queryable, Transaction } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import { requireReferences } from "../clients.ts";
import { refused } from "../fields.ts";
import type { Scope } from "../scope.ts";
import { QUESTION_SET } from "./kinds.ts";
import type { RecordRow } from "./record.ts";
import { findRecord } from "./record-store.ts";

export interface MemberInput {
  readonly questionId: number;
  readonly isMandatory: boolean;
  readonly answerType?: string | undefined;
  readonly options?: string | null | undefined;
  readonly minValue?: number | null | undefined;
  readonly maxValue?: number | null | undefined;
  readonly alertOn?: string | null | undefined;
  readonly isAttachmentRequired?: boolean | undefined;
  readonly attachmentType?: string | undefined;
}

export interface QuestionSetMember {
  readonly id: number;
  readonly uuid: string;
  readonly questionId: number;
  readonly question: string;
  readonly seqno: number;
  readonly isMandatory: boolean;
  readonly answerType: string;
  readonly options: string | null;
  readonly minValue: number | null;
  readonly maxValue: number | null;
  readonly alertOn: string | null;
  readonly isAttachmentRequired: boolean;
  readonly attachmentType: string;
}

/** A set with its questions in order. @throws ApiumError `NOT_FOUND`. */
export async function questionSetWithMembers(
  store: Queryable,
  scope: Scope,
  id: number,
): Promise<RecordRow & { readonly members: readonly QuestionSetMember[] }> {
  const set = await findRecord(store, QUESTION_SET, scope, id);
  const { rows: members } = await store.query<QuestionSetMember>(
    `select m.id, m.uuid, m.question_id as "questionId", q.name as question, m.seqno, m.is_mandatory as "isMandatory",
       m.answer_type as "answerType", m.options, m.min_value as "minValue", m.max_value as "maxValue",
       m.alert_on as "alertOn", m.is_attachment_required as "isAttachmentRequired", m.attachment_type as "attachmentType"
     from question_set_member m join question q on q.id = m.question_id
     where m.question_set_id = $1 order by m.seqno, m.id`,
    [id],
  );
  return { ...set, members };
}

/**
 * Makes these the set's questions, numbered from 1. What a member does not say it takes from its question.
 * @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`.
 */
export async function replaceMembers(
  tx: Transaction,
  scope: Scope,
  setId: number,
  members: readonly MemberInput[],
): Promise<void> {
  const { clientId } = await findRecord(tx, QUESTION_SET, scope, setId);
  await tx.query("select 1 from question_set where id = $1 for update", [setId]);
  const ids = members.map(({ questionId }) => questionId);
  const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (twice !== -1) throw refused(`members.${twice}.questionId`, `question ${ids[twice]} stands in the set twice`);
  await requireReferences(
    tx,
    clientId as number,
    ids.map((id, index) => ({ field: `members.${index}.questionId`, table: "question", id })),
  );
  await tx.query(
    "delete from question_set_member where question_set_id = $1 and question_id <> all($2::text::bigint[])",
    [setId, plainArray(ids)],
  );
  // One statement for all of them: a set may have hundreds of lines.
  const lines = members.map((member, index) => ({ ...member, seqno: index + 1 }));
  await tx.query(
    `with line as (
       select l.* from json_to_recordset($3::text::json) as l("questionId" bigint, seqno integer, "isMandatory" boolean,
         "answerType" text, options text, "minValue" numeric, "maxValue" numeric, "alertOn" text,
         "isAttachmentRequired" boolean, "attachmentType" text)
     )
     insert into question_set_member as m (client_id, question_set_id, question_id, seqno, is_mandatory, answer_type,
       options, min_value, max_value, alert_on, is_attachment_required, attachment_type)
     select $1::bigint, $2::bigint, q.id, line.seqno, line."isMandatory", coalesce(line."answerType", q.answer_type),
       coalesce(line.options, q.options), coalesce(line."minValue", q.min_value), coalesce(line."maxValue", q.max_value),
       coalesce(line."alertOn", q.alert_on), coalesce(line."isAttachmentRequired", q.is_attachment_required),
       coalesce(line."attachmentType", q.attachment_type)
     from line join question q on q.id = line."questionId"
     on conflict (question_set_id, question_id) do update set
       seqno = excluded.seqno, is_mandatory = excluded.is_mandatory, answer_type = excluded.answer_type,
       options = excluded.options, min_value = excluded.min_value, max_value = excluded.max_value,
       alert_on = excluded.alert_on, is_attachment_required = excluded.is_attachment_required,
       attachment_type = excluded.attachment_type
     where (m.seqno, m.is_mandatory, m.answer_type, m.options, m.min_value, m.max_value, m.alert_on,
         m.is_attachment_required, m.attachment_type)
       is distinct from (excluded.seqno, excluded.is_mandatory, excluded.answer_type, excluded.options,
         excluded.min_value, excluded.max_value, excluded.alert_on, excluded.is_attachment_required,
         excluded.attachment_type)`,
    [clientId as number, setId, JSON.stringify(lines)],
  );
}
