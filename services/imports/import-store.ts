// Imports as they are kept: the rows that were sent, the state, the report.
import { type Parameter, type Queryable, type Transaction, textArray } from "../../database/index.ts";
import { notFound, type Page, pageOf, plain } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import type { ImportReport, KindCounts, Problem } from "./report.ts";
import type { ImportRow } from "./row-values.ts";

const KEPT_DAYS = 7;
const BATCH = 1_000;

export interface Import {
  readonly id: number;
  readonly clientId: number | null;
  readonly clientCode: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  /** OPEN takes rows, QUEUED waits for its run; CHECKED: a dry run; REFUSED: rows are bad, nothing was kept. */
  readonly state: "OPEN" | "QUEUED" | "CHECKED" | "REFUSED" | "DONE";
  readonly isDryRun: boolean;
  readonly skipsBad: boolean;
  readonly taskId: string | null;
  readonly counts: Readonly<Record<string, KindCounts>>;
  readonly bad: number;
  readonly finishedAt: string | null;
}

const SELECT = `select t.id, t.client_id as "clientId", t.client_code as "clientCode", t.created_by as "createdBy",
  t.created_at as "createdAt", t.state, t.is_dry_run as "isDryRun", t.skips_bad as "skipsBad", t.task_id as "taskId",
  t.counts, t.bad, t.finished_at as "finishedAt" from facility_import t`;

/** Old ones go when a new one comes: their rows have personal data in them. */
export async function insertImport(
  tx: Transaction,
  scope: Scope,
  { clientCode, author }: { clientCode: string | undefined; author: string },
): Promise<Import> {
  await tx.query(`delete from facility_import where created_at < now() - interval '${KEPT_DAYS} days'`);
  const { rows } = await tx.query<{ id: number }>(
    "insert into facility_import (client_id, client_code, created_by) values ($1::bigint, $2, $3) returning id",
    [scope.clientId ?? null, clientCode ?? null, author],
  );
  return findImport(tx, scope, (rows[0] as { id: number }).id);
}

/** @throws ApiumError `NOT_FOUND`, also for another client's. */
export async function findImport(store: Queryable, scope: Scope, id: number, lock = false): Promise<Import> {
  const values = new Values();
  const { rows } = await store.query<Import>(
    `${SELECT} where t.id = ${values.of(id)}::bigint and ${within(scope, "t.client_id", values)}${lock ? " for update" : ""}`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("import", id);
  return plain(rows[0]);
}

export async function addRows(tx: Transaction, id: number, rows: readonly ImportRow[]): Promise<number> {
  const { affected } = await tx.query(
    `insert into facility_import_row (import_id, kind, file, line, cells)
     select $1::bigint, r.kind, r.file, r.line, r.cells
     from json_to_recordset($2::text::json) as r(kind text, file text, line integer, cells json)`,
    [id, JSON.stringify(rows)],
  );
  return affected;
}

export async function kindsOf(store: Queryable, id: number): Promise<{ kind: string; rows: number }[]> {
  const { rows } = await store.query<{ kind: string; rows: number }>(
    "select kind, count(*)::integer as rows from facility_import_row where import_id = $1 group by kind order by kind",
    [id],
  );
  return rows;
}

/** In the order they were sent. */
export async function* rowsOf(store: Queryable, id: number, kind: string): AsyncGenerator<ImportRow> {
  for (let after = 0; ; ) {
    const { rows } = await store.query<ImportRow & { id: number }>(
      `select id, kind, file, line, cells from facility_import_row
       where import_id = $1 and kind = $2 and id > $3::bigint order by id limit ${BATCH}`,
      [id, kind, after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return;
    after = last.id;
  }
}

/** The run that was asked for; what an earlier one found is gone. */
export async function queueImport(
  tx: Transaction,
  id: number,
  { dryRun, skipBad, taskId }: { dryRun: boolean; skipBad: boolean; taskId: string },
): Promise<void> {
  await tx.query("delete from facility_import_problem where import_id = $1", [id]);
  await tx.query(
    `update facility_import set state = 'QUEUED', is_dry_run = $2::boolean, skips_bad = $3::boolean, task_id = $4,
       counts = '{}', bad = 0, finished_at = null where id = $1::bigint`,
    [id, dryRun, skipBad, taskId],
  );
}

export async function finishImport(
  tx: Transaction,
  id: number,
  state: Import["state"],
  { counts, bad, problems }: Pick<ImportReport, "counts" | "bad" | "problems">,
): Promise<void> {
  const column = (read: (problem: Problem) => string | null) => textArray(problems.map(read));
  const lines = `{${problems.map(({ line }) => line ?? "null").join(",")}}`;
  const parameters: Parameter[] = [
    ...[id, column(({ file }) => file), lines, column((one) => one.column), column(({ value }) => value)],
    column(({ message }) => message),
  ];
  await tx.query(
    `insert into facility_import_problem (import_id, file, line, column_name, value, message)
     select $1::bigint, u.* from unnest($2::text::text[], $3::text::integer[], $4::text::text[], $5::text::text[],
       $6::text::text[]) as u`,
    parameters,
  );
  await tx.query(
    `update facility_import set state = $2, counts = $3::text::json, bad = $4::integer, finished_at = now()
     where id = $1::bigint`,
    [id, state, JSON.stringify(counts), bad],
  );
  // A dry run is mostly followed by the real one, a refused one by better files.
  if (state === "DONE") await tx.query("delete from facility_import_row where import_id = $1", [id]);
}

export async function listProblems(
  store: Queryable,
  id: number,
  { limit, cursor }: { readonly limit: number; readonly cursor?: number | undefined },
): Promise<Page<Problem & { readonly id: number }>> {
  const { rows } = await store.query<Problem & { id: number }>(
    `select id, file, line, column_name as "column", value, message from facility_import_problem
     where import_id = $1 and id > $2::bigint order by id limit $3`,
    [id, cursor ?? 0, limit + 1],
  );
  return pageOf(rows, limit);
}
