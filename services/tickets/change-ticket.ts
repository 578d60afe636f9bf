// A ticket is changed: what is other than before is written, with an entry of the history that says what it was. What
// others must hear of (its state, who has it) is told to the caller.
import type { Transaction } from "../../database/index.ts";
import { requireReferences } from "../clients.ts";
import { refused } from "../fields.ts";
import { type Author, type Scope, Values } from "../scope.ts";
import { type CategoryInput, categoryOf } from "./category.ts";
import { addHistory } from "./history.ts";
import { findTicket, lockTicket, type Ticket } from "./store.ts";
import type { Priority, Status } from "./tables.ts";
import { objectionTo } from "./ticket-state.ts";

export interface TicketChange extends CategoryInput {
  readonly description?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly status?: Status | undefined;
  readonly assignedToPersonId?: number | null | undefined;
  readonly assignedToGroupId?: number | null | undefined;
  readonly assetId?: number | null | undefined;
  readonly locationId?: number | null | undefined;
  readonly questionSetId?: number | null | undefined;
  readonly comments?: string | null | undefined;
}

const COLUMNS = {
  description: "description",
  priority: "priority",
  status: "status",
  category: "category",
  categoryId: "category_id",
  assignedToPersonId: "assigned_to_person_id",
  assignedToGroupId: "assigned_to_group_id",
  assetId: "asset_id",
  locationId: "location_id",
  questionSetId: "question_set_id",
  comments: "comments",
} as const;
type ChangedField = keyof typeof COLUMNS;
const FIELDS = Object.keys(COLUMNS) as ChangedField[];
/** A mail goes out when one of these has changed. */
const TOLD: readonly ChangedField[] = ["status", "assignedToPersonId", "assignedToGroupId"];

export interface Changed {
  readonly ticket: Ticket;
  /** Empty when everything was as asked for already. */
  readonly fields: readonly string[];
  readonly isToBeMailed: boolean;
}

/** @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID` also for a state that cannot follow. */
export async function changeTicket(
  tx: Transaction,
  scope: Scope,
  id: number,
  change: TicketChange,
  author: Author,
): Promise<Changed> {
  const before = await lockTicket(tx, id, scope);
  const objection = change.status === undefined ? undefined : objectionTo(before.status, change.status);
  if (objection !== undefined) throw refused("status", objection);
  await requireReferences(tx, before.clientId, [
    { field: "assignedToPersonId", table: "person", id: change.assignedToPersonId },
    { field: "assignedToGroupId", table: "people_group", id: change.assignedToGroupId },
    { field: "assetId", table: "asset", id: change.assetId },
    { field: "locationId", table: "location", id: change.locationId },
    { field: "questionSetId", table: "question_set", id: change.questionSetId },
  ]);
  const namesCategory = change.category !== undefined || change.categoryId !== undefined;
  const category = namesCategory ? await categoryOf(tx, before.clientId, change) : {};
  const wanted = { ...change, ...category };
  const fields = FIELDS.filter((field) => wanted[field] !== undefined && wanted[field] !== before[field]);
  if (fields.length === 0) return { ticket: before, fields, isToBeMailed: false };

  const values = new Values();
  const key = values.of(id);
  const set = fields.map((field) => `${COLUMNS[field]} = ${values.of(wanted[field] ?? null)}`);
  set.push(`modified_by_id = ${values.of(author.personId ?? null)}::bigint`);
  await tx.query(`update ticket set ${set.join(", ")} where id = ${key}::bigint`, values.list);
  await addHistory(tx, id, {
    author,
    action: "updated",
    details: Object.fromEntries(fields.map((field) => [field, wanted[field]])),
    previousState: Object.fromEntries(fields.map((field) => [field, before[field]])),
  });
  const isToBeMailed = fields.some((field) => TOLD.includes(field));
  return { ticket: await findTicket(tx, id, scope), fields, isToBeMailed };
}

/** Adds a comment; the ticket shows the latest. @throws ApiumError `NOT_FOUND`. */
export async function commentTicket(
  tx: Transaction,
  scope: Scope,
  id: number,
  comment: string,
  author: Author,
): Promise<Ticket> {
  const before = await lockTicket(tx, id, scope);
  await tx.query("update ticket set comments = $2, modified_by_id = $3::bigint where id = $1", [
    id,
    comment,
    author.personId ?? null,
  ]);
  const previousState = { comments: before.comments };
  await addHistory(tx, id, { author, action: "commented", details: { comment }, previousState });
  return findTicket(tx, id, scope);
}
