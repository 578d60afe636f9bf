/** BullMQ on Redis and on PostgreSQL: addBulk, one worker with a high concurrency, results kept for the last thousand. */
import { createPostgresBackend, type Job, Queue, Worker, withBackend } from "bullmq";
import { Redis } from "ioredis";
import type { Payload, Servers, System } from "../system.ts";

const BATCH = 1_000;
const KEPT = 1_000;
/** More than this makes it slower. */
const POSTGRES_CONCURRENCY = Number(process.env.BULL_PG ?? 20);

interface Parts {
  readonly queue: Queue;
  readonly makeWorker: (run: (job: Job<Payload>) => Promise<unknown>) => { close(): Promise<void> };
  readonly close: () => Promise<unknown>;
}

function over({ queue, makeWorker, close }: Parts): System {
  let worker: { close(): Promise<void> } | undefined;
  const options = { removeOnComplete: { count: KEPT } };
  return {
    async enqueueMany(payloads, dueAt) {
      const delay = dueAt === undefined ? {} : { delay: dueAt.getTime() - Date.now() };
      for (let start = 0; start < payloads.length; start += BATCH) {
        await queue.addBulk(
          payloads.slice(start, start + BATCH).map((data) => ({ name: "noop", data, opts: { ...options, ...delay } })),
        );
      }
    },
    async enqueue(data, delayMs) {
      await queue.add("noop", data, delayMs === undefined ? options : { ...options, delay: delayMs });
    },
    async work(started) {
      worker = makeWorker(async (job) => {
        started(job.data);
        return { ok: 1 };
      });
    },
    async unfinished() {
      const counts = await queue.getJobCounts("waiting", "active", "delayed");
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    async stop() {
      await worker?.close();
      await queue.close();
      await close();
    },
  };
}

export async function openBullMq({ redisUrl }: Servers): Promise<System> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue("bench", { connection: connection as never });
  return over({
    queue,
    makeWorker: (run) =>
      new Worker<Payload>("bench", run, { connection: connection.duplicate() as never, concurrency: 200 }),
    close: () => connection.quit(),
  });
}

export async function openBullMqPostgres({ databaseUrl }: Servers): Promise<System> {
  const backed = withBackend(createPostgresBackend);
  const connection = { connectionString: databaseUrl, max: 20, migrate: true };
  const queue = new backed.Queue("bench", { connection }) as unknown as Queue;
  await queue.waitUntilReady();
  return over({
    queue,
    makeWorker: (run) =>
      new backed.Worker<Payload>("bench", run as never, { connection, concurrency: POSTGRES_CONCURRENCY }) as {
        close(): Promise<void>;
      },
    close: async () => {},
  });
}
