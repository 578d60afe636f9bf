// Tickets as phones write them: raised, commented, moved on. One that is known by its uuid is changed, with its history.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { ctzoffset, freeText, id, PRIORITIES, text } from "../fields.ts";
import { askedFor, type PhoneRecord, type Receipt, type Receiver, type ReceiverParts } from "../receiver.ts";
import { receiveCrisis } from "./receive-crisis.ts";
import { ticketOfUuid } from "./store.ts";
import { STATUSES } from "./tables.ts";
import { ticketActions } from "./ticket-actions.ts";

const record = z.strictObject({
  uuid: z.uuid(),
  siteId: id.nullish(),
  description: text(10_000).nullish(),
  priority: z.enum(PRIORITIES).nullish(),
  identifier: z.enum(["REQUEST", "TICKET"]).nullish(),
  status: z.enum(STATUSES).nullish(),
  categoryId: id.nullish(),
  category: text(100).nullish(),
  assignedToPersonId: id.nullish(),
  assignedToGroupId: id.nullish(),
  assetId: id.nullish(),
  locationId: id.nullish(),
  questionSetId: id.nullish(),
  comments: freeText(2_000).nullish(),
  ctzoffset: ctzoffset.nullish(),
});

export function ticketReceivers(parts: ReceiverParts): readonly Receiver[] {
  return [
    { kind: "ticket", receive: (each) => receiveTicket(parts, each) },
    { kind: "attendanceEvent", receive: (each) => receiveCrisis(parts, each) },
  ];
}

/** What a phone does not say stays as it is. @throws ApiumError `PARAMS_INVALID`. */
async function receiveTicket(parts: ReceiverParts, given: PhoneRecord): Promise<Receipt> {
  const { uuid, ctzoffset: _, ...rest } = parseParams(record, given);
  const actions = ticketActions(parts, parts.tell);
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== undefined));
  const { clientId } = parts.sender;
  const known = await ticketOfUuid(parts.database, uuid, { clientId });
  if (known === undefined) {
    const { status, ...ticket } = said;
    const made = await actions.create(askedFor(parts, { uuid, ...ticket }));
    if (status !== undefined && status !== made.status) {
      await actions.transition(askedFor(parts, { id: made.id, status }));
    }
    return { uuid, outcome: "created" };
  }
  const { siteId: _site, identifier: _identifier, ...change } = said;
  const after = await actions.change(askedFor(parts, { id: known.id, ...change }));
  const isSame =
    JSON.stringify({ ...after, emailTaskId: null, updatedAt: 0 }) ===
    JSON.stringify({ ...known, emailTaskId: null, updatedAt: 0 });
  return { uuid, outcome: isSame ? "unchanged" : "updated" };
}
