/** Claims that commit and whose answer never arrives, many times under load: nothing stays STARTED, nothing is lost. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type Database, openPostgres } from "../../database/index.ts";
import { JetStreamQueue, PostgresQueue, type RuntimeOptions } from "../../runtime/index.ts";
import { eventually } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";
import { type AnswerThief, openAnswerThief } from "./support/answer-thief.ts";
import { openStage, type Stage } from "./support/stage.ts";
import { printTable } from "./support/storm-checker.ts";
import { type StormParams, stormEffect, writeEffect } from "./support/storm-tasks.ts";

const THEFTS = 100;
const LONGEST_LOAD_MS = 120_000;
/** A claim that fails makes its worker pause, so what waits is kept short: the test is of thefts, not of backlogs. */
const MOST_WAITING = 400;
const TASKS_PER_ROUND = 40;
/** Of the claims that claim something, each n-th loses its answer. */
const STOLEN_EVERY = 10;

type QueueOver = (database: Database) => RuntimeOptions["queue"];

describeWith(["nats", "postgres"], "when the answers of claims are lost", () => {
  let stage: Stage;
  let thief: AnswerThief;
  let behindThief: Database;
  beforeAll(async () => {
    stage = await openStage();
    thief = await openAnswerThief(stage.postgres.url);
    behindThief = openPostgres({ url: thief.url });
  }, 400_000);
  afterEach(async () => {
    thief.stealEvery(0);
    await stage.reset();
  }, 400_000);
  afterAll(async () => {
    await behindThief.close();
    await thief.close();
    await stage.close();
  }, 400_000);

  test("JetStream: every task runs once, and none stays in the hands of a worker that has not got it", async () => {
    await storm(
      (database) => (parts, expected) => new JetStreamQueue({ url: stage.nats.url, database }, parts, expected),
    );
  }, 400_000);

  test("PostgreSQL as queue: every task runs once, and none stays in the hands of a worker that has not got it", async () => {
    await storm((database) => (parts, expected) => new PostgresQueue(database, parts, expected));
  }, 400_000);

  async function storm(queueOver: QueueOver): Promise<void> {
    const { database } = stage;
    await database.script("truncate effect; delete from task_history");
    const caller = stage.runtime({ queues: [], queue: queueOver(database) });
    await caller.start();
    const starts = new Map<string, number>();
    const before = thief.stolen;
    for (let n = 0; n < 2; n++) {
      const worker = stage.runtime({ database: behindThief, concurrency: 20, queue: queueOver(behindThief) });
      worker.handle({
        task: stormEffect,
        run: async (params, run) => {
          starts.set(run.id, (starts.get(run.id) ?? 0) + 1);
          const { sleepMs } = params as StormParams;
          await sleep(sleepMs);
          return run.complete((tx) => writeEffect(tx, run, "fenced", 0));
        },
      });
      await worker.start();
    }
    thief.stealEvery(STOLEN_EVERY);
    const accepted: string[] = [];
    const end = Date.now() + LONGEST_LOAD_MS;
    for (; thief.stolen - before < THEFTS && Date.now() < end; await sleep(20)) {
      if (accepted.length - starts.size > MOST_WAITING) continue;
      const batch = Array.from({ length: TASKS_PER_ROUND }, (_, n) => ({ n, sleepMs: n % 20 }));
      for (const { id } of await stormEffect.enqueueMany(caller, batch)) accepted.push(id);
    }
    thief.stealEvery(0);
    const stolen = thief.stolen - before;
    const lastTheft = Date.now();
    await eventually(async () => (await count("select count(*)::integer as n from task")) === 0, 90_000);
    const emptyAfter = Date.now() - lastTheft;

    const ended = "select count(*)::integer as n from task_history where state = 'SUCCESS' and retries + crashes = 0";
    expect(await count(ended)).toBe(accepted.length);
    expect(await count("select count(*)::integer as n from effect")).toBe(accepted.length);
    expect(await count("select count(distinct task_id)::integer as n from effect")).toBe(accepted.length);
    expect(starts.size).toBe(accepted.length);
    expect([...starts.values()].filter((times) => times > 1)).toEqual([]);
    expect(stolen).toBeGreaterThan(THEFTS / 2);
    const back = await count("select count(*)::integer as n from task_history where attempt > 1");
    expect(back).toBeGreaterThan(THEFTS / 2);
    printTable("answers of claims lost under load", [
      ["tasks accepted, and run once", accepted.length],
      ["answers lost", stolen],
      ["tasks claimed by them and handed back", back],
      ["nothing open after", `${(emptyAfter / 1_000).toFixed(1)} s`],
    ]);
  }

  async function count(statement: string): Promise<number> {
    const { rows } = await stage.database.query<{ n: number }>(statement);
    return rows[0]?.n ?? Number.NaN;
  }
});
