// create_job and create_ppm_job: every due job in turn, each for itself. One that fails stops nobody and is named in the
// result.
import { codeOf, messageOf } from "../../runtime/index.ts";
import { runs, type TaskRunContext, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { type Generated, generateJob, NOTHING } from "./generation.ts";
import { dueJobs } from "./generation-store.ts";
import { createJob, createPpmJob } from "./tasks.ts";

const PAGE = 500;
const AT_ONCE = 4;
const MOST_FAILURES = 100;

/** Told once for each job that got work: counts, and no row for each occurrence. */
export const JOBNEED_CREATED = "jobneed.created";
export const JOB_FAILED = "job.failed";

interface Failure {
  readonly jobId: number;
  readonly code: string;
  readonly message: string;
}

export function generationTasks(parts: ServiceParts, tell: Tell): NonNullable<TaskServiceSchema["tasks"]> {
  const run = (isPpm: boolean) => (ctx: TaskRunContext<{ jobIds?: number[] | undefined }>) =>
    sweep(parts, tell, ctx, isPpm);
  return { createJob: runs(createJob, run(false)), createPpmJob: runs(createPpmJob, run(true)) };
}

async function sweep(
  parts: ServiceParts,
  tell: Tell,
  ctx: TaskRunContext<{ jobIds?: number[] | undefined }>,
  isPpm: boolean,
) {
  const { task } = ctx.locals;
  const now = parts.runtime.parts.clock.now();
  const { jobIds } = ctx.params;
  const failed: Failure[] = [];
  let total: Generated = NOTHING;
  let jobs = 0;

  const one = async (jobId: number) => {
    try {
      const made = await generateJob(parts, jobId, now);
      total = sum(total, made);
      if (made.occurrences > 0) tell(JOBNEED_CREATED, { jobId, ...made });
    } catch (error) {
      const failure = { jobId, code: codeOf(error) ?? "INTERNAL", message: messageOf(error) };
      // What is wrong with the database is wrong for all of them: the task is tried again.
      if (failure.code.startsWith("STORE_")) throw error;
      parts.log.error(`job ${jobId} could not be generated: ${failure.code} ${failure.message}`);
      tell(JOB_FAILED, { ...failure });
      if (failed.length < MOST_FAILURES) failed.push(failure);
    }
  };

  for (let afterId = 0; ; ) {
    const page = await dueJobs(parts.database, { isPpm, now, afterId, limit: PAGE, ids: jobIds });
    const queue = page.values();
    const lane = async () => {
      for (const jobId of queue) {
        task.signal.throwIfAborted();
        await one(jobId);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    jobs += page.length;
    afterId = page.at(-1) ?? afterId;
    task.progress(0, `${jobs} jobs, ${total.occurrences} occurrences`);
    if (page.length < PAGE) break;
  }
  return { jobs, ...total, failed };
}

function sum(a: Generated, b: Generated): Generated {
  return Object.fromEntries(
    Object.entries(a).map(([name, count]) => [name, count + b[name as keyof Generated]]),
  ) as unknown as Generated;
}
