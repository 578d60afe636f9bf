// Definitions of jobs over the broker: make, change, read, preview, run now.
import { z } from "zod";
import type { Queryable, Transaction } from "../../database/index.ts";
import { parseParams } from "../../runtime/index.ts";
import { auditChange, auditDifference, shown } from "../change-audit.ts";
import { clientOf, requireReferences, requireSite, typeAssistId } from "../clients.ts";
import { flag, id, page, refused, refusingDuplicates, text } from "../fields.ts";
import { type Asked, authorOf, type Scope, scopeOf, type Tell, Values, within } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { listCheckpoints, replaceCheckpoints } from "./checkpoint-store.ts";
import { jobEvents, jobneedEvents } from "./events.ts";
import { type Generated, generateJob, spawnDynamicTour } from "./generation.ts";
import { activeJobs, jobChanged, jobList } from "./job-cache.ts";
import { JOB_IDENTIFIERS, type JobChange, jobChange, type NewJob, newJob } from "./job-fields.ts";
import { previewOccurrences } from "./job-preview.ts";
import { checkValidity, parseJobCron, type Warning, warningsOf } from "./job-rules.ts";
import {
  DUPLICATE_JOB,
  findJob,
  insertJob,
  type Job,
  type JobValues,
  listMisses,
  lockJob,
  updateJob,
} from "./job-store.ts";

const one = z.strictObject({ id });
const listing = z.strictObject({
  siteId: id.optional(),
  identifier: z.enum(JOB_IDENTIFIERS).optional(),
  assetId: id.optional(),
  enabled: flag.optional(),
  q: text(100).optional(),
  ...page,
});
const upcoming = z.strictObject({ id, n: z.coerce.number().int().min(1).max(100).default(10) });
const preview = newJob.in
  .pick({ siteId: true, cron: true, validFrom: true, graceTime: true, planDuration: true, expiryTime: true })
  .extend({ validTo: newJob.in.shape.validTo.optional(), n: upcoming.shape.n });
const rowPage = z.strictObject({ id, ...page });

export function jobActions(parts: ServiceParts, tell: Tell) {
  const { database, cache, runtime } = parts;
  const now = () => runtime.parts.clock.now();
  return {
    async create(ctx: Asked) {
      const given = parseParams(newJob, ctx.params);
      const author = authorOf(ctx);
      return refusingDuplicates("name", DUPLICATE_JOB, () =>
        database.transaction(async (tx) => {
          const place = { clientId: await clientOf(tx, scopeOf(ctx), given), siteId: given.siteId };
          const values = await checkedValues(tx, place.clientId, given);
          const zone = await zoneOf(tx, scopeOf(ctx), given.siteId);
          const validFrom = given.validFrom?.getTime() ?? now();
          checkValidity({ validFrom, validTo: given.validTo.getTime() }, parseJobCron(given.cron), zone);
          const jobId = await insertJob(tx, place, { ...values, validFrom: new Date(validFrom) }, author);
          const job = await findJob(tx, scopeOf(ctx), jobId);
          await replaceCheckpoints(tx, job, given.checkpoints ?? [], author);
          await auditChange(tx, ctx, "job.create", jobId, shown({ ...given, checkpoints: given.checkpoints?.length }));
          jobChanged(cache, tx, job);
          const { clientId, uuid } = job;
          tx.afterCommit(() => tell(jobEvents.created, { id: jobId, uuid, clientId, siteId: job.siteId }));
          return answerOf(tx, job, now());
        }),
      );
    },
    async change(ctx: Asked) {
      const given = parseParams(jobChange, ctx.params);
      return refusingDuplicates("name", DUPLICATE_JOB, () =>
        database.transaction(async (tx) => {
          const before = await lockJob(tx, scopeOf(ctx), given.id);
          const values = await checkedValues(tx, before.clientId, given);
          checkChange(before, given);
          const hasNewCheckpoints =
            given.checkpoints !== undefined && (await replaceCheckpoints(tx, before, given.checkpoints, authorOf(ctx)));
          await updateJob(tx, given.id, values, hasNewCheckpoints);
          const job = await findJob(tx, scopeOf(ctx), given.id);
          const checkpoints = hasNewCheckpoints ? given.checkpoints?.length : undefined;
          await auditDifference(tx, ctx, "job.change", job.id, {
            before,
            after: job,
            given: { ...given, checkpoints },
          });
          jobChanged(cache, tx, job);
          const { id: jobId, uuid, clientId, siteId, version } = job;
          tx.afterCommit(() => tell(jobEvents.changed, { id: jobId, uuid, clientId, siteId, version }));
          return answerOf(tx, job, now());
        }),
      );
    },
    async get(ctx: Asked) {
      return answerOf(database, await findJob(database, scopeOf(ctx), parseParams(one, ctx.params).id), now());
    },
    list: (ctx: Asked) => jobList(cache, database, scopeOf(ctx), parseParams(listing, ctx.params)),
    /** The enabled jobs of a site; at most a minute old. */
    async active(ctx: Asked) {
      const { siteId } = parseParams(z.strictObject({ siteId: id }), ctx.params);
      await requireSite(database, scopeOf(ctx), siteId);
      return activeJobs(cache, database, scopeOf(ctx), siteId);
    },
    /** The next occurrences of a job. */
    async next(ctx: Asked) {
      const { id: jobId, n } = parseParams(upcoming, ctx.params);
      const job = await findJob(database, scopeOf(ctx), jobId);
      return { timezone: job.timezone, occurrences: previewOccurrences(factsOf(job), now(), n) };
    },
    /** The next occurrences of a definition that is not kept yet. */
    async preview(ctx: Asked) {
      const given = parseParams(preview, ctx.params);
      const zone = await zoneOf(database, scopeOf(ctx), given.siteId);
      const validFrom = given.validFrom?.getTime() ?? now();
      const validTo = given.validTo?.getTime() ?? Number.MAX_SAFE_INTEGER;
      const cron = parseJobCron(given.cron);
      checkValidity({ validFrom, validTo }, cron, zone);
      const { graceTime = 0, planDuration = 0, expiryTime = 0 } = given;
      const job = { cron, zone, validFrom, validTo, graceTime, planDuration, expiryTime };
      return { timezone: zone, occurrences: previewOccurrences(job, now(), given.n) };
    },
    /** Makes what is due of a job now, as the periodic run would; of a dynamic tour its next round. */
    async run(ctx: Asked) {
      const { id: jobId } = parseParams(one, ctx.params);
      const { uuid, clientId, siteId, isDynamic } = await findJob(database, scopeOf(ctx), jobId);
      const note = (tx: Transaction, { occurrences }: Generated) =>
        auditChange(tx, ctx, "job.run", jobId, { occurrences });
      const made = isDynamic
        ? await database.transaction(async (tx) => {
            const round = await spawnDynamicTour(tx, jobId);
            await note(tx, round);
            return round;
          })
        : await generateJob(parts, jobId, now(), note);
      if (made.occurrences > 0) tell(jobneedEvents.generated, { jobId, uuid, clientId, siteId, ...made });
      return { jobId, ...made };
    },
    misses(ctx: Asked) {
      const { id: jobId, ...filter } = parseParams(rowPage, ctx.params);
      return listMisses(database, scopeOf(ctx), jobId, filter);
    },
  };
}

/** The values as the table has them: categories by id, rows it names of the same client, JSON as text. */
async function checkedValues(tx: Transaction, clientId: number, given: NewJob | JobChange): Promise<JobValues> {
  await requireReferences(tx, clientId, [
    { field: "assetId", table: "asset", id: given.assetId },
    { field: "questionSetId", table: "question_set", id: given.questionSetId },
    { field: "personId", table: "person", id: given.personId },
    { field: "peopleGroupId", table: "people_group", id: given.peopleGroupId },
    { field: "siteGroupId", table: "people_group", id: given.siteGroupId },
    { field: "shiftId", table: "shift", id: given.shiftId },
  ]);
  const { notifyCategory } = given;
  const notifyCategoryId =
    notifyCategory === undefined
      ? undefined
      : await typeAssistId(tx, clientId, "NOTIFYCATEGORY", "notifyCategory", notifyCategory);
  return { ...given, notifyCategoryId };
}

function checkChange(before: Job, given: JobChange): void {
  const cron = parseJobCron(given.cron === undefined ? before.cron : given.cron);
  const validFrom = given.validFrom?.getTime() ?? Date.parse(before.validFrom);
  const validTo = given.validTo?.getTime() ?? Date.parse(before.validTo);
  checkValidity({ validFrom, validTo }, cron, before.timezone);
}

async function answerOf(store: Queryable, job: Job, now: number) {
  const checkpoints = await listCheckpoints(store, job.id);
  const warnings: Warning[] = warningsOf(
    {
      ...factsOf(job),
      identifier: job.identifier,
      isDynamic: job.isDynamic,
      isAssigned: job.personId !== null || job.peopleGroupId !== null,
      hasChecklist: job.questionSetId !== null,
      checkpoints: checkpoints.length,
    },
    now,
  );
  return { ...job, checkpoints, warnings };
}

/** A job that was kept before today's rules may have an expression that is refused now: it has no next occurrence. */
function factsOf(job: Job) {
  return {
    cron: cronOrNull(job.cron),
    zone: job.timezone,
    validFrom: Date.parse(job.validFrom),
    validTo: Date.parse(job.validTo),
    graceTime: job.graceTime,
    planDuration: job.planDuration,
    expiryTime: job.expiryTime,
  };
}

function cronOrNull(expression: string | null) {
  try {
    return parseJobCron(expression);
  } catch {
    return null;
  }
}

async function zoneOf(store: Queryable, scope: Scope, siteId: number): Promise<string> {
  const values = new Values();
  const { rows } = await store.query<{ timezone: string }>(
    `select timezone from site where id = ${values.of(siteId)}::bigint and ${within(scope, "client_id", values)}`,
    values.list,
  );
  if (rows[0] === undefined) throw refused("siteId", `there is no site ${siteId}`);
  return rows[0].timezone;
}
