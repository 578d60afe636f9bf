/**
 * How a room takes in what a phone has recorded. A room says which kinds of record it knows and what receiving one does;
 * it does so with the very code that its actions run, in a transaction that holds this record alone and is kept, or
 * given up, with the phone's whole message. The mobile service reads the message, and writes down what became of each.
 */
import type { Database } from "../database/index.ts";
import type { Asked, Tell } from "./scope.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Whose phone it is. Everything is done in their name, and of their client only. */
export interface Sender {
  readonly name: string;
  readonly clientId: number;
  readonly personId: number;
  readonly deviceId: string | null;
}

/** A record with our names: camelCase, instants as ISO 8601, ids as numbers. */
export type PhoneRecord = Readonly<Record<string, unknown>>;

export interface Receipt {
  /** As the phone has it. */
  readonly uuid: string;
  /** `unchanged`: it was here already, or there was nothing to do. */
  readonly outcome: "created" | "updated" | "unchanged";
  /** Where the record became part of another row, that one's: an ad-hoc report of work that was scheduled. */
  readonly storedAs?: string;
}

/** Kinds of record: one for each table that phones write, and two that are more than a row. */
export const RECORD_KINDS = [
  /** Progress of work that the phone was given, with answers: `details`. */
  "taskTour",
  /** Work that came up, begun and perhaps done. */
  "adhoc",
  /** A site report or an incident report: a parent and its sections. */
  "report",
  "jobneed",
  "jobneedDetail",
  "ticket",
  "attendanceEvent",
  "tracking",
  "assetLog",
  "attachment",
  "workOrder",
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface Receiver {
  readonly kind: RecordKind;
  /**
   * Sent again, a record changes nothing and gives the same answer.
   * @throws ApiumError for what is wrong with this record: nothing stays of it, the others are not affected.
   */
  receive(record: PhoneRecord): Promise<Receipt>;
}

export interface ReceiverParts extends ServiceParts {
  /** Within the record's transaction. */
  readonly database: Database;
  readonly sender: Sender;
  /** To be called after the commit, as rooms do: `tx.afterCommit(() => tell(…))`. */
  readonly tell: Tell;
}

export type Receivers = (parts: ReceiverParts) => readonly Receiver[];

/** The call of an action that does what the record says, as the sender. */
export function askedFor({ sender }: Pick<ReceiverParts, "sender">, params: object): Asked {
  const { name, clientId, personId } = sender;
  return { params, meta: { user: { name, role: "person", clientId, personId } } } as Asked;
}
