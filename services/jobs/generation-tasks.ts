// create_job and create_ppm_job: every due job in turn, each for itself. One that fails stops nobody and is named in the
// result.
import { isTransient } from "../../database/index.ts";
import { codeOf, messageOf } from "../../runtime/index.ts";
import { runs, type TaskRunContext, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { jobEvents, jobneedEvents } from "./events.ts";
import { type Generated, generateJob, NOTHING } from "./generation.ts";
import { type JobToGenerate, jobsToGenerate, reasonsNotDue } from "./generation-job-store.ts";
import type { RouteService } from "./route.ts";
import { createJob, createPpmJob } from "./tasks.ts";

const PAGE = 500;
const AT_ONCE = 4;
const MOST_FAILURES = 100;
/** Of a job whose transaction lost to another one: a deadlock, a serialisation failure. */
const TRIES = 3;

interface Failure {
  readonly jobId: number;
  readonly code: string;
  readonly message: string;
}

type Parts = Pick<ServiceParts, "database" | "runtime" | "log"> & { readonly routes?: RouteService | undefined };
type Context = TaskRunContext<{ jobIds?: number[] | undefined }>;

export function generationTasks(parts: Parts, tell: Tell): NonNullable<TaskServiceSchema["tasks"]> {
  return {
    createJob: runs(createJob, (ctx) => sweep(parts, tell, ctx, false)),
    createPpmJob: runs(createPpmJob, (ctx) => sweep(parts, tell, ctx, true)),
  };
}

async function sweep(parts: Parts, tell: Tell, ctx: Context, isPpm: boolean) {
  const { task } = ctx.locals;
  const { jobIds: ids } = ctx.params;
  const now = () => parts.runtime.parts.clock.now();
  const beganAt = now();
  // Before anything is done: a job taken back by this run is not due either.
  const notDue = ids === undefined ? [] : await reasonsNotDue(parts.database, { isPpm, now: beganAt, ids });
  const failed: Failure[] = [];
  let total = NOTHING;
  let jobs = 0;

  async function one({ id: jobId, ...place }: JobToGenerate): Promise<void> {
    try {
      const made = await trying(() => generateJob(parts, jobId, now()));
      total = sum(total, made);
      if (made.occurrences > 0) tell(jobneedEvents.generated, { jobId, ...place, ...made });
    } catch (error) {
      // A database that cannot be reached cannot be reached for any of them: the task is tried again.
      if (codeOf(error) === "STORE_UNAVAILABLE") throw error;
      const failure = { jobId, code: codeOf(error) ?? "INTERNAL", message: messageOf(error) };
      task.log.error(`job ${jobId} could not be generated: ${failure.code} ${failure.message}`);
      tell(jobEvents.failed, { ...failure, ...place });
      if (failed.length < MOST_FAILURES) failed.push(failure);
    }
  }

  for (let afterId = 0; ; ) {
    const page = await jobsToGenerate(parts.database, { isPpm, now: beganAt, afterId, limit: PAGE, ids });
    await inLanes(page, AT_ONCE, task.signal, one);
    jobs += page.length;
    afterId = page.at(-1)?.id ?? afterId;
    task.progress(0, `${jobs} jobs, ${total.occurrences} occurrences`);
    if (page.length < PAGE) break;
  }
  const { ids: _, ...counts } = total;
  task.log.info(`${jobs} jobs were due`, { ...counts, failed: failed.length });
  return { jobs, ...counts, notDue, failed };
}

/** Several at once; after the first failure, or when the signal aborts, nothing new is begun, and what was is waited for. */
async function inLanes<Item>(
  items: readonly Item[],
  lanes: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let isBroken = false;
  const lane = async () => {
    try {
      for (const item of queue) {
        if (isBroken) return;
        signal.throwIfAborted();
        await work(item);
      }
    } catch (error) {
      isBroken = true;
      throw error;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const failure = ends.find((end) => end.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

async function trying<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= TRIES || !isTransient(error) || codeOf(error)?.startsWith("STORE_")) throw error;
    }
  }
}

function sum(a: Generated, b: Generated): Generated {
  return {
    occurrences: a.occurrences + b.occurrences,
    checkpoints: a.checkpoints + b.checkpoints,
    details: a.details + b.details,
    reminders: a.reminders + b.reminders,
    missed: a.missed + b.missed,
    withdrawn: a.withdrawn + b.withdrawn,
    unrouted: a.unrouted + b.unrouted,
    ids: [],
  };
}
