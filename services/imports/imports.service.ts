// Facilities out of table files. The rooms say what their rows are (`services/importer.ts`); this one takes them in, in
// one transaction, or refuses them with everything that is wrong.
import { inSavepoint, type Transaction } from "../../database/index.ts";
import { codeOf, messageOf, Reject, tellOver } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { auditChange } from "../change-audit.ts";
import type { Importers } from "../importer.ts";
import { type Tell, WHOLE_SYSTEM } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { loadDemo } from "./demo.ts";
import { importEvents } from "./events.ts";
import { importActions } from "./import-actions.ts";
import { findImport, finishImport, type Import, kindsOf, rowsOf } from "./import-store.ts";
import type { ImportReport } from "./report.ts";
import { takeIn } from "./take-in.ts";
import { importFacility } from "./tasks.ts";

export function importsService(parts: ServiceParts, importers: Importers): TaskServiceSchema {
  const { database, log } = parts;
  let tell: Tell = () => {};
  return {
    name: "imports",
    created() {
      tell = tellOver(this.broker);
    },
    async started() {
      if (database.engine !== "pglite") return;
      const report = await loadDemo(parts, importers);
      if (report === undefined) return;
      const { sites, people, jobs } = report.counts;
      log.info(`loaded the demo facility: ${sites?.rows} sites, ${people?.rows} people, ${jobs?.rows} jobs`);
    },
    actions: importActions(parts, importers),
    tasks: {
      /** Done once: another run of the same task finds the state that the first has left. */
      importFacility: runs(importFacility, async (ctx) => {
        const { importId } = ctx.params;
        const { task } = ctx.locals;
        return database.transaction(async (tx) => {
          const wanted = await findImport(tx, WHOLE_SYSTEM, importId, true).catch((error: unknown) => {
            throw codeOf(error) === "NOT_FOUND" ? new Reject("the import is gone", { cause: error }) : error;
          });
          if (wanted.state !== "QUEUED") return summaryOf(wanted);
          const kinds = await kindsOf(tx, importId);
          const total = kinds.reduce((sum, { rows }) => sum + rows, 0);
          let done = 0;
          const onRow = () => {
            task.signal.throwIfAborted();
            task.progress(++done / Math.max(1, total), `${done} of ${total} rows`);
          };
          const { state, report } = await kept(tx, wanted, (inner) =>
            takeIn(parts, importers, inner, {
              scope: { clientId: wanted.clientId ?? undefined },
              author: wanted.createdBy,
              clientCode: wanted.clientCode ?? undefined,
              kinds: kinds.map(({ kind }) => kind),
              rowsOf: (kind) => rowsOf(inner, importId, kind),
              onRow,
            }),
          );
          await finishImport(tx, importId, state, report);
          if (state === "DONE") {
            // Whose import it is; who told it to run has a row of their own, `import.run`. Both need this role.
            const meta = { user: { name: wanted.createdBy, role: "admin" } };
            await auditChange(tx, { meta }, "import.done", importId, { counts: report.counts });
            tx.afterCommit(() => tell(importEvents.imported, { id: importId, counts: report.counts }));
          }
          return { state, bad: report.bad, counts: report.counts };
        });
      }),
    },
  };
}

type Report = Pick<ImportReport, "counts" | "bad" | "problems">;

/** Thrown through the savepoint, so that nothing stays of what was done in it. */
class NotKept extends Error {
  readonly report: Report;

  constructor(report: Report) {
    super("not kept");
    this.report = report;
  }
}

async function kept(
  tx: Transaction,
  { isDryRun, skipsBad }: Import,
  work: (inner: Transaction) => Promise<ImportReport>,
): Promise<{ readonly state: Import["state"]; readonly report: Report }> {
  const refused = (report: Report) => report.bad > 0 && !skipsBad;
  try {
    const report = await inSavepoint(tx, async (inner) => {
      const made = await work(inner);
      if (isDryRun || refused(made)) throw new NotKept(made);
      return made;
    });
    return { state: "DONE", report };
  } catch (error) {
    if (error instanceof NotKept) return { state: refused(error.report) ? "REFUSED" : "CHECKED", report: error.report };
    if (codeOf(error) !== "PARAMS_INVALID") throw error;
    const problem = { file: "", line: null, column: null, value: null, message: messageOf(error) };
    return { state: "REFUSED", report: { counts: {}, bad: 1, problems: [problem] } };
  }
}

function summaryOf({ state, bad, counts }: Import) {
  return { state, bad, counts };
}
