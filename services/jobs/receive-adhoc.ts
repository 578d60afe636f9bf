// Work that came up, as phones report it: found again by its uuid, or by the occurrence that was scheduled for it, else
// made; then brought to what was reported. Reports of a site or an incident have sections: work of their own below it.
import { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { freeText, id, PRIORITIES, refused, text } from "../fields.ts";
import { askedFor, type PhoneRecord, type Receipt, type ReceiverParts } from "../receiver.ts";
import { copyChecklist } from "./adhoc.ts";
import { IDENTIFIERS, jobneedActions } from "./jobneed-actions.ts";
import { JOBNEED_STATUSES } from "./jobneed-state.ts";
import { idOfUuid, type Reported, type ReportedLine, reportedLine, takeReport } from "./receive-work.ts";

const MOST_SECTIONS = 100;

const section = z.strictObject({
  uuid: z.uuid(),
  name: text(200),
  /** Default: its place in the list, from 1 on. */
  seqno: z.number().int().min(0).max(10_000).optional(),
  questionSetId: id.nullish(),
  remarks: freeText(2_000).nullish(),
  details: z.array(reportedLine).max(2_000).default([]),
});

const state = z.object({
  status: z.enum(JOBNEED_STATUSES).optional(),
  endedAt: z.unknown().optional(),
  performedById: id.nullish(),
  latitude: z.unknown().optional(),
  longitude: z.unknown().optional(),
  details: z.array(reportedLine).max(2_000).default([]),
});

const report = z.object({
  identifier: z.enum(["SITEREPORT", "INCIDENTREPORT"]),
  sections: z.array(section).min(1).max(MOST_SECTIONS),
});

/** What `jobs.createJobneed` takes; the rest of a record is what has become of the work since. */
const OF_THE_WORK = [
  ...["siteId", "uuid", "name", "identifier", "priority", "assetId", "questionSetId", "personId", "peopleGroupId"],
  ...["planAt", "expiryAt", "startedAt", "remarks", "notifyCategory", "ctzoffset"],
] as const;
const OF_THE_STATE = ["status", "endedAt", "performedById", "latitude", "longitude", "details"];
const known = z.strictObject(
  Object.fromEntries([...OF_THE_WORK, ...OF_THE_STATE, "sections"].map((name) => [name, z.unknown().optional()])),
);
const identity = z.object({
  uuid: z.uuid(),
  identifier: z.enum(IDENTIFIERS).default("TASK"),
  priority: z.enum(PRIORITIES).default("LOW"),
});

/** @throws ApiumError `PARAMS_INVALID`. */
export async function receiveAdhoc(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const given = present(parseParams(known, record));
  const { uuid } = parseParams(identity, given);
  const { details, ...reported } = parseParams(state, given);
  const work = Object.fromEntries(OF_THE_WORK.filter((name) => name in given).map((name) => [name, given[name]]));
  // Whoever did it is whom a scheduled occurrence must have been for.
  const mine = { personId: parts.sender.personId, ...work };
  const {
    outcome,
    id: jobneedId,
    uuid: storedAs,
  } = await jobneedActions(parts, parts.tell).createJobneed(
    askedFor(parts, "personId" in work || "peopleGroupId" in work ? work : mine),
  );
  if (outcome === "created") await adoptLines(parts, jobneedId, details);
  const { startedAt, remarks } = given;
  const isChanged = await takeReport(parts, { clientId: parts.sender.clientId }, jobneedId, {
    ...(reported as Partial<Reported>),
    startedAt: startedAt as Reported["startedAt"],
    remarks: remarks as Reported["remarks"],
    details,
  });
  return {
    uuid,
    outcome: outcome === "created" ? "created" : isChanged ? "updated" : "unchanged",
    ...(storedAs === uuid ? {} : { storedAs }),
  };
}

/** A report with its sections; the whole of it, or nothing. @throws ApiumError `PARAMS_INVALID`. */
export async function receiveReport(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { sections } = parseParams(report, record);
  const { sections: _, status, ...head } = record;
  const before = await idOfUuid(parts, parseParams(identity, record).uuid);
  const receipt = await receiveAdhoc(parts, head);
  const parentId = before ?? (await idOfUuid(parts, receipt.storedAs ?? receipt.uuid));
  if (parentId === undefined) throw new Error("the report that was just received is not there");
  let isChanged = receipt.outcome !== "unchanged";
  for (const [index, each] of sections.entries()) {
    const sectionId = await parts.database.transaction((tx) => insertSection(tx, parentId, each, index));
    if (sectionId === undefined) continue;
    isChanged = true;
    await adoptLines(parts, sectionId, each.details);
    await takeReport(parts, { clientId: parts.sender.clientId }, sectionId, {
      ...{ status: "COMPLETED", details: each.details, endedAt: record.endedAt as Reported["endedAt"] },
      remarks: each.remarks,
    });
  }
  // The report is done when its sections are.
  if (status === "COMPLETED" && isChanged) {
    const { endedAt } = record;
    const end = { status, endedAt, details: [] } as unknown as Reported;
    await takeReport(parts, { clientId: parts.sender.clientId }, parentId, end);
  }
  return { ...receipt, outcome: before === undefined ? "created" : isChanged ? "updated" : "unchanged" };
}

/** The id of a section that is new; `undefined` where it is known. @throws ApiumError `PARAMS_INVALID`. */
async function insertSection(
  tx: Transaction,
  parentId: number,
  { uuid, name, seqno, questionSetId }: z.output<typeof section>,
  index: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ id: number; clientId: number }>(
    `insert into jobneed (client_id, site_id, uuid, job_type, identifier, name, priority, question_set_id, parent_id, seqno,
       person_id, multifactor)
     select p.client_id, p.site_id, $2::uuid, 'ADHOC', p.identifier, $3, p.priority,
       (select s.id from question_set s where s.id = $4::bigint and s.client_id = p.client_id), p.id, $5, p.person_id,
       p.multifactor
     from jobneed p where p.id = $1::bigint
     on conflict do nothing returning id, client_id as "clientId"`,
    [parentId, uuid, name, questionSetId ?? null, seqno ?? index + 1],
  );
  const made = rows[0];
  if (made === undefined) {
    const { rows: same } = await tx.query("select 1 from jobneed where uuid = $1::uuid and parent_id = $2::bigint", [
      uuid,
      parentId,
    ]);
    if (same.length === 0)
      throw refused(`sections.${index}.seqno`, "another section has this number, or its uuid is taken");
    return undefined;
  }
  await copyChecklist(tx, made.clientId, made.id, questionSetId ?? null);
  return made.id;
}

/** The phone made the lines before we did, and its photos refer to them: its uuids become the lines'. */
async function adoptLines(
  { database }: ReceiverParts,
  jobneedId: number,
  lines: readonly ReportedLine[],
): Promise<void> {
  const named = lines.filter(({ uuid, questionId }) => uuid !== undefined && questionId !== undefined);
  if (named.length === 0) return;
  await database.query(
    `update jobneed_detail d set uuid = l.uuid
     from json_to_recordset($2::text::json) as l(uuid uuid, "questionId" bigint)
     where d.jobneed_id = $1::bigint and d.question_id = l."questionId"
       and not exists (select 1 from jobneed_detail o where o.uuid = l.uuid)`,
    [jobneedId, JSON.stringify(named)],
  );
}

/** Without the fields that are not set. */
function present(record: PhoneRecord): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined));
}
