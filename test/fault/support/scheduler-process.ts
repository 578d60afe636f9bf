/**
 * A process that does nothing but fire schedules: the real runtime and clockwork on PostgreSQL and JetStream. From the
 * environment: STORM_DATABASE_URL, STORM_NATS_URL. Says "ready" when its clockwork goes.
 */
import { z } from "zod";
import { openPostgres } from "../../../database/index.ts";
import { defineTask, JetStreamQueue, type Log, Runtime } from "../../../runtime/index.ts";

export const tick = defineTask({ name: "tick", params: z.object({}), maxRetries: 0 });

const { STORM_DATABASE_URL, STORM_NATS_URL = "" } = process.env;
if (STORM_DATABASE_URL !== undefined) await run(STORM_DATABASE_URL);

async function run(url: string): Promise<void> {
  const say = (level: string) => (message: string, data?: unknown) =>
    process.stderr.write(
      `${new Date().toISOString()} ${level} ${message} ${data instanceof Error ? data.message : ""}\n`,
    );
  const log: Log = { debug() {}, info: say("info"), warn: say("warn"), error: say("error") };
  const database = openPostgres({ url, poolSize: 4, onError: log.warn });
  const runtime = new Runtime({
    database,
    queue: (parts, expect) => new JetStreamQueue({ url: STORM_NATS_URL, database }, parts, expect),
    queues: [],
    parts: { log },
  });
  runtime.define(tick);
  // Whoever started it holds the other end: a test that is ended in the middle leaves no process behind.
  process.stdin.on("end", () => process.exit(1)).resume();
  await runtime.open();
  runtime.clockwork(() => {}).start();
  process.stdout.write("ready\n");
}
