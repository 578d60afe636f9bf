/** Figures over time, on every database: what is counted, that processes add up, what survives, and what is not told. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import type { Database } from "../../database/index.ts";
import { QueueCounts } from "../../runtime/control/index.ts";
import { defineTask, foundation, type InlineHandler, VirtualClock } from "../../runtime/index.ts";
import { EndWriter } from "../../runtime/series/end-writer.ts";
import { EndBook, Series, seriesQuery } from "../../runtime/series/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const HOUR_MS = 3_600_000;
const NOON = Date.UTC(2026, 5, 1, 12);

const work = defineTask({ name: "work", params: z.object({ ends: z.string() }), queue: "email", retryDelay: "10ms" });
const brief = defineTask({ name: "brief", params: z.object({}), queue: "reports" });
const tried = new Set<string>();
const works: InlineHandler = {
  task: work,
  run: async ({ ends }: { ends: string }, { id }) => {
    if (ends === "badly") throw new Error("it went wrong");
    if (ends === "at the second try" && !tried.has(id)) {
      tried.add(id);
      throw new Error("not yet");
    }
  },
} as InlineHandler;

describe.each(availableBackends().filter((name) => name !== "jetstream"))("figures over time on %s", (name) => {
  let backend: Backend;
  let database: Database;
  beforeAll(async () => {
    backend = await openBackend(name);
    database = backend.database;
  }, 400_000);
  beforeEach(() => database.script("truncate series_end, series_queue, task, task_history"));
  afterEach(() => backend.reset(), 180_000);
  afterAll(() => backend.close(), 180_000);

  const ask = (given: object) => seriesQuery.parse(given);
  const task = (queue: string, state: string, { lane = 1, count = 1, ageS = 0 } = {}) =>
    database.query(
      `insert into task (id, name, queue, lane, priority, state, params, created_at)
       select gen_random_uuid(), 'x', $1, $2::smallint, 5, $3::text::task_state, '{}', clock_timestamp() - $4::integer * interval '1 second'
       from generate_series(1, $5::integer)`,
      [queue, lane, state, ageS, count],
    );

  /** A process' part in the figures, in a time of its own. */
  function processAt(now: number) {
    const clock = new VirtualClock(now);
    const book = new EndBook({ emit() {} });
    const parts = foundation({ clock, events: book });
    const series = new Series(database, parts, book, new QueueCounts(database, clock));
    const duty = (about: string) =>
      series
        .duties()
        .find((one) => one.name.includes(about))
        ?.run() ?? Promise.reject();
    return {
      clock,
      series,
      ends: (type: "succeeded" | "failed" | "retried" | "revoked", of: string, runtimeMs?: number, queue = "email") =>
        book.emit({ type, id: "", name: of, queue, attempt: 1, at: clock.now(), runtimeMs }),
      write: () => duty("ends"),
      look: () => duty("queues"),
      prune: () => duty("pruner"),
    };
  }

  test("every end is counted once, and another process tells the same after the first is gone", async () => {
    const first = await backend.running([works], { queues: ["email"] });
    const ends = [...Array.from({ length: 30 }, () => "well"), "at the second try", "at the second try"];
    await work.enqueueMany(
      first,
      ends.map((each) => ({ ends: each })),
    );
    await work.enqueueMany(first, [{ ends: "badly" }, { ends: "badly" }], { maxRetries: 0 });
    const { id } = await work.enqueue(first, { ends: "well" }, { countdown: "1h" });
    await brief.enqueue(first, {}, { expires: 1 });
    await first.revoke(id);
    const all = async () => (await database.query("select 1 from task_history")).rows.length === 36;
    await eventually(all, 60_000);
    await first.stop();

    const second = backend.runtime({ queues: [] });
    const seen = await second.series.read(ask({ minutes: 5 }));
    expect(seen.names.map(({ name: of, ...figures }) => [of, figures])).toEqual([
      [
        "work",
        {
          ...{ done: 32, failed: 2, retried: 2, revoked: 1 },
          ...{ meanMs: expect.any(Number), p95Ms: expect.any(Number), maxMs: expect.any(Number) },
        },
      ],
      ["brief", { done: 0, failed: 0, retried: 0, revoked: 1, meanMs: null, p95Ms: null, maxMs: null }],
    ]);
    const sum = (end: "done" | "failed" | "retried" | "revoked") =>
      seen.points.reduce((total, point) => total + (point[end] ?? 0), 0);
    expect(["done", "failed", "retried", "revoked"].map((end) => sum(end as "done"))).toEqual([32, 2, 2, 2]);
    expect((await second.series.counts()).ended).toEqual({
      hour: { SUCCESS: 32, FAILURE: 2, REVOKED: 2 },
      day: { SUCCESS: 32, FAILURE: 2, REVOKED: 2 },
    });
    expect((await second.series.read(ask({ minutes: 5, name: "brief" }))).names).toHaveLength(1);
    expect((await second.series.read(ask({ minutes: 5, queue: "reports" }))).names.map((one) => one.name)).toEqual([
      "brief",
    ]);
  }, 400_000);

  test("what two processes have seen within one slot is added up, in every level", async () => {
    const [one, other] = [processAt(NOON), processAt(NOON + 4_000)];
    one.ends("succeeded", "a", 10);
    one.ends("succeeded", "a", 30);
    other.ends("failed", "a", 500);
    other.ends("revoked", "a", 90_000);
    await Promise.all([one.write(), other.write()]);
    one.ends("succeeded", "a", 20);
    await one.write();
    await one.write();
    for (const [minutes, step] of [
      [1, "15s"],
      [5, "1m"],
      [10, "5m"],
      [1440, "15m"],
    ]) {
      const { points } = await other.series.read(ask({ minutes, step }));
      expect(points.at(-1)).toMatchObject({ done: 3, failed: 1, retried: 0, revoked: 1, meanMs: 140, maxMs: 500 });
      expect(points.slice(0, -1).every(({ done }) => done === null)).toBe(true);
    }
  });

  test("lengths of runs are told to a factor of two, the longest exactly", async () => {
    const one = processAt(NOON);
    for (let run = 1; run <= 1_000; run += 1) one.ends("succeeded", "a", run);
    await one.write();
    const { points } = await one.series.read(ask({ minutes: 1 }));
    expect(points.at(-1)).toMatchObject({ done: 1_000, meanMs: 500.5, maxMs: 1_000 });
    expect(points.at(-1)?.p95Ms).toBeGreaterThan(900);
    expect(points.at(-1)?.p95Ms).toBeLessThanOrEqual(1_000);
  });

  test("points stand at whole steps, each there, the last still under way", async () => {
    const one = processAt(NOON + 70_000);
    one.ends("succeeded", "a", 1);
    await one.write();
    const seen = await one.series.read(ask({ minutes: 10, step: "60s" }));
    expect(seen).toMatchObject({ step: "1m", stepMs: 60_000, from: "2026-06-01T11:52:00.000Z" });
    expect([seen.to, seen.now]).toEqual(["2026-06-01T12:02:00.000Z", "2026-06-01T12:01:10.000Z"]);
    expect(seen.points.map(({ at }) => at)).toEqual(
      Array.from({ length: 10 }, (_, n) => new Date(NOON + (n - 8) * 60_000).toISOString()),
    );
  });

  test("the depth of a queue is told by lane, an empty one as zero, and a time nobody looked at as unknown", async () => {
    const one = processAt(NOON);
    await task("email", "QUEUED", { lane: 2, count: 3, ageS: 60 });
    await task("email", "QUEUED", { lane: 0 });
    await task("email", "SCHEDULED", { count: 2 });
    await task("reports", "STARTED");
    await task("critical", "WAITING");
    await one.look();
    await database.query("delete from task where queue = 'email'");
    await one.clock.advance(30_000);
    await one.look();
    const { queues, points } = await one.series.read(ask({ minutes: 1, step: "15s" }));
    expect(Object.keys(queues).sort()).toEqual(["email", "reports"]);
    const unknown = { queued: null, scheduled: null, started: null, high: null, normal: null, low: null };
    const depth = { queued: 4, scheduled: 2, started: 0, high: 3, normal: 0, low: 1 };
    const empty = { queued: 0, scheduled: 0, started: 0, high: 0, normal: 0, low: 0 };
    expect(queues.email?.map(({ at: _, oldestMs: __, ...figures }) => figures)).toEqual([
      unknown,
      depth,
      unknown,
      empty,
    ]);
    expect(queues.email?.[1]?.oldestMs).toBeGreaterThanOrEqual(60_000);
    expect(queues.email?.[3]?.oldestMs).toBeNull();
    expect(queues.reports?.map(({ started }) => started)).toEqual([null, 1, null, 1]);
    expect(points.map(({ done }) => done)).toEqual([null, 0, null, 0]);
    expect(Object.keys((await one.series.read(ask({ queue: "maintenance" }))).queues)).toEqual(["maintenance"]);
  });

  test("of several processes one looks, a coarse step keeps the greatest, and an idle system writes a row a look", async () => {
    const processes = [processAt(NOON), processAt(NOON + 3_000), processAt(NOON + 9_000)];
    await task("email", "QUEUED", { count: 5 });
    await Promise.all(processes.map((one) => one.look()));
    await Promise.all(processes.map((one) => one.look()));
    const rows = async (step: number) =>
      (
        await database.query<{ queue: string; queued: number }>(
          "select queue, queued from series_queue where step = $1::smallint order by at, queue",
          [step],
        )
      ).rows;
    expect(await rows(15)).toEqual([
      { queue: "", queued: 0 },
      { queue: "email", queued: 5 },
    ]);
    await database.query("delete from task");
    for (const one of processes) await one.clock.advance(15_000);
    for (const one of processes) await one.look();
    expect(await rows(15)).toHaveLength(3);
    expect(await rows(60)).toEqual([
      { queue: "", queued: 0 },
      { queue: "email", queued: 5 },
    ]);
  });

  test("what cannot be written is kept, tried again, and not without bound", async () => {
    const clock = new VirtualClock(NOON);
    const book = new EndBook({ emit() {} });
    let isAway = true;
    const flaky: Database = {
      ...database,
      query: (...asked) => (isAway ? Promise.reject(new Error("away")) : database.query(...asked)),
    };
    const warnings: string[] = [];
    const log = { ...foundation().log, warn: (message: string) => void warnings.push(message) };
    const writer = new EndWriter(flaky, book, log);
    const end = (of: string) =>
      book.emit({ type: "succeeded", id: "", name: of, queue: "email", attempt: 1, at: clock.now() });
    end("early");
    await expect(writer.flush()).rejects.toThrow("away");
    await clock.advance(20_000);
    end("late");
    await Promise.all([expect(writer.flush()).rejects.toThrow("away"), expect(writer.flush()).rejects.toThrow("away")]);
    isAway = false;
    await writer.flush();
    await writer.flush();
    const kept = await database.query("select name, done from series_end where step = 15 order by at");
    expect(kept.rows).toEqual([
      { name: "early", done: 1 },
      { name: "late", done: 1 },
    ]);

    isAway = true;
    for (let n = 0; n < 5_050; n += 1) end(`kind_${n}`);
    await expect(writer.flush()).rejects.toThrow("away");
    expect(warnings).toEqual([expect.stringContaining("50 rows")]);
    isAway = false;
    await writer.flush();
    expect((await database.query("select 1 from series_end where step = 15")).rows).toHaveLength(5_002);
  }, 400_000);

  test("a drained worker has written what it counted", async () => {
    const runtime = await backend.running([works], { queues: ["email"] });
    await work.callAndWait(runtime, { ends: "well" });
    await runtime.drain();
    const { rows } = await database.query("select done from series_end where step = 15");
    expect(rows).toEqual([{ done: 1 }]);
  });

  test("a day is kept, and the finest of it for seven hours", async () => {
    const past = processAt(NOON);
    past.ends("succeeded", "a", 1);
    await past.write();
    await past.look();
    const later = processAt(NOON + 8 * HOUR_MS);
    await later.prune();
    const steps = async (table: string) =>
      (await database.query<{ step: number }>(`select distinct step from ${table} order by step`)).rows.map(
        ({ step }) => step,
      );
    expect([await steps("series_end"), await steps("series_queue")]).toEqual([
      [60, 300, 900],
      [60, 300, 900],
    ]);
    const { points } = await later.series.read(ask({ minutes: 1440 }));
    expect(points.filter(({ done }) => done === 1)).toHaveLength(1);
    await processAt(NOON + 26 * HOUR_MS).prune();
    expect([await steps("series_end"), await steps("series_queue")]).toEqual([[], []]);
  });

  test("more than a day, more than 500 points, or a step that no slots make is refused by its name", () => {
    const refused = (given: object) => seriesQuery.safeParse(given).error?.issues.map(({ path }) => path.join("."));
    expect(refused({ minutes: 1_441 })).toEqual(["minutes"]);
    expect(refused({ minutes: 0 })).toEqual(["minutes"]);
    expect(refused({ minutes: "soon" })).toEqual(["minutes"]);
    expect(refused({ minutes: 126, step: "15s" })).toEqual(["step"]);
    expect(refused({ minutes: 1_440, step: "2m" })).toEqual(["step"]);
    expect(refused({ step: "20s" })).toEqual(["step"]);
    expect(refused({ step: "90s" })).toEqual(["step"]);
    expect(refused({ step: "soon" })).toEqual(["step"]);
    expect(refused({ step: 0 })).toEqual(["step"]);
    expect(refused({ hours: 1 })).toEqual([""]);
    expect(refused({ minutes: "125", step: "15s", queue: "email", name: "a" })).toBeUndefined();
  });
});
