// Rows that a report's parameters name by their ids: all of them must be there, within the scope.
import { plainArray } from "../../../database/index.ts";
import { refused } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import type { ReportReader } from "../reader.ts";

const NOUNS = {
  asset: "asset",
  location: "location",
  people_group: "group",
  person: "person",
  question_set: "question set",
  type_assist: "type-assist value",
  vendor: "vendor",
} as const;

export interface Choice {
  /** Of the parameter. */
  readonly field: string;
  readonly table: keyof typeof NOUNS;
  /** Undefined or empty: nothing is chosen. */
  readonly ids: readonly number[] | undefined;
  /** What the rows must be besides: a condition on `t`, a constant of the code. */
  readonly condition?: string;
}

export interface ChosenRow {
  readonly id: number;
  readonly name: string;
  /** Null for what everybody has. */
  readonly clientId: number | null;
}

/** In the order of their names. @throws ApiumError `PARAMS_INVALID` naming the field and the first id that is not there. */
export async function chosenRows(reader: ReportReader, scope: Scope, choice: Choice): Promise<ChosenRow[]> {
  const { field, table, ids = [], condition = "true" } = choice;
  if (ids.length === 0) return [];
  const values = new Values();
  const everybodys = table === "type_assist" ? "or t.client_id is null" : "";
  const rows = await reader.all<ChosenRow>(
    `select t.id, t.name, t.client_id as "clientId" from ${table} t
     where t.id = any(${values.of(plainArray(ids))}::text::bigint[])
       and (${within(scope, "t.client_id", values)} ${everybodys}) and ${condition} order by t.name, t.id`,
    values.list,
  );
  const found = new Set(rows.map(({ id }) => id));
  const missing = ids.find((id) => !found.has(id));
  if (missing !== undefined) throw refused(field, `there is no ${NOUNS[table]} ${missing}`);
  return rows;
}

/** The condition of an optional choice: `true` where nothing is chosen. */
export function oneOf(column: string, ids: readonly number[] | undefined, values: Values): string {
  return ids === undefined ? "true" : `${column} = any(${values.of(plainArray(ids))}::text::bigint[])`;
}
