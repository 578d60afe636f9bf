// A small facility to look at on a first start, from the files in examples/. Taken in once, into an empty embedded system
// only; nobody gets mail for it.
import { fileURLToPath } from "node:url";
import { readFiles, type SheetRow, tableFiles } from "../../spreadsheet/index.ts";
import type { Importers } from "../importer.ts";
import { createJob, createPpmJob } from "../jobs/tasks.ts";
import { WHOLE_SYSTEM } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import type { ImportReport } from "./report.ts";
import { takeIn } from "./take-in.ts";

const FOLDER = fileURLToPath(new URL("../../examples/demo-facility", import.meta.url));

/** What was taken in; undefined where there is something already. */
export async function loadDemo(parts: ServiceParts, importers: Importers): Promise<ImportReport | undefined> {
  const { database, runtime, settings } = parts;
  const isEmpty = async () => (await database.query("select 1 from site limit 1")).rows.length === 0;
  if (!(await isEmpty())) return undefined;
  const rows: SheetRow[] = [];
  for await (const row of readFiles(await tableFiles([FOLDER]))) rows.push(row);
  const ofKind = (kind: string) => rows.filter((row) => row.kind === kind);
  return database.transaction(async (tx) => {
    // The client's number comes after those of its sites, so that the first site is number 1, as in all examples.
    const { code = "", name = "", timezone = "" } = ofKind("clients")[0]?.cells ?? {};
    const clientId = ofKind("sites").length + 1;
    await tx.query(
      `insert into site (id, client_id, code, name, timezone, kind) overriding system value
       values ($1::bigint, $1::bigint, $2, $3, $4, 'CLIENT')`,
      [clientId, code, name, timezone],
    );
    const report = await takeIn(parts, importers, tx, {
      scope: WHOLE_SYSTEM,
      author: "demo",
      kinds: [...new Set(rows.map(({ kind }) => kind))],
      rowsOf: ofKind,
    });
    if (report.bad > 0) throw new Error(`the demo facility is bad: ${JSON.stringify(report.problems.slice(0, 3))}`);
    await tx.query("select setval(pg_get_serial_sequence('site', 'id'), $1::bigint)", [clientId]);
    if (settings.SERVICES.includes("jobs")) {
      await createJob.enqueue(runtime, {}, { tx });
      await createPpmJob.enqueue(runtime, {}, { tx });
    }
    return report;
  });
}
