// What the feed says about a changed row, as pure rules: several changes of one row are one announcement with what it says
// now; what is secret stays here; a client's topic can be nobody else's.
import { MAX_PAYLOAD_BYTES } from "../topics.ts";
import type { Change, Operation } from "./outbox.ts";

/** Everything goes here, for the network-operations centre. */
export const TOPIC_OF_ALL = "redmine_to_noc";

export interface Announcement {
  readonly entity: string;
  readonly uuid: string;
  readonly clientId: number | null;
  readonly operation: Operation;
  readonly messageId: string;
  readonly changedAt: string;
  /** Of the changes it stands for. */
  readonly ids: readonly number[];
}

export type Row = Readonly<Record<string, unknown>>;

/** One announcement per row, in the order of their last changes. */
export function coalesce(changes: readonly Change[]): Announcement[] {
  const rows = new Map<string, Change[]>();
  for (const change of changes) {
    const key = `${change.entity} ${change.uuid}`;
    const known = rows.get(key) ?? [];
    known.push(change);
    rows.delete(key); // A map keeps the order of first insertion; the last change counts here.
    rows.set(key, known);
  }
  return [...rows.values()].map(announcementOf);
}

function announcementOf(changes: readonly Change[]): Announcement {
  const { entity, uuid, clientId, operation, id, changedAt } = changes.at(-1) as Change;
  const isNew = operation !== "DELETE" && changes.some((change) => change.operation === "CREATE");
  return {
    entity,
    uuid,
    clientId,
    operation: isNew ? "CREATE" : operation,
    // The same again when it is sent again: the id alone would be given out anew by a database that was set back.
    messageId: `${Date.parse(changedAt).toString(36)}-${id}`,
    changedAt,
    ids: changes.map((change) => change.id),
  };
}

export interface FeedMessage {
  readonly text: string;
  readonly isTruncated: boolean;
}

/**
 * The message's JSON. `row` is what the table says now; a row that is gone is announced as deleted, whatever the change
 * was. What would be longer than `mostBytes` goes without its payload and says so.
 */
export function feedMessage(
  { entity, uuid, operation, messageId, changedAt }: Announcement,
  row: Row | undefined,
  mostBytes = MAX_PAYLOAD_BYTES,
): FeedMessage {
  const isDeleted = operation === "DELETE" || row === undefined;
  const head = {
    messageId,
    operation: isDeleted ? "DELETE" : operation,
    app: "apium",
    models: entity,
    uuid,
    changedAt,
  };
  const text = JSON.stringify({ ...head, payload: isDeleted ? null : publicRow(row) });
  if (Buffer.byteLength(text) <= mostBytes) return { text, isTruncated: false };
  return { text: JSON.stringify({ ...head, payload: null, truncated: true }), isTruncated: true };
}

/**
 * Secrets are kept in tables without a feed (person_password, api_token, mobile_device). Should one come into a row or its
 * JSON (person.password_hash, person.token, site.preferences.api_key, …), its name keeps it here. `changed_in` is left out
 * too: it means nothing outside the database.
 */
const SECRET =
  /(^|_)(passwords?|passwd|pwd|secrets?|tokens?|hash|salt|otp|pin|credentials?|(api|private|secret|access)_?keys?)(_|$)/;

/** Columns in camelCase; names inside JSON columns as they are. */
export function publicRow(row: Row): Row {
  const shown: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    if (column !== "changed_in" && !isSecret(column)) shown[camelCase(column)] = withoutSecrets(value);
  }
  return shown;
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null || "toISOString" in value) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (isSecret(name) ? [] : [[name, withoutSecrets(inner)]])),
  );
}

function isSecret(name: string): boolean {
  const words = name.replaceAll(/(?<=[a-z0-9])([A-Z])/g, "_$1").replaceAll(/[^A-Za-z0-9]/g, "_");
  return SECRET.test(words.toLowerCase());
}

function camelCase(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export interface FeedClient {
  readonly id: number;
  readonly uuid: string;
  readonly code: string;
  /** No other client has this code. */
  readonly isUnique: boolean;
}

const PLAIN_LEVEL = /^[A-Za-z0-9_.-]+$/;

/** By the client's code, or its uuid where the code is another's too, or cannot be one level of a topic. */
export function topicOfClient({ code, uuid, isUnique }: FeedClient): string {
  return `clients/${isUnique && PLAIN_LEVEL.test(code) ? code : uuid}/feed`;
}
