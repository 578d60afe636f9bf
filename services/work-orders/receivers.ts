// Work orders as phones report them: what vendors have begun and done.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { freeText, instant, notFound } from "../fields.ts";
import { askedFor, type PhoneRecord, type Receipt, type Receiver, type ReceiverParts } from "../receiver.ts";
import { STATUSES } from "./states.ts";
import { workOrderOfUuid } from "./store.ts";
import { workOrderActions } from "./work-order-actions.ts";

const progress = z.object({
  uuid: z.uuid(),
  status: z.enum(STATUSES).nullish(),
  startedAt: instant.nullish(),
  endedAt: instant.nullish(),
  performedBy: freeText(200).nullish(),
});

export function workOrderReceivers(parts: ReceiverParts): readonly Receiver[] {
  return [{ kind: "workOrder", receive: (record) => receiveProgress(parts, record) }];
}

/** @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`. */
async function receiveProgress(parts: ReceiverParts, record: PhoneRecord): Promise<Receipt> {
  const { uuid, status, ...rest } = parseParams(progress, record);
  const order = await workOrderOfUuid(parts.database, { clientId: parts.sender.clientId }, uuid);
  if (order === undefined) throw notFound("work order", uuid);
  if (!status || status === order.status) return { uuid, outcome: "unchanged" };
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== undefined));
  await workOrderActions(parts, parts.tell).transition(askedFor(parts, { id: order.id, status, ...given }));
  return { uuid, outcome: "updated" };
}
