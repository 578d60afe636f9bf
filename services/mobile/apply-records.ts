// The records of a message, one after another: each in a transaction of its own inside the message's. One that is refused
// leaves nothing behind and does not hold up the others; an outage gives up the whole message, to be tried again.
import { inSavepoint, isTransient, nestedIn, type Transaction } from "../../database/index.ts";
import { ApiumError, codeOf, ERRORS, type FieldError, messageOf } from "../../runtime/index.ts";
import type { Receipt, Receivers, RecordKind, Sender } from "../receiver.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { readRecord, readRecords, uuidIn } from "./records.ts";

export interface RecordOutcome {
  readonly uuid: string | null;
  readonly rc: 0 | 1;
  readonly outcome: Receipt["outcome"] | null;
  readonly storedAs: string | null;
  readonly code: string | null;
  readonly msg: string;
  readonly fields: readonly FieldError[] | null;
}

export interface RecordsOutput {
  readonly rc: 0 | 1;
  readonly recordcount: number;
  readonly msg: string;
  readonly traceback: null;
  readonly uuids: readonly string[];
  readonly records: readonly RecordOutcome[];
}

export interface ApplyParts {
  readonly parts: ServiceParts;
  readonly receivers: Receivers;
  readonly tx: Transaction;
  readonly sender: Sender;
  readonly tell: Tell;
  /** Between two records. Throws when the run is to stop. */
  readonly onRecord: () => void;
}

/** @throws what is no fault of the records: an outage, a run that is over. */
export async function applyRecords(apply: ApplyParts, given: unknown, kind?: RecordKind): Promise<RecordsOutput> {
  const outcomes: RecordOutcome[] = [];
  let records: readonly unknown[];
  try {
    records = readRecords(given);
  } catch (error) {
    return outputOf([refusal(null, error)]);
  }
  for (const each of records) {
    apply.onRecord();
    outcomes.push(await applyRecord(apply, each, kind));
  }
  return outputOf(outcomes);
}

async function applyRecord(apply: ApplyParts, given: unknown, wanted: RecordKind | undefined): Promise<RecordOutcome> {
  const { parts, receivers, tx, sender, tell } = apply;
  try {
    const { kind, record } = readRecord(given, wanted);
    const receipt = await inSavepoint(tx, async (inner) => {
      const own = { ...parts, database: nestedIn(parts.database, inner), sender, tell };
      const takers = receivers(own).filter((receiver) => receiver.kind === kind);
      if (takers.length === 0) throw new ApiumError("PARAMS_INVALID", `records of the kind ${kind} are not taken here`);
      // The first stores it; others do what follows from it.
      const receipts: Receipt[] = [];
      for (const taker of takers) receipts.push(await taker.receive(record));
      return receipts[0] as Receipt;
    });
    const { uuid, outcome, storedAs = null } = receipt;
    return { uuid, rc: 0, outcome, storedAs, code: null, msg: outcome, fields: null };
  } catch (error) {
    if (isOutage(error)) throw error;
    const known = codeOf(error) !== undefined && Object.hasOwn(ERRORS, codeOf(error) ?? "");
    if (!known) parts.log.error(`a record of a phone could not be stored: ${stackOf(error)}`);
    return refusal(uuidIn(given), error);
  }
}

/** Also what a later try may overcome: a full disk, a store that is away. */
function isOutage(error: unknown): boolean {
  if (isTransient(error) || codeOf(error) === "TASK_FENCED" || codeOf(error) === "TASK_REVOKED") return true;
  const state = codeOf(error) ?? "";
  if (/^(08|25|40|53|57|58|XX)/.test(state) && state.length === 5) return true;
  return error instanceof ApiumError && error.retryable && error.status >= 500 && error.code !== "INTERNAL";
}

function refusal(uuid: string | null, error: unknown): RecordOutcome {
  const code = codeOf(error) ?? "";
  const isOurs = Object.hasOwn(ERRORS, code);
  return {
    uuid,
    rc: 1,
    outcome: null,
    storedAs: null,
    code: isOurs ? code : "INTERNAL",
    msg: isOurs ? messageOf(error) : "it could not be stored",
    fields: (isOurs ? (error as ApiumError).fields : undefined) ?? null,
  };
}

function outputOf(records: readonly RecordOutcome[]): RecordsOutput {
  const stored = records.filter(({ rc }) => rc === 0);
  const refusedCount = records.length - stored.length;
  return {
    rc: refusedCount === 0 ? 0 : 1,
    recordcount: stored.length,
    msg: refusedCount === 0 ? `${stored.length} stored` : `${stored.length} stored, ${refusedCount} refused`,
    traceback: null,
    uuids: stored.flatMap(({ uuid }) => (uuid === null ? [] : [uuid])),
    records,
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
