// Reports on demand over the broker: what there is, order one, how it stands, its file.
import type { Readable } from "node:stream";
import { z } from "zod";
import type { ObjectStore } from "../../object-store/index.ts";
import { ApiumError, parseParams } from "../../runtime/index.ts";
import { auditChange } from "../change-audit.ts";
import { id, json, page, refused, text } from "../fields.ts";
import { type Asked, authorOf, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { REPORTS, reportNamed } from "./catalogue/index.ts";
import { deliveriesOf, reopenDeliveries } from "./delivery-store.ts";
import { FORMATS } from "./document.ts";
import { contentTypeOf } from "./make-report.ts";
import { orderRun } from "./order-run.ts";
import { findRun, listRuns, noteTask, type Run, requeueRun } from "./run-store.ts";
import { generateReport } from "./tasks.ts";

const KEEP_DAYS = 7;
const DAY_MS = 86_400_000;

const one = z.strictObject({ id });
const email = z.email("must be an e-mail address").max(254);
const order = z.strictObject({
  report: text(60),
  format: z.enum(FORMATS).default("pdf"),
  params: json.default({}),
  /** Also sent to these. */
  to: z.array(email).max(50).default([]),
  cc: z.array(email).max(50).default([]),
});
const listing = z.strictObject({
  report: text(60).optional(),
  state: z.enum(["QUEUED", "RUNNING", "READY", "NO_DATA", "FAILED", "EXPIRED"]).optional(),
  scheduleId: id.optional(),
  ...page,
});

/** A file on its way out, wherever it goes. */
export interface ReportFile {
  readonly fileName: string;
  readonly contentType: string;
  readonly bytes: number;
}

export interface FileMeta {
  file?: ReportFile;
}

export function reportActions(parts: ServiceParts, store: () => ObjectStore) {
  const { database, runtime } = parts;
  const now = () => runtime.parts.clock.now();
  const keptUntil = () => now() + KEEP_DAYS * DAY_MS;
  return {
    /** Every report with its formats and its parameters as JSON Schema. */
    catalogue: () => ({
      items: REPORTS.map(({ key, title, description, formats, period, params }) => ({
        ...{ key, title, description, formats, period },
        params: z.toJSONSchema(params, { io: "input", unrepresentable: "any" }),
      })),
    }),
    list: (ctx: Asked) => listRuns(database, scopeOf(ctx), parseParams(listing, ctx.params)),
    async get(ctx: Asked) {
      const run = await findRun(database, scopeOf(ctx), parseParams(one, ctx.params).id);
      const task =
        run.taskId === null || (run.state !== "QUEUED" && run.state !== "RUNNING")
          ? undefined
          : await ctx
              .call<{ state: string; progress: unknown }, object>("tasks.get", { id: run.taskId })
              .catch(() => undefined);
      const deliveries = await deliveriesOf(database, run.id);
      return { ...shown(run), progress: task?.progress ?? null, deliveries };
    },
    /** Accepts a report; it is made in the background. */
    create(ctx: Asked) {
      const { report, format, params, to, cc } = parseParams(order, ctx.params);
      const definition = reportNamed(report);
      if (definition === undefined) throw refused("report", `there is no report ${report}; see /reports/catalogue`);
      if (!definition.formats.includes(format)) {
        throw refused("format", `${report} comes as ${definition.formats.join(", ")}`);
      }
      checkParams(definition.params, params);
      const { clientId } = scopeOf(ctx);
      const { from, upto } = params as { from?: string; upto?: string };
      return database.transaction(async (tx) => {
        const { rows } = await tx.query<{ timezone: string }>("select timezone from site where id = $1::bigint", [
          clientId ?? null,
        ]);
        const { id: runId } = await orderRun(parts, tx, {
          ...{ clientId: clientId ?? null, report, format, params, title: definition.title },
          timezone: rows[0]?.timezone ?? "UTC",
          requestedBy: authorOf(ctx).name,
          expiresAt: keptUntil(),
          ...(typeof from === "string" && typeof upto === "string"
            ? { period: { from: Date.parse(from), upto: Date.parse(upto) } }
            : {}),
          delivery: { recipients: { to, cc, toPersonIds: [] }, due: now() },
        });
        await auditChange(tx, ctx, "report.order", runId, { report, format, recipients: to.length + cc.length });
        return shown(await findRun(tx, scopeOf(ctx), runId));
      });
    },
    /** Makes one that failed, or whose file is gone, again; with its deliveries that did not go out. */
    async retry(ctx: Asked) {
      const { id: runId } = parseParams(one, ctx.params);
      return database.transaction(async (tx) => {
        const { state } = await findRun(tx, scopeOf(ctx), runId, "for update of t");
        if (state !== "FAILED" && state !== "EXPIRED")
          throw new ApiumError("REPORT_NOT_READY", `the report is ${state}`);
        await requeueRun(tx, runId, keptUntil());
        await reopenDeliveries(tx, runId);
        const task = await generateReport.enqueue(runtime, { runId }, { tx });
        await noteTask(tx, runId, task.id);
        await auditChange(tx, ctx, "report.retry", runId, { taskId: task.id });
        return shown(await findRun(tx, scopeOf(ctx), runId));
      });
    },
    /** The file as a stream; its name and type travel in `meta.file`. @throws ApiumError `REPORT_NOT_READY`. */
    async file(ctx: Asked): Promise<Readable> {
      const run = await findRun(database, scopeOf(ctx), parseParams(one, ctx.params).id);
      if (run.state !== "READY" || run.objectKey === null || run.fileName === null) {
        throw new ApiumError("REPORT_NOT_READY", `the report is ${run.state}`);
      }
      const stream = await store().get(run.objectKey);
      (ctx.meta as FileMeta).file = {
        fileName: run.fileName,
        contentType: contentTypeOf(run.format),
        bytes: run.bytes ?? 0,
      };
      return stream;
    },
  };
}

/** Without where it is kept. */
function shown({ objectKey: _, ...run }: Run) {
  return run;
}

/** @throws ApiumError `PARAMS_INVALID` with the fields as the caller gave them: `params.from`. */
function checkParams(schema: z.ZodType, params: unknown): void {
  try {
    parseParams(schema, params);
  } catch (error) {
    if (!(error instanceof ApiumError)) throw error;
    const fields = (error.fields ?? []).map(({ field, message }) => ({ field: `params.${field}`, message }));
    throw new ApiumError("PARAMS_INVALID", error.message, { fields });
  }
}
