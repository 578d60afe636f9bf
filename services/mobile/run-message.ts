// A stored message is run: its mutations, as the person who sent it, in the transaction that also ends its task and keeps
// its answer. Whatever stops it leaves nothing, and the next try does it whole.
import { type ExecutionResult, execute, type GraphQLSchema } from "graphql";
import type { Transaction } from "../../database/index.ts";
import { Reject } from "../../runtime/index.ts";
import type { Receivers, RecordKind, Sender } from "../receiver.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { applyRecords, type RecordsOutput } from "./apply-records.ts";
import { findMessage, finishMessage, lockSender, type Message } from "./message-store.ts";
import { readDocument } from "./schema/limits.ts";

export interface MessageRun {
  readonly parts: ServiceParts;
  readonly schema: GraphQLSchema;
  readonly receivers: Receivers;
  readonly tx: Transaction;
  readonly tell: Tell;
  readonly signal: AbortSignal;
}

export interface Ran {
  readonly message: Message;
  readonly counts: { readonly stored: number; readonly refused: number };
}

/** @throws Reject when there is no such message; an outage as it is. */
export async function runMessage(run: MessageRun, messageId: number): Promise<Ran> {
  const { tx, schema, parts } = run;
  const unlocked = await findMessage(tx, messageId);
  if (unlocked === undefined) throw new Reject("the message is gone");
  await lockSender(tx, unlocked, "running");
  const waiting = (await findMessage(tx, messageId)) ?? unlocked;
  if (waiting.state === "SUCCESS") return { message: waiting, counts: { stored: 0, refused: 0 } };
  const sender = await senderOf(tx, waiting);
  const root = rootOf(run, sender);
  const { document } = readDocument(waiting.document, waiting.operationName ?? undefined);
  const result: ExecutionResult = await execute({
    schema,
    document,
    rootValue: root.value,
    variableValues: waiting.variables,
    ...(waiting.operationName === null ? {} : { operationName: waiting.operationName }),
  });
  if (root.failure !== undefined) throw root.failure.error;
  const kept = JSON.parse(JSON.stringify(result)) as NonNullable<Message["result"]>;
  const state = kept.data === undefined || kept.data === null ? "FAILURE" : "SUCCESS";
  const at = new Date(parts.runtime.parts.clock.now()).toISOString();
  await finishMessage(tx, waiting.id, { state, result: kept, at });
  return { message: { ...waiting, state, result: kept }, counts: root.counts };
}

/** The name as it is now: what is accepted is done, whatever became of the account since. */
async function senderOf(tx: Transaction, { personId, clientId, deviceId }: Message): Promise<Sender> {
  const { rows } = await tx.query<{ loginId: string | null }>(
    'select login_id as "loginId" from person where id = $1::bigint',
    [personId],
  );
  return { name: `person:${personId} ${rows[0]?.loginId ?? ""}`.trim(), personId, clientId, deviceId };
}

interface FileArguments {
  readonly content?: string | null;
  readonly bytes?: readonly number[] | null;
  readonly biodata: unknown;
  readonly record?: unknown;
}

/** The mutations on records, bound to one run. An outage inside one is kept, since GraphQL makes an answer of it. */
function rootOf({ parts, receivers, tx, tell, signal }: MessageRun, sender: Sender) {
  const root = {
    failure: undefined as { readonly error: unknown } | undefined,
    counts: { stored: 0, refused: 0 },
    value: {},
  };
  const onRecord = () => signal.throwIfAborted();
  const take = async (records: unknown, kind?: RecordKind) => {
    // After an outage nothing more is tried: all of it is given up.
    if (root.failure !== undefined) throw root.failure.error;
    try {
      const output = await applyRecords({ parts, receivers, tx, sender, tell, onRecord }, records, kind);
      root.counts.stored += output.recordcount;
      root.counts.refused += output.records.length - output.recordcount;
      return selfContained(output);
    } catch (error) {
      root.failure = { error };
      throw error;
    }
  };
  root.value = {
    insertRecord: ({ records }: { records: unknown }) => take(records),
    updateTaskTour: ({ records }: { records: unknown }) => take(records, "taskTour"),
    adhocRecord: ({ records }: { records: unknown }) => take(records, "adhoc"),
    uploadReport: ({ records }: { records: unknown }) => take(records, "report"),
    uploadAttachment: (file: FileArguments) => take([fileRecord(file)], "attachment"),
  };
  return root;
}

/** What the old app puts in three arguments. */
function fileRecord({ content, bytes, biodata, record }: FileArguments): Record<string, unknown> {
  const [about, own] = [biodata, record ?? {}].map((each) => (typeof each === "string" ? JSON.parse(each) : each));
  const { people_id: _, path: __, ...named } = about as Record<string, unknown>;
  const given = content ?? bytes ?? undefined;
  return { ...(own as object), ...named, ...(given === undefined ? {} : { content: given }) };
}

/** With `output`, which is the same. */
function selfContained(output: RecordsOutput): RecordsOutput & { readonly output: RecordsOutput } {
  const whole = { ...output } as RecordsOutput & { output: RecordsOutput };
  whole.output = whole;
  return whole;
}
