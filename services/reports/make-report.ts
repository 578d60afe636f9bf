/**
 * Makes the file of a run: reads the document, has it drawn into a folder of this process, puts the file into the store under
 * the run's own key, and ends the run together with its task, its deliveries' mails enqueued in the same transaction. A run
 * that is tried again draws again and replaces its own file; nobody else's has the key.
 */
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectStore } from "../../object-store/index.ts";
import { ApiumError, codeOf, messageOf, parseParams, Reject, type TaskContext } from "../../runtime/index.ts";
import { sendReportEmail, sendReportNotification } from "../email/tasks.ts";
import { WHOLE_SYSTEM } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { reportNamed } from "./catalogue/index.ts";
import { takeDeliveries } from "./delivery-store.ts";
import type { Format } from "./document.ts";
import { openReader } from "./reader.ts";
import type { Renderer } from "./rendering.ts";
import { beginRun, endRun, failRun, findRun, type MadeFile, type Run } from "./run-store.ts";
import { localDate } from "./schedule-rules.ts";
import { generateReport } from "./tasks.ts";

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  pdf: "application/pdf",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  html: "text/html; charset=utf-8",
};

export interface Workshop {
  readonly renderer: Renderer;
  readonly store: ObjectStore;
  /** Where files are drawn before they go to the store. */
  readonly folder: string;
  /** The picture in a client's head of page. */
  readonly logoOf: (clientId: number) => Promise<Uint8Array | undefined>;
}

export async function makeReport(parts: ServiceParts, workshop: Workshop, task: TaskContext, runId: number) {
  const { database, runtime } = parts;
  const now = () => runtime.parts.clock.now();
  const run = await findRun(database, WHOLE_SYSTEM, runId).catch((error: unknown) => {
    throw codeOf(error) === "NOT_FOUND" ? new Reject("the report is gone", { cause: error }) : error;
  });
  if (!(await beginRun(database, runId, task.id, now())))
    return { state: run.state, rows: run.rows ?? 0, bytes: run.bytes ?? 0 };
  try {
    const file = await draw(parts, workshop, task, run);
    return await task.complete(async (tx) => {
      await endRun(tx, runId, file, now());
      for (const { id, dueAt } of await takeDeliveries(tx, runId)) {
        const when = Date.parse(dueAt) > now() ? { eta: dueAt } : {};
        await sendReportEmail.enqueue(runtime, { deliveryId: id }, { tx, uniqueKey: mailKey(id), ...when });
      }
      if (run.notifyPersonId !== null) {
        await sendReportNotification.enqueue(runtime, { reportId: runId, userId: run.notifyPersonId }, { tx });
      }
      return { state: file === undefined ? "NO_DATA" : "READY", rows: file?.rows ?? 0, bytes: file?.bytes ?? 0 };
    });
  } catch (error) {
    if (isFinal(error, task)) await failRun(database, runId, told(error), now());
    throw isHopeless(error) ? new Reject(messageOf(error), { cause: error }) : error;
  }
}

/** At most one mail of a delivery is on its way. */
export function mailKey(deliveryId: number): string {
  return `report-delivery:${deliveryId}`;
}

/** The file in the store; nothing where the report has no rows. */
async function draw(
  { database, runtime, log }: ServiceParts,
  { renderer, store, folder, logoOf }: Workshop,
  task: TaskContext,
  run: Run,
): Promise<MadeFile | undefined> {
  const definition = reportNamed(run.report);
  if (definition === undefined) throw new ApiumError("REPORT_UNKNOWN", `there is no report ${run.report}`);
  const params = parseParams(definition.params, run.params);
  const scope = { clientId: run.clientId ?? undefined };
  const read = await definition.document({ params, scope, now: runtime.parts.clock.now() }, openReader(database));
  const logo = run.clientId === null ? undefined : await logoOf(run.clientId);
  const document = logo === undefined ? read : { ...read, logo };
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${run.uuid}-${task.id}-${task.attempt}.${run.format}`);
  try {
    const { rows, bytes, pages } = await renderer.render(document, run.format, path, {
      signal: task.signal,
      onRows: (count) => task.progress(0.5, `${count} rows`),
    });
    task.log.info(`${run.report} drawn`, { format: run.format, rows, pages, bytes });
    if (rows === 0) return undefined;
    task.progress(0.9, `${rows} rows, ${bytes} bytes`);
    const stored = await store.put(`reports/${run.uuid}.${run.format}`, createReadStream(path), {
      contentType: CONTENT_TYPES[run.format],
      signal: task.signal,
    });
    if (stored.size !== bytes) {
      throw new ApiumError("OBJECT_STORE_UNAVAILABLE", `the store has ${stored.size} of the report's ${bytes} bytes`);
    }
    return { fileName: fileNameOf(run), objectKey: stored.key, bytes, md5: stored.md5, rows, pages };
  } finally {
    await rm(path, { force: true }).catch((error: unknown) => log.warn(`${path} stays: ${messageOf(error)}`));
  }
}

export function contentTypeOf(format: Format): string {
  return CONTENT_TYPES[format];
}

/** "TASKSUMMARY__04-Jan-2026--05-Jan-2026.pdf": what it is, and over which days. */
function fileNameOf({ report, format, timezone, periodFrom, periodUpto, createdAt }: Run): string {
  const day = (instant: string) => dayOf(localDate(timezone, Date.parse(instant)));
  const period = periodFrom === null || periodUpto === null ? day(createdAt) : `${day(periodFrom)}--${day(periodUpto)}`;
  return `${report}__${period}.${format}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dayOf(date: string): string {
  const [year, month, day] = date.split("-");
  return `${day}-${MONTHS[Number(month) - 1]}-${year}`;
}

/** Asking again gives the same: the report, its parameters or its size are wrong. */
function isHopeless(error: unknown): boolean {
  return error instanceof ApiumError && !error.retryable;
}

/** Nothing will try again by itself. A worker that stops hands the task on to another. */
function isFinal(error: unknown, task: TaskContext): boolean {
  if (isHopeless(error) || error instanceof Reject) return true;
  const isHandedOn = task.signal.aborted && codeOf(task.signal.reason) !== "SOFT_TIME_LIMIT";
  return !isHandedOn && task.retries >= (generateReport.settings.maxRetries ?? 0);
}

function told(error: unknown): { readonly code: string; readonly message: string } {
  return error instanceof ApiumError
    ? { code: error.code, message: messageOf(error) }
    : { code: "INTERNAL", message: "the report could not be made; the task's error says why" };
}
