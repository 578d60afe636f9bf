/** Graphile Worker with its local queue of 500 and batched completion, as its performance page recommends. */
import { Logger, makeWorkerUtils, type Runner, run } from "graphile-worker";
import pg from "pg";
import type { Payload, Servers, System } from "../system.ts";

const BATCH = 1_000;
const PARALLEL = 3;

export async function openGraphile({ databaseUrl }: Servers): Promise<System> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 30 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const utils = await makeWorkerUtils({ pgPool: pool });
  await utils.migrate();
  let runner: Runner | undefined;
  return {
    async enqueueMany(payloads, dueAt) {
      let next = 0;
      const lane = async () => {
        while (next < payloads.length) {
          const start = next;
          next += BATCH;
          await utils.addJobs(
            payloads.slice(start, start + BATCH).map((payload) => ({
              identifier: "noop",
              payload,
              ...(dueAt === undefined ? {} : { runAt: dueAt }),
            })),
          );
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, lane));
    },
    async enqueue(payload, delayMs) {
      await utils.addJob("noop", payload, delayMs === undefined ? {} : { runAt: new Date(Date.now() + delayMs) });
    },
    async work(started) {
      runner = await run({
        pgPool: pool,
        taskList: {
          noop: async (payload) => {
            started(payload as Payload);
            return { ok: 1 } as never;
          },
        },
        preset: {
          worker: {
            concurrentJobs: 24,
            maxPoolSize: 30,
            pollInterval: 2_000,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
            // biome-ignore lint/suspicious/noExplicitAny: the preset's type lives in a package we do not install.
          } as any,
        },
        logger: new Logger(() => () => {}),
        noHandleSignals: true,
      });
    },
    async unfinished() {
      const { rows } = await pool.query(
        "select count(*)::integer as open from (select 1 from graphile_worker._private_jobs limit 1) j",
      );
      return rows[0].open;
    },
    async stop() {
      await runner?.stop();
      await utils.release();
      await pool.end();
    },
  };
}
