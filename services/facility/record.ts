// A kind of master data as data: its table, its fields with their checks, what they refer to. Listing, reading, making
// and changing rows of every kind is done by one piece of code each (`record-store.ts`, `record-actions.ts`).
import { z } from "zod";
import type { ReferenceTable } from "../clients.ts";
import { ctzoffset, id } from "../fields.ts";

export interface Field {
  readonly column: string;
  readonly schema: z.ZodType;
  /** A new row must have it, and it cannot be taken away. Default false. */
  readonly isRequired?: boolean;
  /** It may be null. Default: it may, unless required; false for columns that have a default instead. */
  readonly isNullable?: boolean;
  /** Given when the row is made, and never changed. */
  readonly isFixed?: boolean;
  /** The row it names must be of the same client. */
  readonly refersTo?: ReferenceTable;
  /** How the value travels; default as it is. */
  readonly kind?: "json" | "list";
  /** Lists can be narrowed by it. */
  readonly isFilter?: boolean;
}

export interface RecordKind {
  readonly table: ReferenceTable;
  readonly noun: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Text search (`q`) looks into these columns. */
  readonly searched: readonly string[];
  /** What is unique, and the field that is named when it is taken. */
  readonly unique: { readonly field: string; readonly message: string };
  /** Rows without a client are everybody's: seen by all, changed by operators of the whole system only. */
  readonly hasShared?: boolean;
  /** Where a row's zone comes from; default the site of its `siteId`. */
  readonly zone?: "self" | "none";
  /** A condition of lists that do not ask for the field themselves. */
  readonly unlessAsked?: { readonly field: string; readonly condition: string };
}

/** A row as it is answered. */
export type RecordRow = Readonly<Record<string, unknown>> & { readonly id: number; readonly clientId: number | null };

/** What the audit calls a change: `site.create`, `question-set.change`. */
export function auditedAs({ noun }: Pick<RecordKind, "noun">, verb: "create" | "change"): string {
  return `${noun.replaceAll(" ", "-")}.${verb}`;
}

/** The schema of a new row. */
export function creationOf(kind: RecordKind) {
  const fields = Object.entries(kind.fields).map(([name, field]) => [
    name,
    field.isRequired === true ? field.schema : mayBeNull(field) ? field.schema.nullish() : field.schema.optional(),
  ]);
  return z.strictObject({
    ...(Object.fromEntries(fields) as Record<string, z.ZodType>),
    clientId: id.optional(),
    ctzoffset: ctzoffset.optional(),
  });
}

/** The schema of a change: any of the fields, null takes one away. */
export function changeOf(kind: RecordKind) {
  const fields = Object.entries(kind.fields)
    .filter(([, { isFixed }]) => isFixed !== true)
    .map(([name, field]) => [name, mayBeNull(field) ? field.schema.nullish() : field.schema.optional()]);
  return z.strictObject({
    ...(Object.fromEntries(fields) as Record<string, z.ZodType>),
    id,
    ctzoffset: ctzoffset.optional(),
  });
}

function mayBeNull({ isRequired, isNullable }: Field): boolean {
  return isNullable ?? isRequired !== true;
}
