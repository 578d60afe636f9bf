/** pg-boss: insert in bulk, fetch and complete in batches of 500, four at a time. */
import PgBoss from "pg-boss";
import type { Payload, Servers, System } from "../system.ts";

const BATCH = 1_000;
const QUEUE = "bench";
const IDLE_MS = 5;

export async function openPgBoss({ databaseUrl }: Servers): Promise<System> {
  const boss = new PgBoss({ connectionString: databaseUrl, max: 12 });
  await boss.start();
  await boss.createQueue(QUEUE);
  let stopped = false;
  return {
    async enqueueMany(payloads, dueAt) {
      for (let start = 0; start < payloads.length; start += BATCH) {
        await boss.insert(
          payloads.slice(start, start + BATCH).map((data) => ({
            name: QUEUE,
            data,
            ...(dueAt === undefined ? {} : { startAfter: dueAt }),
          })),
        );
      }
    },
    async enqueue(data, delayMs) {
      await boss.send(QUEUE, data, delayMs === undefined ? {} : { startAfter: new Date(Date.now() + delayMs) });
    },
    async work(started) {
      // Its own `work` waits for its polling interval between batches; fetch and complete do not.
      const poll = async () => {
        while (!stopped) {
          const jobs = await boss.fetch<Payload>(QUEUE, { batchSize: 500 });
          for (const { data } of jobs) started(data);
          if (jobs.length > 0)
            await boss.complete(
              QUEUE,
              jobs.map(({ id }) => id),
              { ok: 1 } as never,
            );
          else await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
        }
      };
      for (let poller = 0; poller < 4; poller++) void poll();
    },
    async unfinished() {
      return boss.getQueueSize(QUEUE, { before: "completed" });
    },
    async stop() {
      stopped = true;
      await boss.stop({ graceful: true, timeout: 5_000 });
    },
  };
}
