// Imports over the broker: open one, send its rows, have it checked or taken in, read the report.
import { z } from "zod";
import { ApiumError, parseParams } from "../../runtime/index.ts";
import { auditChange } from "../change-audit.ts";
import { code, id, page, text } from "../fields.ts";
import type { Importers, ImportParts } from "../importer.ts";
import { type Asked, authorOf, scopeOf, WHOLE_SYSTEM } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { addRows, findImport, insertImport, kindsOf, listProblems, queueImport } from "./import-store.ts";
import { importFacility } from "./tasks.ts";

/** The embedded database does one thing at a time, and an import is one thing. */
const MOST_EMBEDDED_ROWS = 5_000;
const MOST_ROWS = 200_000;

const row = z.strictObject({
  kind: text(50),
  file: text(300),
  line: z.number().int().min(1).max(10_000_000),
  cells: z
    .record(text(100), z.string().max(20_000))
    .refine((cells) => !JSON.stringify(cells).includes("\\u0000"), "must not contain NUL")
    .refine((cells) => Object.keys(cells).length <= 100, "has more than 100 columns"),
});
const creation = z.strictObject({ client: code.optional() });
const delivery = z.strictObject({ id, rows: z.array(row).min(1).max(1_000) });
const order = z.strictObject({ id, dryRun: z.boolean().default(false), skipBad: z.boolean().default(false) });
const one = z.strictObject({ id });
const rowPage = z.strictObject({ id, ...page });

interface RunningTask {
  readonly state: string;
  readonly progress: unknown;
}

export function importActions(parts: ServiceParts, importers: Importers) {
  const { database, runtime } = parts;
  return {
    /** What may be imported: kinds of files with their columns. */
    kinds() {
      const none: ImportParts = { ...parts, author: "", isOperator: false, scope: () => WHOLE_SYSTEM };
      const items = importers(none).map(({ kind, columns, key }) => ({
        kind,
        key,
        columns: Object.entries(columns).map(([name, { isRequired = false, kind: type = "text", meaning }]) => ({
          ...{ name, type, isRequired, meaning },
        })),
      }));
      return { items };
    },
    create(ctx: Asked) {
      const { client: clientCode } = parseParams(creation, ctx.params);
      const author = authorOf(ctx).name;
      return database.transaction(async (tx) => {
        const opened = await insertImport(tx, scopeOf(ctx), { clientCode, author });
        await auditChange(tx, ctx, "import.create", opened.id);
        return opened;
      });
    },
    async addRows(ctx: Asked) {
      const { id: importId, rows } = parseParams(delivery, ctx.params);
      const added = await database.transaction(async (tx) => {
        const { state } = await findImport(tx, scopeOf(ctx), importId, true);
        if (state !== "OPEN") throw refusedState("rows are added before the import is run; open another one");
        const before = (await kindsOf(tx, importId)).reduce((total, kind) => total + kind.rows, 0);
        const most = database.engine === "pglite" ? MOST_EMBEDDED_ROWS : MOST_ROWS;
        if (before + rows.length > most) {
          throw refusedState(`an import has up to ${most} rows here: split the files, or set DATABASE_URL`);
        }
        return addRows(tx, importId, rows);
      });
      return { id: importId, added };
    },
    /** Has it checked (`dryRun`) or taken in; rows that are bad stop it, or with `skipBad` only themselves. */
    async run(ctx: Asked) {
      const { id: importId, dryRun, skipBad } = parseParams(order, ctx.params);
      return database.transaction(async (tx) => {
        const { state } = await findImport(tx, scopeOf(ctx), importId, true);
        if (state === "DONE" || state === "QUEUED") throw refusedState(`the import is ${state}`);
        const task = await importFacility.enqueue(runtime, { importId }, { tx });
        await queueImport(tx, importId, { dryRun, skipBad, taskId: task.id });
        await auditChange(tx, ctx, "import.run", importId, { dryRun, skipBad, taskId: task.id });
        return { id: importId, taskId: task.id, state: "QUEUED" };
      });
    },
    /** While it runs, with how far it has come; `taskState` says so when its task will not end it. */
    async get(ctx: Asked) {
      const found = await findImport(database, scopeOf(ctx), parseParams(one, ctx.params).id);
      if (found.state !== "QUEUED" || found.taskId === null) return { ...found, progress: null, taskState: null };
      const task = await ctx.call<RunningTask, object>("tasks.get", { id: found.taskId }).catch(() => undefined);
      return { ...found, progress: task?.progress ?? null, taskState: task?.state ?? null };
    },
    async problems(ctx: Asked) {
      const { id: importId, ...filter } = parseParams(rowPage, ctx.params);
      await findImport(database, scopeOf(ctx), importId);
      return listProblems(database, importId, filter);
    },
  };
}

function refusedState(message: string): ApiumError {
  return new ApiumError("PARAMS_INVALID", message, { fields: [{ field: "id", message }] });
}
