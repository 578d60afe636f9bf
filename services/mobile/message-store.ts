// Messages of phones in the books. A message that says the same as an earlier one of its sender is that one, unless the
// phone has since sent something else about the same records: then it is a change back, and new. One under an id of its
// device's own is the one that came under it, and must say what that said: what is acknowledged here, the phone forgets.
import { createHash } from "node:crypto";
import { type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { ApiumError, canonicalJson } from "../../runtime/index.ts";
import { plain } from "../fields.ts";
import type { Sender } from "../receiver.ts";

export interface NewMessage {
  readonly via: "http" | "mqtt" | "rest";
  readonly document: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly uuids: readonly string[];
  readonly serviceName: string | null;
  /** The device's own; default what the message says. */
  readonly messageId: string | null;
}

export interface Message {
  readonly id: number;
  readonly clientId: number;
  readonly personId: number;
  readonly deviceId: string | null;
  readonly via: NewMessage["via"];
  readonly document: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly uuids: readonly string[];
  readonly serviceName: string | null;
  readonly taskId: string;
  readonly state: "PENDING" | "SUCCESS" | "FAILURE";
  readonly result: { readonly data?: unknown; readonly errors?: readonly unknown[] } | null;
  readonly receivedAt: string;
}

const COLUMNS = `m.id, m.client_id as "clientId", m.person_id as "personId", m.device_id as "deviceId", m.via, m.document,
  m.operation_name as "operationName", m.variables, m.uuids, m.service_name as "serviceName", m.task_id as "taskId",
  m.state, m.result, m.received_at as "receivedAt"`;

/**
 * One at a time of each sender, until the transaction ends. Those that come in, so that two of the same at once are one;
 * those that run, so that two about the same rows do not wait for each other in a circle. What comes in need not wait
 * for what runs.
 */
export async function lockSender(
  tx: Transaction,
  { personId }: Pick<Sender, "personId">,
  what: "receiving" | "running",
): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtext('mobile ' || $2), $1::bigint::integer)", [
    personId % 2_147_483_647,
    what,
  ]);
}

export function keyOf(message: NewMessage): string {
  const { messageId } = message;
  return createHash("sha256")
    .update(messageId === null ? contentOf(message) : `id ${messageId}`)
    .digest("hex");
}

function contentOf({
  document,
  operationName,
  variables,
}: Pick<NewMessage, "document" | "operationName" | "variables">) {
  return canonicalJson([document, operationName, variables]);
}

/**
 * The message that this one repeats, with one more delivery counted. Under the sender's lock.
 * @throws ApiumError `MESSAGE_ID_CONFLICT` when its id is that of a message of the device that says something else.
 */
export async function repeated(tx: Transaction, sender: Sender, message: NewMessage): Promise<Message | undefined> {
  const { rows } = await tx.query<Message>(
    `with known as (
       select max(id) as id from mobile_message where person_id = $1::bigint and key = $2
         and (not $3::boolean or device_id is not distinct from $5))
     update mobile_message m set deliveries = m.deliveries + 1 from known
     where m.id = known.id and ($3::boolean or not exists (
       select 1 from mobile_message later
       where later.person_id = $1::bigint and later.id > known.id and later.uuids && $4::text::text[]))
     returning ${COLUMNS}`,
    [sender.personId, keyOf(message), message.messageId !== null, textArray(message.uuids), sender.deviceId],
  );
  if (rows[0] === undefined) return undefined;
  const known = plain(rows[0]);
  if (message.messageId !== null && contentOf(known) !== contentOf(message)) {
    throw new ApiumError(
      "MESSAGE_ID_CONFLICT",
      `the message id ${message.messageId} was already used for another message of this device`,
    );
  }
  return known;
}

/** The number of a message to come, for its task to know. */
export async function nextMessageId(tx: Transaction): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(
    "select nextval(pg_get_serial_sequence('mobile_message', 'id')) as id",
  );
  return (rows[0] as { id: number }).id;
}

/** @param taskId - of the task that will run it. */
export async function insertMessage(
  tx: Transaction,
  sender: Sender,
  message: NewMessage,
  { id, taskId }: Pick<Message, "id" | "taskId">,
): Promise<void> {
  await tx.query(
    `insert into mobile_message (id, client_id, person_id, device_id, key, via, document, operation_name, variables, uuids,
       service_name, task_id)
     overriding system value
     values ($1::bigint, $2::bigint, $3::bigint, $4, $5, $6, $7, $8, $9::json, $10::text::text[], $11, $12::uuid)`,
    [
      id,
      sender.clientId,
      sender.personId,
      sender.deviceId,
      keyOf(message),
      message.via,
      message.document,
      message.operationName,
      JSON.stringify(message.variables),
      textArray(message.uuids),
      message.serviceName,
      taskId,
    ],
  );
}

export async function findMessage(tx: Transaction, id: number): Promise<Message | undefined> {
  const { rows } = await tx.query<Message>(`select ${COLUMNS} from mobile_message m where m.id = $1::bigint`, [id]);
  return rows[0] === undefined ? undefined : plain(rows[0]);
}

export async function finishMessage(
  tx: Transaction,
  id: number,
  { state, result, at }: { readonly state: Message["state"]; readonly result: object; readonly at: string },
): Promise<void> {
  await tx.query("update mobile_message set state = $2, result = $3::json, done_at = $4::timestamptz where id = $1", [
    id,
    state,
    JSON.stringify(result),
    at,
  ]);
}

/** Of this person only; what is not theirs is as good as not there. */
export async function messagesOf(
  store: Queryable,
  personId: number,
  taskIds: readonly string[],
): Promise<readonly Pick<Message, "taskId" | "state" | "result" | "receivedAt">[]> {
  const { rows } = await store.query<Message>(
    `select ${COLUMNS} from mobile_message m
     where m.person_id = $1::bigint and m.task_id = any ($2::text::text[]::uuid[])`,
    [personId, textArray(taskIds)],
  );
  return rows.map(plain);
}
