// Checklists out of table files: one line a question, in order. The lines of a checklist are all it has from then on; a
// question that the client has already is used again.
import { askedBy, clientOfImport, findRow, type Importer, type ImportParts, type ImportValues } from "../importer.ts";
import { QUESTION } from "./kinds.ts";
import { questionSetActions } from "./question-set-actions.ts";
import { recordActions } from "./record-actions.ts";

export function checklistImporter(parts: ImportParts): Importer {
  const questions = recordActions(parts, QUESTION);
  const sets = questionSetActions(parts);

  async function questionId({ question, answerType, unit }: ImportValues): Promise<number> {
    const key = { client_id: clientOfImport(parts), name: question as string, answer_type: answerType as string };
    const found = await findRow(parts, "question", key);
    if (found !== undefined) return found.id;
    const asked = askedBy(parts, { name: question, answerType, ...(unit === undefined ? {} : { unit }) });
    return ((await questions.create(asked)) as { id: number }).id;
  }

  return {
    kind: "checklists",
    key: ["checklist", "type", "site", "question"],
    together: ["checklist", "type", "site"],
    columns: {
      checklist: { field: "name", isRequired: true, meaning: "name of the checklist; its lines follow one another" },
      type: { field: "type", meaning: "CHECKLIST (default), RPCHECKLIST, SITEREPORT, WORKPERMIT, …" },
      site: { field: "siteId", names: "site", meaning: "code of the only site that has it; empty: all" },
      question: { field: "question", isRequired: true, meaning: "what is asked" },
      answer_type: { field: "answerType", isRequired: true, meaning: "CHECKBOX, NUMERIC, SINGLELINE, DROPDOWN, …" },
      options: { field: "options", meaning: "of a DROPDOWN, separated by commas" },
      min: { field: "minValue", kind: "number", meaning: "least value" },
      max: { field: "maxValue", kind: "number", meaning: "greatest value" },
      unit: { field: "unit", meaning: "of a number" },
      alert_on: { field: "alertOn", meaning: "the answer, or the range, that is an alert" },
      is_mandatory: { field: "isMandatory", kind: "flag", meaning: "yes (default) or no" },
      needs_attachment: { field: "isAttachmentRequired", kind: "flag", meaning: "yes or no (default)" },
      attachment_type: { field: "attachmentType", meaning: "BACKCAMPIC, FRONTCAMPIC, AUDIO, VIDEO or NONE (default)" },
    },
    async apply(lines) {
      const { name, type = "CHECKLIST", siteId = null } = lines[0] ?? {};
      const members: object[] = [];
      for (const [index, line] of lines.entries()) {
        const { name: _, type: _type, siteId: _site, question: _question, unit: _unit, ...member } = line;
        const id = await questionId(line).catch((error: unknown) => {
          throw Object.assign(error as object, { lineOfGroup: index });
        });
        members.push({ ...member, questionId: id });
      }
      const key = { client_id: clientOfImport(parts), name: name as string, type: type as string };
      const found = await findRow(parts, "question_set", { ...key, site_id: siteId as number | null, parent_id: null });
      if (found === undefined) {
        const set = { name, type, members, ...(siteId === null ? {} : { siteId }) };
        await sets.createQuestionSet(askedBy(parts, set));
        return "created";
      }
      const before = JSON.stringify((await sets.getQuestionSet(askedBy(parts, { id: found.id }))).members);
      const after = await sets.changeQuestionSet(askedBy(parts, { id: found.id, members }));
      return JSON.stringify(after.members) === before ? "unchanged" : "changed";
    },
  };
}
