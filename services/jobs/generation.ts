// Work from definitions: one job, one transaction. Running it twice, or in two processes at once, makes nothing twice;
// what somebody has touched is never changed; what could not be made in time is written down.
import type { Transaction } from "../../database/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import {
  forgetGenerated,
  type GeneratedJob,
  isTour,
  lockDynamicTour,
  lockJobToGenerate,
  recordGenerated,
  recordMissed,
} from "./generation-job-store.ts";
import {
  type Checkpoint,
  checkpointsOf,
  hasOpenOccurrence,
  insertCheckpoints,
  insertOccurrences,
  planReminders,
  withdrawUntouched,
} from "./generation-store.ts";
import { isScheduled, planSlots, windowOf } from "./occurrences.ts";
import { noRoutes, type RouteService } from "./route.ts";
import { type Leg, tourTimeline } from "./tour.ts";
import { tourOrder } from "./tour-order.ts";

/** How far ahead work is made; planned maintenance is made for its whole validity. */
const HORIZON_MS = 2 * 86_400_000;
const IDS_TOLD = 20;

export interface Generated {
  readonly occurrences: number;
  readonly checkpoints: number;
  readonly details: number;
  readonly reminders: number;
  /** Slots nobody generated in time. */
  readonly missed: number;
  /** Untouched occurrences of an earlier definition, taken back. */
  readonly withdrawn: number;
  /** Tours that go by the numbers of their checkpoints because no route was found. */
  readonly unrouted: number;
  /** Of the first occurrences that were made. */
  readonly ids: readonly number[];
}

export const NOTHING: Generated = {
  ...{ occurrences: 0, checkpoints: 0, details: 0, reminders: 0, missed: 0, withdrawn: 0, unrouted: 0 },
  ids: [],
};

type Parts = Pick<ServiceParts, "database" | "runtime" | "log"> & { readonly routes?: RouteService | undefined };

/**
 * Generates one job's work from `now` on. A job that is not due any more (disabled, over, on a scrapped asset) gets nothing,
 * and its work ahead that nobody has touched is taken back. Nothing happens while somebody else is at it.
 * @param note - of what was made, in the same transaction.
 * @throws ApiumError `CRON_INVALID`, `ZONE_UNKNOWN`, `STORE_UNAVAILABLE`, `STORE_TIMEOUT`.
 */
export function generateJob(
  parts: Parts,
  jobId: number,
  now: number,
  note: (tx: Transaction, made: Generated) => Promise<void> = async () => {},
): Promise<Generated> {
  return parts.database.transaction(
    async (tx) => {
      const made = await generateIn(tx, parts, jobId, now);
      await note(tx, made);
      return made;
    },
    { byIndex: true },
  );
}

async function generateIn(tx: Transaction, parts: Parts, jobId: number, now: number): Promise<Generated> {
  const job = await lockJobToGenerate(tx, jobId, now);
  if (job === undefined) return NOTHING;
  if (job.isDue && isScheduled(job.cron)) return generate(parts, tx, { ...job, cron: job.cron }, now);
  return job.generatedVersion === null ? NOTHING : retire(tx, job, now);
}

async function generate(
  parts: Parts,
  tx: Transaction,
  job: GeneratedJob & { cron: string },
  now: number,
): Promise<Generated> {
  const isChanged =
    job.generatedVersion !== null && (job.generatedVersion !== job.version || job.generatedZone !== job.timezone);
  const withdrawn = isChanged ? await withdrawUntouched(tx, job.id, now) : 0;
  // What was decided on by an earlier definition is decided on again, from now on.
  const generatedUntil = job.generatedUntil === null || isChanged ? undefined : job.generatedUntil;
  const isPpm = job.identifier === "PPM";
  const plan = planSlots({ ...job, generatedUntil }, now, isPpm ? undefined : HORIZON_MS);
  if (plan.missed !== undefined) await recordMissed(tx, job.id, plan.missed, "late");
  const { ids, ...made } = isTour(job)
    ? await makeTours(parts, tx, job, plan.slots)
    : await makeWork(tx, job, plan.slots);
  const reminders = isPpm ? await planReminders(tx, job.id, now) : 0;
  if (isChanged || job.generatedVersion === null || plan.decidedUntil !== job.generatedUntil) {
    await recordGenerated(tx, job, plan.decidedUntil);
  }
  const missed = plan.missed?.slots ?? 0;
  return { ...made, occurrences: ids.length, reminders, missed, withdrawn, ids: ids.slice(0, IDS_TOLD) };
}

/** Of a job that is not due any more: what is ahead goes, what passed before its validity ended is written down. */
async function retire(tx: Transaction, job: GeneratedJob, now: number): Promise<Generated> {
  const withdrawn = await withdrawUntouched(tx, job.id, now);
  const { cron, generatedUntil, generatedVersion, version } = job;
  const isMissing = job.isOver && isScheduled(cron) && generatedUntil !== null && generatedVersion === version;
  const missed = isMissing ? planSlots({ ...job, cron, generatedUntil }, now, HORIZON_MS).missed : undefined;
  if (missed !== undefined) await recordMissed(tx, job.id, missed, "late");
  await forgetGenerated(tx, job.id);
  return { ...NOTHING, withdrawn, missed: missed?.slots ?? 0 };
}

interface Made {
  readonly ids: readonly number[];
  readonly checkpoints: number;
  readonly details: number;
  readonly unrouted: number;
}

async function makeWork(tx: Transaction, job: GeneratedJob, slots: readonly number[]): Promise<Made> {
  const { made, details } = await insertOccurrences(
    tx,
    job,
    slots.map((slot) => windowOf(slot, job)),
  );
  return { ids: made.map(({ id }) => id), checkpoints: 0, details, unrouted: 0 };
}

async function makeTours(parts: Parts, tx: Transaction, job: GeneratedJob, slots: readonly number[]): Promise<Made> {
  if (slots.length === 0) return { ids: [], checkpoints: 0, details: 0, unrouted: 0 };
  const { random, clock } = parts.runtime.parts;
  const ways = { routes: parts.routes ?? noRoutes, random, monotonic: () => clock.monotonic() };
  const order = tourOrder(await checkpointsOf(tx, job), job, ways);
  const timelines = new Map<number, Leg<Checkpoint>[]>();
  for (const slot of slots) {
    timelines.set(slot, tourTimeline(windowOf(slot, job).planAt, await order.next(), ruleOf(job)));
  }
  const { problem, unrouted } = order;
  if (problem !== undefined) parts.log.warn(`job ${job.id}: ${unrouted} tours go by their numbers: ${problem}`);
  const windows = slots.map((slot) => {
    const window = windowOf(slot, job);
    return { ...window, expiryAt: timelines.get(slot)?.at(-1)?.expiryAt ?? window.expiryAt };
  });
  const { made } = await insertOccurrences(tx, job, windows);
  const tours = made.map(({ id, scheduledAt }) => ({
    parentId: id,
    legs: timelines.get(scheduledAt ?? Number.NaN) ?? [],
  }));
  return { ids: made.map(({ id }) => id), ...(await insertCheckpoints(tx, job, tours)), unrouted };
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
  return { ...NOTHING, occurrences: made.length, ...inserted, ids: made.map(({ id }) => id) };
}
