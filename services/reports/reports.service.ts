// Reports: on demand, for each period of a schedule, and for a month; made in threads, kept by run, sent once.

import { join } from "node:path";
import type { Context } from "moleculer";
import { z } from "zod";
import { type ObjectStore, openObjectStore } from "../../object-store/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { removeAbandoned } from "../abandoned-files.ts";
import { id } from "../fields.ts";
import type { ServiceParts } from "../service-parts.ts";
import { deliveryMailFacts, notificationMailFacts, sweepDeliveries } from "./deliveries.ts";
import { noteDelivery } from "./delivery-store.ts";
import { makeReport } from "./make-report.ts";
import { orderMonthly } from "./monthly.ts";
import { planRuns } from "./plan-runs.ts";
import { openRenderer } from "./render/index.ts";
import type { Renderer } from "./rendering.ts";
import { reportActions } from "./report-actions.ts";
import { deleteExpired, failForgotten } from "./retention.ts";
import { scheduleActions } from "./schedule-actions.ts";
import {
  cleanupReports,
  createScheduledReports,
  generateMonthlyReport,
  generateReport,
  noteReportDelivery,
  sendGeneratedReportOnMail,
} from "./tasks.ts";

const ofDelivery = z.strictObject({ deliveryId: id });
const ofPerson = z.strictObject({ reportId: id, userId: id });

export function reportsService(parts: ServiceParts): TaskServiceSchema {
  const { database, runtime, settings } = parts;
  const now = () => runtime.parts.clock.now();
  const folder = join(settings.DATA_DIR, "reports-in-progress");
  let renderer: Renderer | undefined;
  let store: ObjectStore | undefined;
  const opened = <Part>(part: Part | undefined): Part => {
    if (part === undefined) throw new Error("the reports service is not started");
    return part;
  };

  return {
    name: "reports",
    tasks: {
      createScheduledReports: runs(createScheduledReports, (ctx) => {
        const { log, signal } = ctx.locals.task;
        return planRuns({ ...parts, log }, signal);
      }),
      generateReport: runs(generateReport, (ctx) =>
        makeReport(
          parts,
          { renderer: opened(renderer), store: opened(store), folder, logoOf: logoFrom(ctx) },
          ctx.locals.task,
          ctx.params.runId,
        ),
      ),
      sendGeneratedReportOnMail: runs(sendGeneratedReportOnMail, async (ctx) => {
        await failForgotten(parts);
        return { enqueued: await sweepDeliveries(parts, ctx.locals.task.signal) };
      }),
      generateMonthlyReport: runs(generateMonthlyReport, async (ctx) => ({
        reportId: await orderMonthly(parts, ctx.params),
      })),
      noteReportDelivery: runs(noteReportDelivery, (ctx) =>
        ctx.locals.task.complete((tx) => noteDelivery(tx, ctx.params, now())),
      ),
      cleanupReports: runs(cleanupReports, async (ctx) => {
        await removeAbandoned(parts, folder, () => true);
        return { deleted: await deleteExpired(parts, opened(store), ctx.locals.task.signal) };
      }),
    },
    actions: {
      ...reportActions(parts, () => opened(store)),
      ...scheduleActions(parts),
      deliveryMailFacts: (ctx: Context<unknown>) =>
        deliveryMailFacts(database, parseParams(ofDelivery, ctx.params).deliveryId, now()),
      notificationMailFacts(ctx: Context<unknown>) {
        const { reportId, userId } = parseParams(ofPerson, ctx.params);
        return notificationMailFacts(database, reportId, userId);
      },
    },
    async started() {
      store = openObjectStore({
        folder: join(settings.DATA_DIR, "objects"),
        ...(settings.MEDIA_BUCKET === undefined ? {} : { bucket: settings.MEDIA_BUCKET }),
      });
      renderer = openRenderer();
    },
    async stopped() {
      await renderer?.close();
      await store?.close();
    },
  };
}

/** A report without its logo is still a report: where the media service is not there, or fails, it goes without. */
function logoFrom(ctx: Context<unknown>): (clientId: number) => Promise<Uint8Array | undefined> {
  return async (clientId) => {
    const logo = await ctx.call<string | null, object>("media.logo", { clientId }).catch(() => null);
    return logo === null ? undefined : Buffer.from(logo, "base64");
  };
}
