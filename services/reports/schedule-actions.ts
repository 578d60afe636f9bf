// Schedules of reports over the broker: make, change, read, preview, run for the last period.
import { z } from "zod";
import type { Queryable, Transaction } from "../../database/index.ts";
import { ApiumError, codeOf, parseParams } from "../../runtime/index.ts";
import { auditChange, auditDifference, shown } from "../change-audit.ts";
import { clientOf, type Reference, requireReferences } from "../clients.ts";
import { flag, id, page, refused } from "../fields.ts";
import { type Asked, authorOf, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { reportNamed } from "./catalogue/index.ts";
import { hasAny } from "./order-run.ts";
import { orderPeriod, paramsOf } from "./plan-runs.ts";
import { checkCron, newSchedule, type ScheduleChange, scheduleChange } from "./schedule-fields.ts";
import { dueAt, lastSlot, nextSlot, periodOf, type ReportTiming } from "./schedule-rules.ts";
import {
  findSchedule,
  insertSchedule,
  listSchedules,
  type ReportSchedule,
  removeSchedule,
  updateSchedule,
} from "./schedule-store.ts";

const one = z.strictObject({ id });
const listing = z.strictObject({ enabled: flag.optional(), ...page });
const upcoming = z.strictObject({ id, n: z.coerce.number().int().min(1).max(100).default(5) });

export function scheduleActions(parts: ServiceParts) {
  const { database, runtime } = parts;
  const now = () => runtime.parts.clock.now();
  return {
    schedules: (ctx: Asked) => listSchedules(database, scopeOf(ctx), parseParams(listing, ctx.params)),
    getSchedule: (ctx: Asked) => findSchedule(database, scopeOf(ctx), parseParams(one, ctx.params).id),
    createSchedule(ctx: Asked) {
      const given = parseParams(newSchedule, ctx.params);
      return database.transaction(async (tx) => {
        const clientId = await clientOf(tx, scopeOf(ctx), given);
        const timezone = given.timezone ?? (await zoneOf(tx, given.siteId ?? clientId));
        const { clientId: _, ...values } = given;
        const schedule = withDefaults({ ...values, timezone }, now());
        await check(tx, clientId, schedule, now());
        const nextRunAt = firstSlot(schedule, now());
        const scheduleId = await insertSchedule(tx, clientId, { ...schedule, nextRunAt }, authorOf(ctx).name);
        await auditChange(tx, ctx, "report-schedule.create", scheduleId, shown(given));
        return findSchedule(tx, scopeOf(ctx), scheduleId);
      });
    },
    /** Never orders anything by itself: the next slot is looked for anew, from now on. */
    changeSchedule(ctx: Asked) {
      const { id: scheduleId, ...given } = parseParams(scheduleChange, ctx.params);
      return database.transaction(async (tx) => {
        const before = await findSchedule(tx, scopeOf(ctx), scheduleId, "for update of t");
        const after = { ...before, ...given } as Checked;
        await check(tx, before.clientId, after, now());
        const isTimed = TIMING.some((field) => (given as ScheduleChange)[field] !== undefined);
        await updateSchedule(tx, scheduleId, isTimed ? { ...given, nextRunAt: firstSlot(after, now()) } : given);
        const kept = await findSchedule(tx, scopeOf(ctx), scheduleId);
        await auditDifference(tx, ctx, "report-schedule.change", scheduleId, { before, after: kept, given });
        return kept;
      });
    },
    removeSchedule(ctx: Asked) {
      const { id: scheduleId } = parseParams(one, ctx.params);
      return database.transaction(async (tx) => {
        await removeSchedule(tx, scopeOf(ctx), scheduleId);
        await auditChange(tx, ctx, "report-schedule.remove", scheduleId);
        return { removed: true };
      });
    },
    /** Its next periods, and when each is sent. */
    async nextOfSchedule(ctx: Asked) {
      const { id: scheduleId, n } = parseParams(upcoming, ctx.params);
      const schedule = await findSchedule(database, scopeOf(ctx), scheduleId);
      const end = schedule.validTo === null ? null : Date.parse(schedule.validTo);
      const items: object[] = [];
      let slot = schedule.nextRunAt === null ? null : Date.parse(schedule.nextRunAt);
      while (slot !== null && items.length < n) {
        const period = periodOf(schedule, slot);
        items.push({
          madeAt: iso(slot),
          dueAt: iso(dueAt(schedule.timezone, slot, schedule.sendAt)),
          ...(period === null ? {} : { periodFrom: iso(period.from), periodUpto: iso(period.upto) }),
        });
        slot = nextSlot(schedule, slot, end);
      }
      return { timezone: schedule.timezone, items };
    },
    /** Orders its last complete period now; one that is made already is answered as it is. */
    runSchedule(ctx: Asked) {
      const { id: scheduleId } = parseParams(one, ctx.params);
      return database.transaction(async (tx) => {
        const schedule = await findSchedule(tx, scopeOf(ctx), scheduleId, "for update of t");
        const slot = lastSlot(schedule, now());
        const period = slot === null ? null : periodOf(schedule, slot);
        if (slot === null || period === null) throw refused("cron", "no period is complete yet");
        const { id: runId, isNew } = await orderPeriod(parts, tx, schedule, { slot, period, now: now() });
        if (isNew) await auditChange(tx, ctx, "report-schedule.run", scheduleId, { reportId: runId });
        return { id: runId, isNew, periodFrom: iso(period.from), periodUpto: iso(period.upto) };
      });
    },
  };
}

const TIMING = ["cron", "timezone", "workingDays", "validFrom", "validTo", "enabled"] as const;

type Checked = Pick<
  ReportSchedule,
  | "enabled"
  | "report"
  | "params"
  | "format"
  | "siteId"
  | "to"
  | "cc"
  | "toPersonIds"
  | "cron"
  | "timezone"
  | "workingDays"
> & { readonly validFrom: string | Date; readonly validTo: string | Date | null };

function withDefaults(given: Partial<z.output<typeof newSchedule>> & { readonly timezone: string }, now: number) {
  return {
    ...{ siteId: null, format: "pdf" as const, params: {}, workingDays: null, sendAt: "00:00" },
    ...{ to: [], cc: [], toPersonIds: [], tellsEmpty: true, validFrom: new Date(now), validTo: null, enabled: true },
    ...given,
  } as Checked & { readonly enabled: boolean };
}

/** @throws ApiumError `PARAMS_INVALID` naming the field; `REPORT_UNKNOWN`. */
async function check(store: Queryable, clientId: number, schedule: Checked, now: number): Promise<void> {
  const definition = reportNamed(schedule.report);
  if (definition === undefined)
    throw refused("report", `there is no report ${schedule.report}; see /reports/catalogue`);
  if (!definition.formats.includes(schedule.format)) {
    throw refused("format", `${schedule.report} comes as ${definition.formats.join(", ")}`);
  }
  checkCron(schedule.cron, schedule.timezone, now);
  const validTo = schedule.validTo === null ? null : new Date(schedule.validTo).getTime();
  if (validTo !== null && validTo <= new Date(schedule.validFrom).getTime())
    throw refused("validTo", "must be after validFrom");
  if (!hasAny(schedule)) throw refused("to", "nobody would get it: give to, cc or toPersonIds");
  await requireReferences(store, clientId, [
    { field: "siteId", table: "site", id: schedule.siteId },
    ...schedule.toPersonIds.map((person, index) => ({
      ...{ field: `toPersonIds.${index}`, table: "person" as const, id: person },
    })),
    ...sitesNamed(schedule.params),
  ]);
  const slot = nextSlot(schedule, now);
  const period = slot === null ? null : periodOf(schedule, slot);
  if (period === null) return;
  try {
    parseParams(definition.params, paramsOf(schedule, period));
  } catch (error) {
    if (!(error instanceof ApiumError) || codeOf(error) !== "PARAMS_INVALID") throw error;
    const fields = (error.fields ?? []).map(({ field, message }) =>
      field === "upto" || field === "from"
        ? { field: "cron", message: `its period ${message}` }
        : { field: `params.${field}`, message },
    );
    throw new ApiumError("PARAMS_INVALID", error.message, { fields });
  }
}

/** Sites that are not there are refused now, not at each period. */
function sitesNamed(params: Readonly<Record<string, unknown>>): Reference[] {
  const { siteIds } = params;
  if (!Array.isArray(siteIds)) return [];
  return siteIds
    .filter((site): site is number => typeof site === "number")
    .map((site) => ({ field: "params.siteIds", table: "site", id: site }));
}

/** The first slot from now on, and within its validity. */
function firstSlot(
  schedule: ReportTiming & {
    readonly validFrom: string | Date;
    readonly validTo: string | Date | null;
    readonly enabled: boolean;
  },
  now: number,
): string | null {
  if (!schedule.enabled) return null;
  const from = Math.max(now, new Date(schedule.validFrom).getTime() - 1);
  const slot = nextSlot(schedule, from, schedule.validTo === null ? null : new Date(schedule.validTo).getTime());
  return slot === null ? null : iso(slot);
}

async function zoneOf(tx: Transaction, siteId: number): Promise<string> {
  const { rows } = await tx.query<{ timezone: string }>("select timezone from site where id = $1::bigint", [siteId]);
  return rows[0]?.timezone ?? "UTC";
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
