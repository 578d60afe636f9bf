// Reports as a test reads them: the document of a definition on a real database, every section to its end.
import { parseParams } from "../../runtime/index.ts";
import type { ReportDefinition } from "../../services/reports/definition.ts";
import type { ReportDocument, Row, Section } from "../../services/reports/document.ts";
import { openReader } from "../../services/reports/reader.ts";
import type { Columns, Facility } from "./facility.ts";

export interface ReadReport {
  readonly head: ReportDocument;
  readonly sections: readonly (Section & { readonly read: readonly Row[]; readonly batches: readonly number[] })[];
  /** Of all sections. */
  readonly rows: readonly Row[];
}

export interface AskedReport {
  readonly clientId?: number | undefined;
  /** Milliseconds since the epoch; default 2026-04-15T00:00Z. */
  readonly now?: number;
}

/** @throws ApiumError as a run would: `PARAMS_INVALID`. */
export async function readReport(
  facility: Facility,
  report: ReportDefinition,
  params: object,
  { clientId, now = Date.UTC(2026, 3, 15) }: AskedReport = {},
): Promise<ReadReport> {
  const parsed = parseParams(report.params, params);
  const head = await report.document({ params: parsed, scope: { clientId }, now }, openReader(facility.database));
  const sections: ReadReport["sections"][number][] = [];
  for await (const section of head.sections) {
    const read: Row[] = [];
    const batches: number[] = [];
    for await (const batch of section.rows) {
      read.push(...batch);
      batches.push(batch.length);
    }
    sections.push({ ...section, read, batches });
  }
  return { head, sections, rows: sections.flatMap(({ read }) => read) };
}

/** The id of a row made as it is given. */
export async function insertRow(facility: Facility, table: string, columns: Columns): Promise<number> {
  const given = Object.entries(columns).filter(([, value]) => value !== undefined);
  const names = given.map(([name]) => name).join(", ");
  const places = given.map((_, index) => `$${index + 1}`).join(", ");
  const values = given.map(([, value]) => value ?? null);
  const { id } = await facility.one<{ id: number }>(
    `insert into ${table} (${names}) values (${places}) returning id`,
    values,
  );
  return id;
}

/** Of the first section's columns. */
export function titlesOf({ sections: [section] }: ReadReport): string[] {
  return section?.kind === "table" ? section.columns.map(({ title }) => title) : [];
}

/** A question set with questions of these names, and their ids. */
export async function makeQuestionSet(
  facility: Facility,
  siteId: number,
  { name, type, names, answerType = "SINGLELINE" }: QuestionSet,
): Promise<{ set: number; questions: number[] }> {
  const client_id = await facility.clientOf(siteId);
  const set = await insertRow(facility, "question_set", { client_id, name, type });
  const questions: number[] = [];
  for (const [seqno, question] of names.entries()) {
    const question_id = await insertRow(facility, "question", { client_id, name: question, answer_type: answerType });
    const member = { client_id, question_set_id: set, question_id, seqno, answer_type: answerType };
    await insertRow(facility, "question_set_member", member);
    questions.push(question_id);
  }
  return { set, questions };
}

export interface QuestionSet {
  readonly name: string;
  readonly type: string;
  /** Of the questions, in order. */
  readonly names: readonly string[];
  readonly answerType?: string;
}

/** Answers of an occurrence by the ids of their questions. */
export async function giveAnswers(
  facility: Facility,
  jobneedId: number,
  answers: Readonly<Record<number, string | null>>,
  columns: Columns = {},
): Promise<void> {
  const sql = "select client_id from jobneed where id = $1";
  const { client_id } = await facility.one<{ client_id: number }>(sql, [jobneedId]);
  for (const [seqno, [question_id, answer]] of Object.entries(answers).entries()) {
    const line = { client_id, jobneed_id: jobneedId, seqno, question_id: Number(question_id), answer, ...columns };
    await insertRow(facility, "jobneed_detail", line);
  }
}
