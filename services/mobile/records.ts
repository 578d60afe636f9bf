// Records as they come within a message: objects, or JSON text of objects, or JSON text of that text. Read once, here,
// with bounds on how deep and how many they may be. Pure.
import { ApiumError } from "../../runtime/index.ts";
import { refused } from "../fields.ts";
import type { RecordKind } from "../receiver.ts";
import { kindOfTable, TABLE_NAMES, withOurNames } from "./original-names.ts";

export const MOST_RECORDS = 2_000;
const DEEPEST = 12;
/** The old app encodes its records twice. */
const MOST_ENCODINGS = 3;

export interface ReadRecord {
  readonly kind: RecordKind;
  readonly record: Readonly<Record<string, unknown>>;
}

/** @throws ApiumError `PARAMS_INVALID`. */
export function readRecords(given: unknown): readonly unknown[] {
  const list = decoded(given);
  const records = Array.isArray(list) ? list : [list];
  if (records.length > MOST_RECORDS)
    throw refused("records", `has ${records.length} records; ${MOST_RECORDS} may come at once`);
  return records;
}

/**
 * A record as its room takes it.
 * @param kind - default: what its `tablename` says.
 * @throws ApiumError `PARAMS_INVALID`.
 */
export function readRecord(given: unknown, kind?: RecordKind): ReadRecord {
  const value = decoded(given);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused("record", "must be an object");
  if (depthOf(value, DEEPEST) > DEEPEST) throw refused("record", `is nested more than ${DEEPEST} levels deep`);
  const { tablename, table, ...record } = value as Readonly<Record<string, unknown>>;
  const known = kind ?? kindOf(tablename ?? table);
  return { kind: known, record: withOurNames(known, record) };
}

/** The uuid a record says it has, for the answer, even where the record is refused. */
export function uuidIn(given: unknown): string | null {
  try {
    const { uuid } = decoded(given) as { readonly uuid?: unknown };
    return typeof uuid === "string" ? uuid.slice(0, 100) : null;
  } catch {
    return null;
  }
}

function kindOf(name: unknown): RecordKind {
  const kind = typeof name === "string" ? kindOfTable(name) : undefined;
  if (kind === undefined) throw refused("tablename", `must be one of ${TABLE_NAMES.join(", ")}`);
  return kind;
}

/** @throws ApiumError `PARAMS_INVALID`. */
function decoded(given: unknown): unknown {
  let value = given;
  for (let encoding = 0; typeof value === "string" && encoding < MOST_ENCODINGS; encoding += 1) {
    try {
      value = JSON.parse(value);
    } catch (cause) {
      throw new ApiumError("PARAMS_INVALID", "the record is no JSON", {
        cause,
        fields: [{ field: "record", message: "is no JSON" }],
      });
    }
  }
  return value;
}

function depthOf(value: unknown, most: number): number {
  if (typeof value !== "object" || value === null || most < 0) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner, most - 1));
  return deepest + 1;
}
