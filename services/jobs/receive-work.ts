// Work as phones report it: how far it is, what was answered, and the state that follows. Reports come late, twice and out
// of order: what is done stays done, an older state changes nothing, answers are kept until the rest of them is there.
import { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { ctzoffset, freeText, id, instant, latitude, longitude, notFound } from "../fields.ts";
import { foldJourney } from "../journey.ts";
import { askedFor, type PhoneRecord, type Receipt, type ReceiverParts } from "../receiver.ts";
import type { Scope } from "../scope.ts";
import { workOfUuid } from "./adhoc.ts";
import { jobneedActions } from "./jobneed-actions.ts";
import { type Answer, keepAnswers } from "./jobneed-answers.ts";
import { JOBNEED_STATUSES, type JobneedStatus } from "./jobneed-state.ts";
import { findJobneed, type Jobneed, lockJobneed } from "./jobneed-store.ts";

/** A line by its uuid as the phone got it, or by its question. */
export const reportedLine = z.strictObject({
  uuid: z.uuid().optional(),
  questionId: id.optional(),
  seqno: z.number().int().optional(),
  answer: freeText(2_000).nullish(),
});

const progress = z.strictObject({
  uuid: z.uuid(),
  status: z.enum(JOBNEED_STATUSES).optional(),
  startedAt: instant.nullish(),
  endedAt: instant.nullish(),
  performedById: id.nullish(),
  remarks: freeText(2_000).nullish(),
  latitude: latitude.nullish(),
  longitude: longitude.nullish(),
  details: z.array(reportedLine).max(2_000).default([]),
  ctzoffset: ctzoffset.nullish(),
});

export type Reported = Omit<z.output<typeof progress>, "uuid" | "ctzoffset">;
export type ReportedLine = z.output<typeof reportedLine>;

const ENDED: readonly JobneedStatus[] = ["COMPLETED", "PARTIALLYCOMPLETED", "AUTOCLOSED"];

/** @throws ApiumError `NOT_FOUND` for work that is not the sender's client's, `PARAMS_INVALID`. */
export async function receiveProgress(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { uuid, ctzoffset: _, ...reported } = parseParams(progress, record);
  const { clientId } = parts.sender;
  const found = await workOfUuid(parts.database, clientId, uuid);
  if (found === undefined) throw notFound("jobneed", uuid);
  const isChanged = await takeReport(parts, { clientId }, found.id, reported);
  const storedAs = found.uuid === uuid.toLowerCase() ? {} : { storedAs: found.uuid };
  return { uuid, outcome: isChanged ? "updated" : "unchanged", ...storedAs };
}

/** Brings the work to what was reported; whether that changed anything. */
export async function takeReport(
  parts: ReceiverParts,
  scope: Scope,
  jobneedId: number,
  { details, status, ...report }: Reported,
): Promise<boolean> {
  return parts.database.transaction(async (tx) => {
    const before = await lockJobneed(tx, scope, jobneedId);
    const content = await contentOf(tx, jobneedId);
    const answers = await answersOf(tx, jobneedId, details);
    await advance(parts, tx, before, status, report, answers);
    const top = await findJobneed(tx, scope, before.parentId ?? jobneedId);
    const points = ENDED.includes(top.status) ? await foldJourney(tx, "jobneed", top.id) : 0;
    return points > 0 || (await contentOf(tx, jobneedId)) !== content;
  });
}

/** Differs when the work or its answers do. */
async function contentOf(tx: Transaction, jobneedId: number): Promise<string> {
  const { rows } = await tx.query<{ content: string }>(
    `select md5((to_jsonb(t) - 'updated_at' - 'changed_in')::text || coalesce((
       select string_agg(d.id || ' ' || coalesce(d.answer, ''), ',' order by d.id)
       from jobneed_detail d where d.jobneed_id = t.id), '')) as content
     from jobneed t where t.id = $1`,
    [jobneedId],
  );
  return rows[0]?.content ?? "";
}

async function advance(
  parts: ReceiverParts,
  tx: Transaction,
  { id: jobneedId, status: current }: Jobneed,
  status: JobneedStatus | undefined,
  report: Omit<Reported, "details" | "status">,
  answers: readonly Answer[],
): Promise<void> {
  const actions = jobneedActions(parts, parts.tell);
  const given = Object.fromEntries(Object.entries(report).filter(([, value]) => value !== null && value !== undefined));
  const ask = (params: object) => askedFor(parts, { id: jobneedId, ...params });
  if (status === "COMPLETED" || status === "PARTIALLYCOMPLETED") {
    await actions.completeJobneed(ask({ ...given, answers }));
    return;
  }
  // What is done takes no more answers; what the server closed waits for the report of its end.
  if (current === "COMPLETED") return;
  if (answers.length > 0) await keepAnswers(tx, jobneedId, answers, { isComplete: false });
  if (status === undefined || status === "ASSIGNED" || status === "AUTOCLOSED" || ENDED.includes(current)) return;
  if (status !== "INPROGRESS") await actions.moveJobneed(ask({ status }));
  else if (current === "ASSIGNED") {
    const { startedAt, performedById } = given;
    await actions.startJobneed(ask({ startedAt, performedById }));
  }
}

/** Answers by the lines' uuids, or by their questions where the phone made the lines itself. */
async function answersOf(
  tx: Transaction,
  jobneedId: number,
  lines: readonly ReportedLine[],
): Promise<readonly Answer[]> {
  if (lines.length === 0) return [];
  const { rows } = await tx.query<{ id: number; uuid: string; questionId: number | null }>(
    'select id, uuid, question_id as "questionId" from jobneed_detail where jobneed_id = $1',
    [jobneedId],
  );
  return lines.map(({ uuid, questionId, answer = null }) => {
    const known =
      rows.find((row) => row.uuid === uuid) ??
      (questionId === undefined ? undefined : rows.find((row) => row.questionId === questionId));
    return known === undefined ? { uuid: uuid ?? String(questionId), answer } : { detailId: known.id, answer };
  });
}

/** The sender's client's. */
export async function idOfUuid({ database, sender }: ReceiverParts, uuid: string): Promise<number | undefined> {
  return (await workOfUuid(database, sender.clientId, uuid))?.id;
}
