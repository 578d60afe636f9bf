// Work from definitions: one job, one transaction. Running it twice, or in two processes at once, makes nothing twice;
// what somebody has touched is never changed; what could not be made in time is written down.
import type { Transaction } from "../../database/index.ts";
import { messageOf } from "../../runtime/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import {
  type Checkpoint,
  checkpointsOf,
  type GeneratedJob,
  hasOpenOccurrence,
  insertCheckpoints,
  insertOccurrences,
  insertReminders,
  isTour,
  lockDueJob,
  lockDynamicTour,
  recordGenerated,
  recordMissed,
  withdrawUntouched,
} from "./generation-store.ts";
import { isScheduled, planSlots, windowOf } from "./occurrences.ts";
import { noRoutes, type RouteService, shuffled } from "./route.ts";
import { type Leg, tourTimeline } from "./tour.ts";

/** How far ahead work is made; planned maintenance is made for its whole validity. */
const HORIZON_MS = 2 * 86_400_000;

export interface Generated {
  readonly occurrences: number;
  readonly checkpoints: number;
  readonly details: number;
  readonly reminders: number;
  /** Slots nobody generated in time. */
  readonly missed: number;
  /** Untouched occurrences of an earlier definition, taken back. */
  readonly withdrawn: number;
}

export const NOTHING: Generated = { occurrences: 0, checkpoints: 0, details: 0, reminders: 0, missed: 0, withdrawn: 0 };

type Parts = Pick<ServiceParts, "database" | "runtime" | "log"> & { readonly routes?: RouteService | undefined };

/**
 * Generates one job's work from `now` on. Nothing when it is not due any more (disabled, over, on a scrapped asset), or
 * somebody else is at it.
 * @throws ApiumError `CRON_INVALID`, `ZONE_UNKNOWN`, `STORE_UNAVAILABLE`.
 */
export function generateJob(parts: Parts, jobId: number, now: number): Promise<Generated> {
  return parts.database.transaction(
    async (tx) => {
      const job = await lockDueJob(tx, jobId, now);
      return job === undefined || !isScheduled(job.cron)
        ? NOTHING
        : generate(parts, tx, { ...job, cron: job.cron }, now);
    },
    { byIndex: true },
  );
}

async function generate(
  parts: Parts,
  tx: Transaction,
  job: GeneratedJob & { cron: string },
  now: number,
): Promise<Generated> {
  const isChanged = job.generatedVersion !== null && job.generatedVersion !== job.version;
  const withdrawn = isChanged ? await withdrawUntouched(tx, job.id, now) : 0;
  // What was decided on by an earlier definition is decided on again, from now on.
  const generatedUntil = job.generatedUntil === null || isChanged ? undefined : job.generatedUntil;
  const plan = planSlots({ ...job, generatedUntil }, now, job.identifier === "PPM" ? undefined : HORIZON_MS);
  if (plan.missed !== undefined) await recordMissed(tx, job.id, plan.missed, "late");
  const made = isTour(job) ? await makeTours(parts, tx, job, plan.slots) : await makeWork(tx, job, plan.slots);
  const reminders = job.identifier === "PPM" ? await insertReminders(tx, job, made.ids, now) : 0;
  if (isChanged || job.generatedVersion === null || plan.decidedUntil !== job.generatedUntil) {
    await recordGenerated(tx, job, plan.decidedUntil);
  }
  const { ids, checkpoints, details } = made;
  return { occurrences: ids.length, checkpoints, details, reminders, missed: plan.missed?.slots ?? 0, withdrawn };
}

interface Made {
  readonly ids: readonly number[];
  readonly checkpoints: number;
  readonly details: number;
}

async function makeWork(tx: Transaction, job: GeneratedJob, slots: readonly number[]): Promise<Made> {
  const { made, details } = await insertOccurrences(
    tx,
    job,
    slots.map((slot) => windowOf(slot, job)),
  );
  return { ids: made.map(({ id }) => id), checkpoints: 0, details };
}

async function makeTours(parts: Parts, tx: Transaction, job: GeneratedJob, slots: readonly number[]): Promise<Made> {
  const stops = await checkpointsOf(tx, job);
  const timelines = new Map<number, Leg<Checkpoint>[]>();
  for (const slot of slots) {
    const { planAt } = windowOf(slot, job);
    timelines.set(slot, tourTimeline(planAt, await ordered(parts, job, stops), ruleOf(job)));
  }
  const windows = slots.map((slot) => {
    const window = windowOf(slot, job);
    return { ...window, expiryAt: timelines.get(slot)?.at(-1)?.expiryAt ?? window.expiryAt };
  });
  const { made } = await insertOccurrences(tx, job, windows);
  const tours = made.map(({ id, scheduledAt }) => ({
    parentId: id,
    legs: timelines.get(scheduledAt ?? Number.NaN) ?? [],
  }));
  return { ids: made.map(({ id }) => id), ...(await insertCheckpoints(tx, job, tours)) };
}

/** The order of a pass: as numbered, by the route, or by chance and then by the route. Without a route the tour goes on. */
async function ordered(parts: Parts, job: GeneratedJob, stops: readonly Checkpoint[]): Promise<readonly Checkpoint[]> {
  const isRandom = job.isRandomized && stops.length > 1;
  if (!isRandom && job.tourFrequency <= 1) return stops;
  const order = isRandom ? shuffled(stops, parts.runtime.parts.random) : stops;
  try {
    return await (parts.routes ?? noRoutes).optimise(order);
  } catch (error) {
    parts.log.warn(`job ${job.id}: no route for the tour, its order stays: ${messageOf(error)}`);
    return order;
  }
}

function ruleOf({ planDuration, graceTime, tourFrequency, breakTime }: GeneratedJob) {
  return { planDuration, graceTime, frequency: tourFrequency, breakTime };
}

/**
 * Makes the next round of a dynamic tour, which has no deadlines; nothing while the last one has not been begun.
 * @returns how many occurrences were made: 1 or 0.
 */
export async function spawnDynamicTour(tx: Transaction, jobId: number): Promise<Generated> {
  const job = await lockDynamicTour(tx, jobId);
  if (job === undefined || (await hasOpenOccurrence(tx, jobId))) return NOTHING;
  const { made } = await insertOccurrences(tx, job, [{ scheduledAt: null, planAt: null, expiryAt: null }]);
  const stops = await checkpointsOf(tx, job);
  const legs = stops.map((stop, seqno) => ({ stop, seqno, planAt: null, expiryAt: null, distanceKm: stop.distanceKm }));
  const inserted = await insertCheckpoints(
    tx,
    job,
    made.map(({ id }) => ({ parentId: id, legs })),
  );
  return { ...NOTHING, occurrences: made.length, ...inserted };
}
