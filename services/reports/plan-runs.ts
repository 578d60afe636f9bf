/**
 * What `create_scheduled_reports` does: every schedule whose slot has come has its period ordered, those that were missed
 * while nothing ran among them, each in a transaction of its own. A period of a schedule has one run, whoever orders it.
 */
import { messageOf } from "../../runtime/index.ts";
import { WHOLE_SYSTEM } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { reportNamed } from "./catalogue/index.ts";
import { orderRun } from "./order-run.ts";
import { dueAt, isLate, localDate, nextSlot, type Period, periodOf, slotsDue } from "./schedule-rules.ts";
import { advanceSchedule, findSchedule, type ReportSchedule, schedulesDue } from "./schedule-store.ts";

const BATCH = 200;
/** Slots of one schedule in one transaction; the rest comes in the next. */
const MOST_SLOTS = 50;
const KEEP_DAYS = 90;
const DAY_MS = 86_400_000;

export async function planRuns(
  parts: ServiceParts,
  signal?: AbortSignal,
): Promise<{ readonly schedules: number; readonly ordered: number }> {
  const { database, runtime, log } = parts;
  const now = runtime.parts.clock.now();
  const failed = new Set<number>();
  let schedules = 0;
  let ordered = 0;
  for (;;) {
    const due = (await schedulesDue(database, now, BATCH + failed.size)).filter((id) => !failed.has(id));
    if (due.length === 0) break;
    for (const id of due) {
      signal?.throwIfAborted();
      try {
        ordered += await planOne(parts, id, now);
        schedules += 1;
      } catch (error) {
        failed.add(id);
        log.warn(`report schedule ${id} could not be planned; others go on: ${messageOf(error)}`);
      }
    }
  }
  // Told after everybody else has had their turn: the task is tried again, and ends as a dead letter that can be seen.
  if (failed.size > 0)
    throw new Error(`${failed.size} report schedules could not be planned: ${[...failed].slice(0, 20)}`);
  return { schedules, ordered };
}

/** Orders what is due of one schedule. Another process that is at it is left to it. */
async function planOne(parts: ServiceParts, id: number, now: number): Promise<number> {
  return parts.database.transaction(async (tx) => {
    const { rows } = await tx.query(
      "select 1 from report_schedule where id = $1 and enabled and next_run_at <= $2::timestamptz for update",
      [id, new Date(now).toISOString()],
    );
    if (rows.length === 0) return 0;
    const schedule = await findSchedule(tx, WHOLE_SYSTEM, id);
    const end = schedule.validTo === null ? null : Date.parse(schedule.validTo);
    const slots = slotsDue(schedule, Date.parse(schedule.nextRunAt ?? ""), { now, end, most: MOST_SLOTS });
    let ordered = 0;
    let period: Period | undefined;
    for (const slot of slots) {
      period = periodOf(schedule, slot) ?? undefined;
      if (period !== undefined && (await orderPeriod(parts, tx, schedule, { slot, period, now })).isNew) ordered += 1;
    }
    const last = slots.at(-1);
    await advanceSchedule(tx, id, { nextRunAt: last === undefined ? null : nextSlot(schedule, last, end), period });
    return ordered;
  });
}

/** The run of one period of a schedule, and its delivery at the schedule's hour. */
export function orderPeriod(
  parts: Pick<ServiceParts, "runtime">,
  tx: Parameters<typeof orderRun>[1],
  schedule: ReportSchedule,
  { slot, period, now }: { readonly slot: number; readonly period: Period; readonly now: number },
) {
  const { id, clientId, report, format, timezone, to, cc, toPersonIds, createdBy, sendAt } = schedule;
  return orderRun(parts, tx, {
    ...{ clientId, scheduleId: id, report, format, timezone, period },
    title: reportNamed(report)?.title ?? report,
    params: paramsOf(schedule, period),
    isLate: isLate(slot, now),
    requestedBy: createdBy,
    expiresAt: now + KEEP_DAYS * DAY_MS,
    delivery: { recipients: { to, cc, toPersonIds }, due: dueAt(timezone, slot, sendAt) },
  });
}

/** The schedule's parameters with the period in the fields that the report has for it. */
export function paramsOf(
  { report, params, timezone }: Pick<ReportSchedule, "report" | "params" | "timezone">,
  { from, upto }: Period,
): Record<string, unknown> {
  const kind = reportNamed(report)?.period ?? "none";
  if (kind === "range") return { ...params, from: new Date(from).toISOString(), upto: new Date(upto).toISOString() };
  if (kind === "day") return { ...params, date: localDate(timezone, from) };
  return { ...params };
}
