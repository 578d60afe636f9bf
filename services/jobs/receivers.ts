// What phones record of work: progress, work that came up, reports with sections, single answers.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { freeText, notFound } from "../fields.ts";
import type { PhoneRecord, Receipt, Receiver, ReceiverParts } from "../receiver.ts";
import { receiveAdhoc, receiveReport } from "./receive-adhoc.ts";
import { idOfUuid, receiveProgress, takeReport } from "./receive-work.ts";

const detail = z.object({ uuid: z.uuid(), answer: freeText(2_000).nullish() });
const whole = z.object({ uuid: z.uuid() });

export function jobReceivers(parts: ReceiverParts): readonly Receiver[] {
  return [
    { kind: "taskTour", receive: (record) => receiveProgress(parts, record) },
    { kind: "adhoc", receive: (record) => receiveAdhoc(parts, record) },
    { kind: "report", receive: (record) => receiveReport(parts, record) },
    {
      kind: "jobneed",
      /** Progress of what is known, else work that came up. */
      async receive(record) {
        const { uuid } = parseParams(whole, record);
        if ((await idOfUuid(parts, uuid)) === undefined) return receiveAdhoc(parts, record);
        return receiveProgress(parts, progressIn(record));
      },
    },
    { kind: "jobneedDetail", receive: (record) => receiveAnswer(parts, record) },
  ];
}

/** The whole row as the phone has it: what it may not change is passed over. */
function progressIn(record: PhoneRecord): PhoneRecord {
  const { uuid, status, startedAt, endedAt, performedById, remarks, latitude, longitude, details } = record;
  const given = { uuid, status, startedAt, endedAt, performedById, remarks, latitude, longitude, details };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`. */
async function receiveAnswer(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { uuid, answer = null } = parseParams(detail, record);
  const { clientId } = parts.sender;
  const { rows } = await parts.database.query<{ jobneedId: number }>(
    'select jobneed_id as "jobneedId" from jobneed_detail where uuid = $1::uuid and client_id = $2::bigint',
    [uuid, clientId],
  );
  if (rows[0] === undefined) throw notFound("jobneed detail", uuid);
  const isChanged = await takeReport(parts, { clientId }, rows[0].jobneedId, { details: [{ uuid, answer }] });
  return { uuid, outcome: isChanged ? "updated" : "unchanged" };
}
