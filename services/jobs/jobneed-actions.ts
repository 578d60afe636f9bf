// Occurrences over the broker: read, start, complete, ad-hoc work.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { auditChange, shown } from "../change-audit.ts";
import { ctzoffset, freeText, id, instant, latitude, longitude, PRIORITIES, page, text } from "../fields.ts";
import { type Asked, scopeOf, type Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { createAdhoc } from "./adhoc.ts";
import { orderAlertMail } from "./alert-mail.ts";
import { jobneedEvents } from "./events.ts";
import { spawnDynamicTour } from "./generation.ts";
import { completeJobneed, moveJobneed, type Progress, startJobneed } from "./jobneed-progress.ts";
import { JOBNEED_STATUSES } from "./jobneed-state.ts";
import { findJobneed, listJobneeds, viewJobneed } from "./jobneed-store.ts";

export const IDENTIFIERS = [
  ...["TASK", "TICKET", "INTERNALTOUR", "EXTERNALTOUR", "PPM", "OTHER", "SITEREPORT", "INCIDENTREPORT", "ASSETLOG"],
  ...["ASSETMAINTENANCE", "ASSETAUDIT", "POSTING_ORDER"],
] as const;

const one = z.strictObject({ id });
const listing = z.strictObject({
  jobId: id.optional(),
  siteId: id.optional(),
  parentId: id.optional(),
  personId: id.optional(),
  status: z.enum(JOBNEED_STATUSES).optional(),
  identifier: z.enum(IDENTIFIERS).optional(),
  from: instant.optional(),
  to: instant.optional(),
  ...page,
});
const start = z.strictObject({
  id,
  startedAt: instant.optional(),
  performedById: id.optional(),
  ctzoffset: ctzoffset.optional(),
});
const answer = z
  .strictObject({ detailId: id.optional(), uuid: z.uuid().optional(), answer: freeText(2_000).nullable() })
  .refine(({ detailId, uuid }) => (detailId === undefined) !== (uuid === undefined), {
    message: "needs detailId or uuid",
    path: ["detailId"],
  });
const completion = z.strictObject({
  id,
  answers: z.array(answer).max(2_000).default([]),
  performedById: id.optional(),
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  remarks: freeText(2_000).optional(),
  latitude: latitude.optional(),
  longitude: longitude.optional(),
  ctzoffset: ctzoffset.optional(),
});
const move = z.strictObject({ id, status: z.enum(["ASSIGNED", "INPROGRESS", "WORKING", "STANDBY", "MAINTENANCE"]) });
const adhoc = z
  .strictObject({
    siteId: id,
    uuid: z.uuid().optional(),
    name: text(200),
    identifier: z.enum(IDENTIFIERS).default("TASK"),
    priority: z.enum(PRIORITIES).default("LOW"),
    assetId: id.optional(),
    questionSetId: id.optional(),
    personId: id.optional(),
    peopleGroupId: id.optional(),
    planAt: instant.optional(),
    expiryAt: instant.optional(),
    startedAt: instant.optional(),
    remarks: freeText(2_000).optional(),
    notifyCategory: z.union([id, text(50)]).optional(),
    ctzoffset: ctzoffset.optional(),
  })
  .refine(({ planAt, expiryAt }) => planAt === undefined || expiryAt === undefined || planAt < expiryAt, {
    message: "must be after planAt",
    path: ["expiryAt"],
  });

export function jobneedActions({ database, runtime }: ServiceParts, tell: Tell) {
  const now = () => new Date(runtime.parts.clock.now());

  function announce({ jobneed, status, hasAlerts, tour }: Progress): void {
    const { id, uuid, clientId, siteId, jobId } = jobneed;
    const event = status === "COMPLETED" || status === "PARTIALLYCOMPLETED" ? "completed" : "started";
    tell(jobneedEvents[event], { id, uuid, clientId, siteId, jobId, status, hasAlerts });
    if (tour !== undefined && tour.id !== id) {
      tell(jobneedEvents.progressed, { id: tour.id, clientId, siteId, jobId, status: tour.status });
    }
  }

  return {
    listJobneeds: (ctx: Asked) => listJobneeds(database, scopeOf(ctx), parseParams(listing, ctx.params)),
    getJobneed: (ctx: Asked) => viewJobneed(database, scopeOf(ctx), parseParams(one, ctx.params).id),
    async startJobneed(ctx: Asked) {
      const { id: jobneedId, startedAt = now(), performedById } = parseParams(start, ctx.params);
      const personId = performedById ?? ctx.meta.user?.personId;
      return database.transaction(async (tx) => {
        const progress = await startJobneed(tx, scopeOf(ctx), jobneedId, { startedAt, personId });
        if (progress !== undefined) {
          await auditChange(tx, ctx, "jobneed.start", jobneedId, { status: progress.status, performedById: personId });
          tx.afterCommit(() => announce(progress));
        }
        return findJobneed(tx, scopeOf(ctx), jobneedId);
      });
    },
    /** Sent again it changes nothing. A late one turns AUTOCLOSED into what was done. */
    async completeJobneed(ctx: Asked) {
      const { id: jobneedId, ctzoffset: _, ...given } = parseParams(completion, ctx.params);
      const performedById = given.performedById ?? ctx.meta.user?.personId;
      return database.transaction(async (tx) => {
        const report = { ...given, performedById, endedAt: given.endedAt ?? now() };
        const progress = await completeJobneed(tx, scopeOf(ctx), jobneedId, report);
        if (progress?.hasAlerts === true) await orderAlertMail(tx, runtime, jobneedId);
        if (progress?.tour?.spawns !== undefined) await spawnDynamicTour(tx, progress.tour.spawns);
        if (progress !== undefined) {
          const { status, hasAlerts } = progress;
          const answers = given.answers.length;
          await auditChange(tx, ctx, "jobneed.complete", jobneedId, { status, performedById, answers, hasAlerts });
          tx.afterCommit(() => announce(progress));
        }
        return viewJobneed(tx, scopeOf(ctx), jobneedId);
      });
    },
    async moveJobneed(ctx: Asked) {
      const { id: jobneedId, status } = parseParams(move, ctx.params);
      return database.transaction(async (tx) => {
        const progress = await moveJobneed(tx, scopeOf(ctx), jobneedId, status);
        if (progress !== undefined) {
          const { uuid, clientId, siteId, jobId, status: from } = progress.jobneed;
          await auditChange(tx, ctx, "jobneed.move", jobneedId, { from, status });
          tx.afterCommit(() => tell(jobneedEvents.moved, { id: jobneedId, uuid, clientId, siteId, jobId, status }));
        }
        return findJobneed(tx, scopeOf(ctx), jobneedId);
      });
    },
    /** Work that came up; `outcome` says whether it is new, was known by its uuid, or is a scheduled occurrence. */
    async createJobneed(ctx: Asked) {
      const { ctzoffset: _, ...work } = parseParams(adhoc, ctx.params);
      return database.transaction(async (tx) => {
        const { id: jobneedId, outcome } = await createAdhoc(tx, scopeOf(ctx), work);
        const view = await viewJobneed(tx, scopeOf(ctx), jobneedId);
        if (outcome !== "known") {
          await auditChange(tx, ctx, "jobneed.create", jobneedId, { outcome, ...shown(work) });
        }
        const { uuid, clientId, siteId } = view;
        if (outcome === "created") {
          tx.afterCommit(() => tell(jobneedEvents.cameUp, { id: jobneedId, uuid, clientId, siteId, adhoc: true }));
        }
        return { ...view, outcome };
      });
    },
  };
}
