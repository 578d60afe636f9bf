/**
 * Takes the rows of an import in, kind by kind, each in a savepoint of the transaction it is given: a bad row leaves
 * nothing behind and stops nobody. Whether the whole is kept is the caller's to say, by the report: a dry run does all of
 * it and is then rolled back, so that what it says is what would happen.
 */
import { inSavepoint, type Transaction } from "../../database/index.ts";
import { ApiumError, messageOf } from "../../runtime/index.ts";
import type { Importer, ImportValues } from "../importer.ts";
import type { NameBook } from "./name-book.ts";
import { ImportReport, type Problem } from "./report.ts";
import { cellValue, type ImportRow, problem, readRow } from "./row-values.ts";

export interface ImportRun {
  readonly tx: Transaction;
  readonly importers: readonly Importer[];
  readonly names: NameBook;
  /** The kinds there are rows of. */
  readonly kinds: readonly string[];
  readonly rowsOf: (kind: string) => AsyncIterable<ImportRow> | Iterable<ImportRow>;
  /** After the rows of a kind: the client is known once `clients` are in. */
  readonly afterKind?: (kind: string, report: ImportReport) => Promise<void>;
  readonly onRow?: () => void;
}

/** A row that is in, with cells that wait until all others are. */
interface Waiting {
  readonly importer: Importer;
  readonly row: ImportRow;
  readonly values: ImportValues;
  readonly cells: readonly (readonly [column: string, cell: string])[];
}

export async function runImport(run: ImportRun): Promise<ImportReport> {
  const report = new ImportReport();
  const waiting: Waiting[] = [];
  await refuseUnknownKinds(run, report);
  for (const importer of run.importers) {
    if (run.kinds.includes(importer.kind)) await takeInKind(run, importer, report, waiting);
    await run.afterKind?.(importer.kind, report);
  }
  for (const late of waiting) await takeInLate(run, late, report);
  return report;
}

async function takeInKind(run: ImportRun, importer: Importer, report: ImportReport, waiting: Waiting[]): Promise<void> {
  const seen = new Map<string, string>();
  const counts = report.of(importer.kind);
  let hasCheckedHead = false;
  for await (const group of groupsOf(run.rowsOf(importer.kind), importer.together)) {
    if (!hasCheckedHead) {
      hasCheckedHead = true;
      const unknown = unknownColumns(importer, group[0] as ImportRow);
      report.add(unknown);
      report.unknown += unknown.length;
    }
    counts.rows += group.length;
    const problems = await takeInGroup(
      run,
      importer,
      group,
      seen,
      (outcome) => (counts[outcome] += group.length),
      waiting,
    );
    if (problems.length > 0) {
      counts.bad += group.length;
      report.add(problems);
      for (const row of group) run.names.noteBad(importer.kind, nameOf(importer, row), `${row.file} line ${row.line}`);
    }
    for (const _ of group) run.onRow?.();
  }
}

/** What is wrong with the rows; nothing, when they are in. */
async function takeInGroup(
  { tx, names }: ImportRun,
  importer: Importer,
  group: readonly ImportRow[],
  seen: Map<string, string>,
  count: (outcome: "created" | "changed" | "unchanged") => void,
  waiting: Waiting[],
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const read: { row: ImportRow; values: ImportValues; late: Waiting["cells"] }[] = [];
  for (const row of group) {
    const key = JSON.stringify(importer.key.map((column) => (row.cells[column] ?? "").trim()));
    const before = seen.get(key);
    if (before !== undefined) problems.push(problem(row, importer.key.at(-1) ?? null, `the same row is in ${before}`));
    seen.set(key, `${row.file} line ${row.line}`);
    const { values, late, problems: ofRow } = await readRow(importer, row, names);
    problems.push(...ofRow);
    read.push({ row, values, late });
  }
  if (problems.length > 0) return problems;
  try {
    count(await inSavepoint(tx, () => importer.apply(read.map(({ values }) => values))));
  } catch (error) {
    return problemsOf(importer, group, error);
  }
  for (const { row, values, late } of read) {
    if (late.length > 0) waiting.push({ importer, row, values, cells: late });
  }
  return [];
}

async function takeInLate({ tx, names }: ImportRun, late: Waiting, report: ImportReport): Promise<void> {
  const { importer, row, cells } = late;
  const values: Record<string, unknown> = { ...late.values };
  const problems: Problem[] = [];
  for (const [name, cell] of cells) {
    const column = importer.columns[name];
    if (column === undefined) continue;
    try {
      values[column.field] = await cellValue(column, cell, values.siteId as number | undefined, names);
    } catch (error) {
      problems.push(problem(row, name, messageOf(error)));
    }
  }
  const counts = report.of(importer.kind);
  try {
    if (problems.length === 0) await inSavepoint(tx, async () => importer.applyLate?.(values));
  } catch (error) {
    problems.push(...problemsOf(importer, [row], error));
  }
  if (problems.length > 0) counts.bad += 1;
  report.add(problems);
}

/** A refusal as problems of the cells it is about. Anything else than a refusal is no row's fault and ends the import. */
function problemsOf(importer: Importer, group: readonly ImportRow[], error: unknown): Problem[] {
  if (!(error instanceof ApiumError) || error.retryable) throw error;
  const { lineOfGroup } = error as { lineOfGroup?: number };
  const fields = error.fields ?? [];
  if (fields.length === 0) return [problem(group[lineOfGroup ?? 0] as ImportRow, null, messageOf(error))];
  return fields.map(({ field, message }) => {
    const [, index, inner = field] = /^\w+\.(\d+)\.(\w+)/.exec(field) ?? [];
    const row = group[lineOfGroup ?? Number(index ?? 0)] ?? (group[0] as ImportRow);
    const [column] = Object.entries(importer.columns).find(([, { field: name }]) => name === inner) ?? [];
    return problem(row, column ?? null, column === undefined ? `${inner}: ${message}` : message);
  });
}

/** Rows that follow one another and have the same cells in these columns. */
async function* groupsOf(
  rows: AsyncIterable<ImportRow> | Iterable<ImportRow>,
  together: readonly string[] | undefined,
): AsyncGenerator<ImportRow[]> {
  let group: ImportRow[] = [];
  let shared = "";
  for await (const row of rows) {
    const key =
      together === undefined ? undefined : JSON.stringify(together.map((name) => row.cells[name]?.trim() ?? ""));
    if (group.length > 0 && (key === undefined || key !== shared)) {
      yield group;
      group = [];
    }
    shared = key ?? "";
    group.push(row);
  }
  if (group.length > 0) yield group;
}

function unknownColumns({ kind, columns }: Importer, row: ImportRow): Problem[] {
  return Object.keys(row.cells)
    .filter((name) => columns[name] === undefined)
    .map((name) => ({
      ...{ file: row.file, line: 1, column: name, value: null },
      message: `${kind} have no column of this name; there are ${Object.keys(columns).join(", ")}`,
    }));
}

async function refuseUnknownKinds({ kinds, importers, rowsOf }: ImportRun, report: ImportReport): Promise<void> {
  const known = importers.map(({ kind }) => kind);
  for (const kind of kinds.filter((one) => !known.includes(one))) {
    for await (const { file } of rowsOf(kind)) {
      const message = `nothing is called "${kind}"; files and sheets are named ${known.join(", ")}`;
      report.add([{ file, line: null, column: null, value: null, message }]);
      report.unknown += 1;
      break;
    }
  }
}

/** What other rows name it by. */
function nameOf({ columns }: Importer, { cells }: ImportRow): string {
  return (cells[columns.code === undefined ? "name" : "code"] ?? cells.checklist ?? "").trim();
}
