// A set of questions is read, made and changed together with its questions.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { auditChange, auditDifference, shown } from "../change-audit.ts";
import { id, refusingDuplicates } from "../fields.ts";
import { type Asked, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { ANSWER_TYPES, ATTACHMENT_TYPES, ANSWER_FIELDS as answer, QUESTION_SET } from "./kinds.ts";
import { questionSetWithMembers, replaceMembers } from "./question-set-members.ts";
import { auditedAs, changeOf, creationOf } from "./record.ts";
import { changeRecord, insertRecord } from "./record-store.ts";

const member = z.strictObject({
  questionId: id,
  isMandatory: z.boolean().default(true),
  answerType: z.enum(ANSWER_TYPES).optional(),
  options: answer.options.schema.nullish(),
  minValue: answer.minValue.schema.nullish(),
  maxValue: answer.maxValue.schema.nullish(),
  alertOn: answer.alertOn.schema.nullish(),
  isAttachmentRequired: z.boolean().optional(),
  attachmentType: z.enum(ATTACHMENT_TYPES).optional(),
});
const members = z.array(member).max(500).optional();
const creation = creationOf(QUESTION_SET).extend({ members });
const change = changeOf(QUESTION_SET).extend({ members });
const { unique } = QUESTION_SET;

export function questionSetActions({ database }: Pick<ServiceParts, "database">) {
  return {
    getQuestionSet: (ctx: Asked) =>
      questionSetWithMembers(database, scopeOf(ctx), parseParams(z.strictObject({ id }), ctx.params).id),
    createQuestionSet(ctx: Asked) {
      const { ctzoffset: _, members: lines = [], ...given } = parseParams(creation, ctx.params);
      return refusingDuplicates(unique.field, unique.message, () =>
        database.transaction(async (tx) => {
          const set = await insertRecord(tx, QUESTION_SET, scopeOf(ctx), given);
          await replaceMembers(tx, scopeOf(ctx), set.id, lines);
          await auditChange(
            tx,
            ctx,
            auditedAs(QUESTION_SET, "create"),
            set.id,
            shown({ ...given, questions: lines.length }),
          );
          return questionSetWithMembers(tx, scopeOf(ctx), set.id);
        }),
      );
    },
    /** `members`, where given, are all that the set has from now on; generated work keeps its own copies. */
    changeQuestionSet(ctx: Asked) {
      const { ctzoffset: _, id: set, members: lines, ...given } = parseParams(change, ctx.params);
      return refusingDuplicates(unique.field, unique.message, () =>
        database.transaction(async (tx) => {
          const rows = await changeRecord(tx, QUESTION_SET, scopeOf(ctx), set, given);
          if (lines !== undefined) await replaceMembers(tx, scopeOf(ctx), set, lines);
          await auditDifference(tx, ctx, auditedAs(QUESTION_SET, "change"), set, {
            ...rows,
            given: { ...given, questions: lines?.length },
          });
          return questionSetWithMembers(tx, scopeOf(ctx), set);
        }),
      );
    },
  };
}
