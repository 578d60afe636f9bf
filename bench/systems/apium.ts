/** Apium, in its three shapes. Two runtimes: one only accepts, as a gateway does; the worker's is made by `work`. */
import { z } from "zod";
import { type Database, migrate, openPGlite, openPostgres } from "../../database/index.ts";
import { defineTask, JetStreamQueue, PostgresQueue, RUNTIME_MIGRATIONS, Runtime } from "../../runtime/index.ts";
import type { Payload, Servers, System } from "../system.ts";

const noop = defineTask({ name: "noop", params: z.object({ a: z.number(), b: z.number() }) });
/** The handlers wait for nothing, so slots only bound how much is in flight. */
const CONCURRENCY = 2_000;
const BATCH = 1_000;
const PARALLEL = 3;

async function open(database: Database, natsUrl: string | undefined): Promise<System> {
  await migrate(database, [RUNTIME_MIGRATIONS]);
  const make = (queues?: string[]) =>
    new Runtime({
      database,
      concurrency: CONCURRENCY,
      queue: (parts, expect) =>
        natsUrl === undefined
          ? new PostgresQueue(database, parts, expect)
          : new JetStreamQueue({ url: natsUrl, database }, parts, expect),
      onEvents: () => {},
      ...(queues === undefined ? {} : { queues }),
    });
  // Embedded there is one process, so accepting and working share one runtime once there is a worker.
  const caller = make([]);
  await caller.open();
  let worker: Runtime | undefined;
  return {
    async enqueueMany(payloads, dueAt) {
      let next = 0;
      const options = dueAt === undefined ? {} : { eta: dueAt };
      const lane = async () => {
        while (next < payloads.length) {
          const start = next;
          next += BATCH;
          await noop.enqueueMany(caller, payloads.slice(start, start + BATCH) as Payload[], options);
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, lane));
    },
    async enqueue(payload, delayMs) {
      await noop.enqueue(worker ?? caller, payload, delayMs === undefined ? {} : { countdown: delayMs });
    },
    async work(started) {
      worker = make();
      worker.handle({
        task: noop,
        run: async (params) => {
          started(params as Payload);
          return { ok: 1 };
        },
      });
      await worker.start();
    },
    async unfinished() {
      const { rows } = await database.query<{ open: number }>(
        "select count(*)::integer as open from (select 1 from task limit 1) t",
      );
      return rows[0]?.open ?? 0;
    },
    async stop() {
      await worker?.stop(5_000);
      await caller.stop();
      await database.close();
    },
  };
}

export const openApium = ({ databaseUrl, natsUrl }: Servers) => open(openPostgres({ url: databaseUrl }), natsUrl);
export const openApiumPostgres = ({ databaseUrl }: Servers) => open(openPostgres({ url: databaseUrl }), undefined);
export const openApiumEmbedded = async () =>
  open(await openPGlite({ dataDir: process.env.BENCH_DATA_DIR ?? "memory" }), undefined);
