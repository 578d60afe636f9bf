/**
 * A worker of the storm, in a process of its own: the real runtime on JetStream and PostgreSQL, with handlers that
 * write down what they do. From the environment: STORM_DATABASE_URL, STORM_NATS_URL, STORM_FOLDER (evidence),
 * STORM_CONCURRENCY. Says "ready" when it works; leaves with 75 when its servers were not there.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "../../../database/index.ts";
import {
  codeOf,
  type InlineHandler,
  JetStreamQueue,
  type Log,
  Runtime,
  type TaskContext,
} from "../../../runtime/index.ts";
import { EvidenceFile } from "./evidence.ts";
import { type StormParams, stormEffect, stormPlain, writeEffect } from "./storm-tasks.ts";

const NOT_THERE = 75;
const DRAIN_MS = 20_000;

const { STORM_DATABASE_URL = "", STORM_NATS_URL = "", STORM_FOLDER = "", STORM_CONCURRENCY = "8" } = process.env;

const evidence = new EvidenceFile(STORM_FOLDER);
const say = (level: string) => (message: string, data?: unknown) =>
  process.stderr.write(
    `${new Date().toISOString()} ${level} ${message} ${data instanceof Error ? data.message : ""}\n`,
  );
const log: Log = { debug() {}, info: say("info"), warn: say("warn"), error: say("error") };

const database = openPostgres({ url: STORM_DATABASE_URL, poolSize: 4, onError: log.warn });
const runtime = new Runtime({
  database,
  queue: (parts, expect) => new JetStreamQueue({ url: STORM_NATS_URL, database }, parts, expect),
  concurrency: Number(STORM_CONCURRENCY),
  parts: { log },
});

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Everything a storm task does but its effect. */
function handler(
  task: InlineHandler["task"],
  finish: (params: StormParams, run: TaskContext) => unknown,
): InlineHandler {
  return {
    task,
    async run(given, run) {
      const params = given as StormParams;
      evidence.note("start", run);
      run.signal.addEventListener("abort", () => evidence.note("aborted", run, codeOf(run.signal.reason)));
      try {
        const ms = run.attempt === 1 ? params.sleepMs : (params.laterSleepMs ?? params.sleepMs);
        await sleep(ms, undefined, { signal: run.signal });
        if (params.blockMs !== undefined && run.attempt === 1) block(params.blockMs);
        if (params.throwsFirst && run.retries === 0)
          throw Object.assign(new Error("the first time"), { code: "on-purpose" });
        const result = await finish(params, run);
        evidence.note("end", run);
        return result;
      } catch (error) {
        evidence.note("threw", run, codeOf(error) ?? "unknown");
        throw error;
      }
    },
  };
}

runtime.handle(
  handler(stormEffect, async ({ n, mode = "fenced", sleepMs, holdMs }, run) => {
    if (mode === "fenced") {
      return run.complete(async (tx) => {
        await writeEffect(tx, run, mode, n);
        if (holdMs !== undefined && run.attempt === 1) {
          evidence.note("held", run);
          await sleep(holdMs);
        }
        return { n };
      });
    }
    if (mode === "apart") await database.transaction((tx) => writeEffect(tx, run, mode, n));
    else await writeEffect(database, run, mode, n);
    // The effect is there and the task has not ended: what a crash or a hang falls into.
    await sleep(3 * sleepMs);
    return { n };
  }),
);
runtime.handle(handler(stormPlain, ({ n }) => ({ n })));

let stopping = false;
process.on("SIGTERM", () => {
  if (stopping) process.exit(1);
  stopping = true;
  runtime
    .stop(DRAIN_MS)
    .then(() => database.close())
    .then(
      () => process.exit(0),
      (error: unknown) => {
        log.error("could not stop in order", error);
        process.exit(2);
      },
    );
});

// Whoever started it holds the other end: a storm that is ended in the middle leaves no worker behind.
process.stdin.on("end", () => process.exit(1)).resume();

try {
  await runtime.start();
  process.stdout.write("ready\n");
} catch (error) {
  log.error("could not start", error);
  process.exit(NOT_THERE);
}
