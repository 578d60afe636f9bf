// The cells of a row as the values a room is given: numbers, flags, instants, ids of the rows that cells name. Every cell
// that is wrong is said, not only the first.
import { zoneNamed } from "../../runtime/index.ts";
import type { ImportColumn, Importer, ImportValues } from "../importer.ts";
import type { NameBook } from "./name-book.ts";
import type { Problem } from "./report.ts";

export interface ImportRow {
  readonly file: string;
  readonly kind: string;
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** The word of the original's "no value" rows. In a cell it takes a value away; an empty cell leaves it as it is. */
const NO_VALUE = "NONE";
/** The id of the original's "NONE" rows, which its exports have where nothing is meant. */
const NO_VALUE_ID = "1";

export interface ReadRow {
  readonly values: ImportValues;
  /** Cells of late columns, by field; their names are looked up when all rows are in. */
  readonly late: readonly (readonly [column: string, cell: string])[];
  readonly problems: readonly Problem[];
}

export async function readRow(importer: Importer, row: ImportRow, names: NameBook): Promise<ReadRow> {
  const values: Record<string, unknown> = {};
  const late: [string, string][] = [];
  const problems: Problem[] = [];
  // The site first: others are looked for at it.
  const columns = Object.entries(importer.columns).sort(([a], [b]) => Number(b === "site") - Number(a === "site"));
  for (const [name, column] of columns) {
    const cell = (row.cells[name] ?? "").trim();
    if (cell === "") {
      if (column.isRequired === true) problems.push(problem(row, name, "must have a value"));
      continue;
    }
    if (column.isLate === true) {
      late.push([name, cell]);
      continue;
    }
    try {
      values[column.field] = await cellValue(column, cell, values.siteId as number | undefined, names);
    } catch (error) {
      problems.push(problem(row, name, (error as Error).message));
    }
  }
  return { values, late, problems };
}

/** @throws Error that says what is wrong with the cell. */
export async function cellValue(
  column: ImportColumn,
  cell: string,
  siteId: number | undefined,
  names: NameBook,
): Promise<unknown> {
  if (column.names !== undefined) {
    if (cell === NO_VALUE) return null;
    const id = await names.idOf(column.names, cell, siteId);
    if (id !== undefined) return id;
    if (cell === NO_VALUE_ID) return null;
    throw new Error(await names.unknown(column.names, cell, siteId));
  }
  if (column.kind === "number") {
    const number = Number(cell);
    if (!/^[+-]?\d+(\.\d+)?$/.test(cell) || !Number.isFinite(number))
      throw new Error("must be a number, such as 30 or 12.5");
    return number;
  }
  if (column.kind === "flag") {
    if (/^(yes|true|y|1)$/i.test(cell)) return true;
    if (/^(no|false|n|0)$/i.test(cell)) return false;
    throw new Error("must be yes or no");
  }
  if (column.kind === "list") {
    return cell
      .split(";")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  if (column.kind === "instant") return instantOf(cell, await names.zoneOf(siteId));
  return cell === NO_VALUE && column.isRequired !== true && column.field === "cron" ? null : cell;
}

const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?)?$/;

/** An instant with its offset as it is; else what the zone's clocks show, at the first time they do. */
function instantOf(cell: string, zone: string): string {
  const [, date, time = "00:00"] = LOCAL.exec(cell) ?? [];
  const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/.test(cell);
  const ms = date === undefined ? (hasOffset ? Date.parse(cell) : Number.NaN) : Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(ms)) throw new Error("must be a date, such as 2026-01-31 or 2026-01-31 08:00, or an ISO instant");
  return new Date(date === undefined ? ms : zoneNamed(zone).firstInstantOf(ms)).toISOString();
}

export function problem(row: ImportRow, column: string | null, message: string): Problem {
  const { file, line } = row;
  const value = column === null ? null : (row.cells[column] ?? "").slice(0, 200);
  return { file, line, column, value, message };
}
