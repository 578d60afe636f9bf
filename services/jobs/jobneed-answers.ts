// Answers as they are kept: written to the lines of the checklist, judged by its bounds.
import type { Transaction } from "../../database/index.ts";
import { refused } from "../fields.ts";
import { isAlert, type Line, missingAnswers, problemOf } from "./answers.ts";

export interface Answer {
  readonly detailId?: number | undefined;
  readonly uuid?: string | undefined;
  readonly answer: string | null;
}

/**
 * Writes the answers, judges them, and says whether one raises an alert.
 * @param isComplete - nothing that must be answered may be missing; else what is there is kept until the rest comes.
 * @throws ApiumError `PARAMS_INVALID` for answers that are missing, unknown or wrong.
 */
export async function keepAnswers(
  tx: Transaction,
  jobneedId: number,
  answers: readonly Answer[],
  { isComplete }: { readonly isComplete: boolean },
): Promise<boolean> {
  const { rows: lines } = await tx.query<Line & { uuid: string }>(
    `select id, uuid, seqno, answer_type as "answerType", min_value as "minValue", max_value as "maxValue",
       alert_on as "alertOn", is_mandatory as "isMandatory", answer
     from jobneed_detail where jobneed_id = $1 order by seqno`,
    [jobneedId],
  );
  const given = new Map<number, string | null>();
  for (const [index, { detailId, uuid, answer }] of answers.entries()) {
    const line = lines.find((one) => (detailId === undefined ? one.uuid === uuid : one.id === detailId));
    const field = `answers.${index}.${detailId === undefined ? "uuid" : "detailId"}`;
    if (line === undefined) throw refused(field, `the checklist has no line ${detailId ?? uuid}`);
    const problem = problemOf(line, answer);
    if (problem !== undefined) throw refused(`answers.${index}.answer`, `line ${line.seqno}: ${problem}`);
    given.set(line.id, answer);
  }
  const answered = lines.map((line) => ({
    ...line,
    answer: given.has(line.id) ? (given.get(line.id) ?? null) : line.answer,
  }));
  const missing = isComplete ? missingAnswers(answered) : [];
  if (missing.length > 0) {
    throw refused("answers", `must be answered: ${missing.map(({ seqno }) => `line ${seqno}`).join(", ")}`);
  }
  const judged = answered.map((line) => ({ id: line.id, answer: line.answer, alert: isAlert(line, line.answer) }));
  await tx.query(
    `update jobneed_detail d set answer = l.answer, has_alert = l.alert
     from json_to_recordset($2::text::json) as l(id bigint, answer text, alert boolean)
     where d.jobneed_id = $1::bigint and d.id = l.id
       and (d.answer, d.has_alert) is distinct from (l.answer, l.alert)`,
    [jobneedId, JSON.stringify(judged)],
  );
  return judged.some(({ alert }) => alert);
}
