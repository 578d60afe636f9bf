/** pg-boss: insert in bulk, work in batches of 500, several pollers. */
import PgBoss from "pg-boss";
import type { Payload, Servers, System } from "../system.ts";

const BATCH = 1_000;
const QUEUE = "bench";

export async function openPgBoss({ databaseUrl }: Servers): Promise<System> {
  const boss = new PgBoss({ connectionString: databaseUrl, max: 12 });
  await boss.start();
  await boss.createQueue(QUEUE);
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
      for (let poller = 0; poller < 4; poller++) {
        await boss.work<Payload>(QUEUE, { batchSize: 500, pollingIntervalSeconds: 0.5 }, async (jobs) => {
          for (const { data } of jobs) started(data);
          return { ok: 1 };
        });
      }
    },
    async unfinished() {
      return boss.getQueueSize(QUEUE, { before: "completed" });
    },
    async stop() {
      await boss.stop({ graceful: true, timeout: 5_000 });
    },
  };
}
