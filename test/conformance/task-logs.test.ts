/** What handlers say of their tasks is kept with them, on every backend. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import type { Database } from "../../database/index.ts";
import {
  type AnyTask,
  ApiumError,
  defineTask,
  type InlineHandler,
  type Log,
  listTaskLogs,
  type TaskContext,
  type TaskLogFilter,
} from "../../runtime/index.ts";
import { Pruner } from "../../runtime/maintenance/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const talk = defineTask({ name: "talk", params: z.object({ lines: z.number().default(1) }), maxRetries: 0 });
const open = z.object({});

function handler<Params>(task: AnyTask, run: (params: Params, context: TaskContext) => unknown): InlineHandler {
  return { task, run: (params, context) => run(params as Params, context) };
}

const talks = handler<{ lines: number }>(talk, (_params, { log }) => {
  log.debug("looking", { at: 1 });
  log.info("half way");
  log.warn("slow", { ms: 900 });
  log.error("gave up");
});

/** The database with a counter, and a switch, before the statement that writes lines. */
function watched(database: Database): { database: Database; writes: number; isAway: boolean } {
  const watch = { database, writes: 0, isAway: false };
  watch.database = {
    ...database,
    relaxed: {
      ...database.relaxed,
      async query(statement, parameters) {
        if (typeof statement !== "string" && statement.name === "write_task_log") {
          watch.writes++;
          if (watch.isAway) throw new ApiumError("STORE_UNAVAILABLE");
        }
        return database.relaxed.query(statement, parameters);
      },
    },
  };
  return watch;
}

describe.each(availableBackends())("task logs on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(() => backend.reset(), 180_000);
  afterAll(() => backend.close(), 180_000);

  const logsOf = (id: string, filter: TaskLogFilter = {}) => listTaskLogs(backend.database, id, filter);
  const linesOf = async (id: string, count: number, withinMs?: number) => {
    const { items } = await eventually(async () => {
      const page = await logsOf(id, { limit: 1_000 });
      return page.items.length >= count && page;
    }, withinMs);
    return items;
  };
  const textsOf = async (id: string, count: number) =>
    (await linesOf(id, count)).map(({ attempt, message }) => `${attempt} ${message}`);

  test("lines come in the order in which they were said, with all that belongs to them", async () => {
    const runtime = await backend.running([talks]);
    const before = runtime.parts.clock.now();
    const { id } = await talk.enqueue(runtime, {});
    const lines = await linesOf(id, 4);
    const [worker] = await runtime.workers();
    const common = { attempt: 1, worker: worker?.id };
    expect(lines).toEqual([
      {
        ...common,
        seq: expect.any(Number),
        at: expect.any(String),
        level: "debug",
        message: "looking",
        data: { at: 1 },
      },
      { ...common, seq: expect.any(Number), at: expect.any(String), level: "info", message: "half way", data: null },
      { ...common, seq: expect.any(Number), at: expect.any(String), level: "warn", message: "slow", data: { ms: 900 } },
      { ...common, seq: expect.any(Number), at: expect.any(String), level: "error", message: "gave up", data: null },
    ]);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map(({ seq }) => seq).sort((a, b) => a - b));
    for (const { at } of lines) {
      expect(Date.parse(at)).toBeGreaterThanOrEqual(before - 1);
      expect(Date.parse(at)).toBeLessThanOrEqual(runtime.parts.clock.now() + 1);
    }
  });

  test("pages go on after the last line seen, and a level leaves out what is less urgent", async () => {
    const runtime = await backend.running([talks]);
    const { id } = await talk.enqueue(runtime, {});
    const lines = await linesOf(id, 4);
    const first = await logsOf(id, { limit: 3 });
    expect(first.items).toEqual(lines.slice(0, 3));
    expect(first.nextCursor).toBe(String(lines[2]?.seq));
    const rest = await logsOf(id, { limit: 3, after: Number(first.nextCursor) });
    expect(rest).toEqual({ items: lines.slice(3), nextCursor: null });
    expect((await logsOf(id, { level: "warn" })).items).toEqual(lines.slice(2));
    expect((await logsOf(id, { level: "error", after: lines[3]?.seq ?? 0 })).items).toEqual([]);
  });

  test("an unknown task is refused; one that said nothing has no lines", async () => {
    const runtime = await backend.running([talks]);
    await expect(logsOf(randomUUID())).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    await expect(logsOf("no-id")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    const { id } = await talk.enqueue(runtime, {}, { countdown: "1h" });
    expect(await logsOf(id)).toEqual({ items: [], nextCursor: null });
    await runtime.revoke(id);
  });

  test("lines can be read while the task still runs", async () => {
    const gate = Promise.withResolvers<void>();
    const runtime = await backend.running([
      handler(talk, async (_params, { log }) => {
        log.info("began");
        await gate.promise;
      }),
    ]);
    const { id } = await talk.enqueue(runtime, {});
    expect(await textsOf(id, 1)).toEqual(["1 began"]);
    expect((await runtime.getTask(id)).state).toBe("STARTED");
    gate.resolve();
    await runtime.result(id);
  });

  test("what every attempt said is kept across retries", async () => {
    const flaky = defineTask({ name: "flaky", params: open, maxRetries: 2, retryDelay: 20 });
    const runtime = await backend.running([
      handler(flaky, async (_params, { log, retries }) => {
        log.info(`try ${retries}`);
        if (retries < 2) throw new Error("not yet");
        log.info("done");
      }),
    ]);
    const { id } = await flaky.enqueue(runtime, {});
    await runtime.result(id);
    expect(await textsOf(id, 4)).toEqual(["1 try 0", "2 try 1", "3 try 2", "3 done"]);
  });

  test("a flood is cut at a thousand lines, the last of which says how many are missing", async () => {
    const runtime = await backend.running([
      handler<{ lines: number }>(talk, ({ lines }, { log }) => {
        for (let n = 1; n <= lines; n++) log.info(`line ${n}`);
      }),
    ]);
    const { id } = await talk.enqueue(runtime, { lines: 1_500 });
    const lines = await linesOf(id, 1_000);
    expect(lines).toHaveLength(1_000);
    expect(lines.slice(0, 998).map(({ message }) => message)).toEqual(
      Array.from({ length: 998 }, (_, n) => `line ${n + 1}`),
    );
    expect(lines[998]).toMatchObject({ level: "warn", message: expect.stringContaining("from here on is left out") });
    expect(lines[999]).toMatchObject({ level: "warn", message: "lines left out: 502" });
    const few = await talk.enqueue(runtime, { lines: 998 });
    expect(await linesOf(few.id, 998)).toHaveLength(998);
  });

  test("long messages and data are cut, and what cannot be stored does not lose its neighbours", async () => {
    const runtime = await backend.running([
      handler(talk, (_params, { log }) => {
        const circle: Record<string, unknown> = { n: 1 };
        circle.self = circle;
        log.info(
          "x".repeat(20_000),
          Array.from({ length: 40 }, () => "y".repeat(1_900)),
        );
        log.info(`nul \0, half a pair \ud800, quotes " \\ {}`, { text: "nul \0 \ud800" });
        log.info("hostile", {
          circle,
          get trap() {
            throw new Error("sprung");
          },
        });
        log.info("circle", circle);
        log.error("error", new TypeError("no such field", { cause: new Error("deeper") }));
      }),
    ]);
    const { id } = await talk.enqueue(runtime, {});
    const [long, strange, hostile, circular, failed] = await linesOf(id, 5);
    expect(long?.message).toHaveLength(8_001);
    expect(JSON.stringify(long?.data).length).toBeLessThan(10_000);
    expect(long?.data).toEqual({ cut: expect.stringMatching(/^\["y+/) });
    expect(strange?.message).toBe(`nul \uFFFD, half a pair \uFFFD, quotes " \\ {}`);
    expect(hostile).toMatchObject({ message: "hostile", data: expect.stringContaining("sprung") });
    expect(JSON.stringify(circular?.data)).toMatch(/^{"n":1,"self":{"n":1/);
    expect(failed?.data).toMatchObject({ name: "TypeError", message: "no such field", cause: { message: "deeper" } });
  });

  test("secrets reach neither the task's log nor the process', which has the line with its task and correlation", async () => {
    const told: { level: string; text: string; data: unknown; about: unknown }[] = [];
    const tell = (level: string) => (text: string, data?: unknown, about?: unknown) =>
      void told.push({ level, text, data, about });
    const log: Log = { debug: tell("debug"), info: tell("info"), warn: tell("warn"), error: tell("error") };
    const runtime = await backend.running(
      [
        handler(talk, (_params, { log: own }) => {
          own.warn("postgres://u:t0p@db/x refused GET https://a.b/c?token=t0p", {
            apiKey: "t0p",
            nested: [{ password: "t0p", url: "redis://:t0p@cache" }],
            kept: 7,
          });
        }),
      ],
      { parts: { log } },
    );
    const { id } = await talk.enqueue(runtime, {}, { headers: { "correlation-id": "c-77" } });
    const [line] = await linesOf(id, 1);
    expect(line).toMatchObject({
      message: "postgres://[redacted]@db/x refused GET https://a.b/c?token=[redacted]",
      data: {
        apiKey: "[redacted]",
        nested: [{ password: "[redacted]", url: "redis://[redacted]@cache" }],
        kept: 7,
      },
    });
    const own = told.filter(({ text }) => text.includes("refused"));
    const about = expect.objectContaining({ taskId: id, correlationId: "c-77" });
    expect(own).toEqual([{ level: "warn", text: expect.any(String), data: line?.data, about }]);
    expect(own[0]?.text).toContain("[talk, attempt 1]");
    expect(JSON.stringify(told)).not.toContain("t0p");
  });

  test("of a sensitive task messages are kept and no data", async () => {
    const secretive = defineTask({ name: "secretive", params: open, sensitive: true });
    const runtime = await backend.running([
      handler(secretive, (_params, { log }) => log.info("paid", { account: "DE02 1203 0000" })),
    ]);
    const { id } = await secretive.enqueue(runtime, {});
    expect(await linesOf(id, 1)).toMatchObject([{ message: "paid", data: null }]);
  });

  test("what a revoked run said is kept, to its last word", async () => {
    const runtime = await backend.running([
      handler(talk, async (_params, { log, signal }) => {
        log.info("began");
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }),
    ]);
    const { id } = await talk.enqueue(runtime, {});
    await textsOf(id, 1);
    await runtime.revoke(id);
    await expect(runtime.result(id)).rejects.toMatchObject({ details: { state: "REVOKED" } });
    expect(await textsOf(id, 1)).toEqual(["1 began"]);
  });

  test("what a run says after its hard limit has ended it is kept with its attempt", async () => {
    const deaf = defineTask({ name: "deaf", params: open, timeLimit: 100, maxRetries: 0 });
    const gate = Promise.withResolvers<void>();
    const runtime = await backend.running([
      handler(deaf, async (_params, { log }) => {
        log.info("waiting");
        await gate.promise;
        log.info("still here");
      }),
    ]);
    const { id } = await deaf.enqueue(runtime, {});
    await expect(runtime.result(id)).rejects.toMatchObject({ details: { error: { code: "HARD_TIME_LIMIT" } } });
    gate.resolve();
    expect(await textsOf(id, 2)).toEqual(["1 waiting", "1 still here"]);
  });

  test("a run that has lost its task says so before the attempt that took over", async () => {
    const runtime = await backend.running([
      handler(talk, async (_params, { log, attempt, signal }) => {
        log.info("began");
        if (attempt > 1) return;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        log.warn("lost it");
        throw signal.reason;
      }),
    ]);
    const { id } = await talk.enqueue(runtime, {});
    await textsOf(id, 1);
    await backend.database.query("update worker set state = 'lost'");
    await runtime.worker?.lookForRevocations();
    await runtime.result(id);
    expect(await textsOf(id, 3)).toEqual(["1 began", "1 lost it", "2 began"]);
  }, 400_000);

  test("a draining worker writes what its runs said before it goes", async () => {
    const runtime = await backend.running([
      handler(talk, async (_params, { log, signal }) => {
        log.info("began");
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }),
    ]);
    const { id } = await talk.enqueue(runtime, {});
    await eventually(async () => runtime.worker?.active().length === 1);
    await runtime.stop(0);
    expect((await logsOf(id)).items).toMatchObject([{ message: "began", attempt: 1 }]);
    await backend.database.query("delete from task");
  });

  test("lines said inside a transaction are kept, whether it commits or not", async () => {
    const booked = defineTask({ name: "booked", params: open, maxRetries: 1, retryDelay: 10 });
    const runtime = await backend.running([
      handler(booked, (_params, { complete, log, retries }) =>
        complete(async (tx) => {
          await tx.query("select 1");
          log.info(`in try ${retries}`);
          if (retries === 0) throw new Error("rolled back");
          return retries;
        }),
      ),
    ]);
    const { id } = await booked.enqueue(runtime, {});
    await runtime.result(id);
    expect(await textsOf(id, 2)).toEqual(["1 in try 0", "2 in try 1"]);
  });

  test("where nothing is said nothing is written; many short runs share their writes", async () => {
    const quiet = defineTask({ name: "quiet", params: open });
    const watch = watched(backend.database);
    const runtime = await backend.running([handler(quiet, () => 1), talks], { database: watch.database });
    const silent = await quiet.enqueueMany(
      runtime,
      Array.from({ length: 200 }, () => ({})),
    );
    for (const { id } of silent) await runtime.result(id);
    expect(watch.writes).toBe(0);
    const accepted = await talk.enqueueMany(
      runtime,
      Array.from({ length: 500 }, () => ({})),
    );
    for (const { id } of accepted) expect(await linesOf(id, 4)).toHaveLength(4);
    // One for each run would be 500; on a slow machine fewer runs end at once.
    expect(watch.writes).toBeLessThan(490);
  });

  test("a task ends while its lines cannot be written; they wait for the database and come then", async () => {
    const watch = watched(backend.database);
    const runtime = await backend.running([talks], { database: watch.database });
    watch.isAway = true;
    const { id } = await talk.enqueue(runtime, {});
    await runtime.result(id);
    await eventually(async () => watch.writes > 0);
    expect((await logsOf(id)).items).toEqual([]);
    watch.isAway = false;
    expect((await linesOf(id, 4)).map(({ message }) => message)).toEqual(["looking", "half way", "slow", "gave up"]);
  });

  test.each(["thread", "process"] as const)(
    "what a handler in a %s says arrives, bounded, up to its end",
    async (isolation) => {
      const apart = defineTask({ name: `talk-${isolation}`, params: z.object({ lines: z.number() }), maxRetries: 0 });
      const runtime = backend.runtime();
      const module = new URL("../support/isolated-handlers/talks.ts", import.meta.url).href;
      runtime.handle({ task: apart, isolation, module });
      await runtime.start();
      const few = await apart.enqueue(runtime, { lines: 2 });
      // A thread or a process has to be started first.
      expect(await linesOf(few.id, 3, 120_000)).toMatchObject([
        { level: "debug", message: "line 1", data: { n: 1, token: "[redacted]" } },
        { level: "debug", message: "line 2" },
        { level: "error", message: "the end", data: { name: "Error", message: "no more" } },
      ]);
      const many = await apart.enqueue(runtime, { lines: 3_000 });
      const lines = await linesOf(many.id, 1_000, 120_000);
      expect(lines).toHaveLength(1_000);
      expect(lines.at(-1)).toMatchObject({ message: "lines left out: 2003" });
    },
    400_000,
  );

  test("lines older than the history go with their day", async () => {
    const runtime = await backend.running([talks]);
    const { id } = await talk.enqueue(runtime, {});
    const lines = await linesOf(id, 4);
    await backend.database.script(
      `create table task_log_2020010100 (like task_log including defaults);
       alter table task_log attach partition task_log_2020010100 for values from ('2020-01-01') to ('2020-01-02')`,
    );
    await backend.database.query(
      `insert into task_log (task_id, attempt, at, level, message, worker)
       select $1::uuid, 1, at, 'info', 'old', 'w' from unnest(array['2020-01-01', '2020-02-01']::timestamptz[]) at`,
      [id],
    );
    await new Pruner(backend.database, runtime.parts, {
      historyRetentionMs: 3 * 86_400_000,
      auditRetentionMs: 3 * 86_400_000,
    }).prune();
    const { rows } = await backend.database.query<{ message: string; partition: string }>(
      "select message, tableoid::regclass::text as partition from task_log where task_id = $1::uuid",
      [id],
    );
    expect(rows).toHaveLength(4);
    expect(new Set(rows.map(({ partition }) => partition))).toEqual(
      new Set(lines.map(({ at }) => `task_log_${at.slice(0, 10).replaceAll("-", "")}00`)),
    );
    const { rows: left } = await backend.database.query("select 1 from pg_class where relname = 'task_log_2020010100'");
    expect(left).toEqual([]);
  });
});
