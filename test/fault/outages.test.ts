/** One thing at a time: a server that is away, a stream that is gone, a worker that hangs or leaves, garbage. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { jetstream } from "@nats-io/jetstream";
import { z } from "zod";
import { codeOf, defineTask, type InlineHandler, type Runtime } from "../../runtime/index.ts";
import { eventually } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";
import { readEvidence } from "./support/evidence.ts";
import { deadMessagesRemoved, openStage, type Stage } from "./support/stage.ts";
import { printTable } from "./support/storm-checker.ts";
import { stormEffect, stormPlain } from "./support/storm-tasks.ts";

const STREAM = "TASKS_DEFAULT";
/** A lease is seven seconds, and a worker that could not renew it tries again each half second. */
const SHORTER_THAN_A_LEASE_MS = 6_000;
const quick = defineTask({ name: "quick", params: z.object({ n: z.number() }) });
const slow = defineTask({ name: "slow", params: z.object({ ms: z.number() }), maxRetries: 0 });

describeWith(["nats", "postgres"], "when something is away", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  }, 400_000);
  afterEach(() => stage.reset(), 180_000);
  afterAll(() => stage.close(), 180_000);

  test("while nats-server is down tasks are accepted and run; afterwards the stream carries them again", async () => {
    const ran = new Set<number>();
    const runtime = await running(ran);
    const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => ({ n: from + n }));
    const flood = quick.enqueueMany(runtime, numbers(0, 5_000));
    await eventually(async () => ran.size > 1_000);
    await stage.nats.kill("SIGKILL");
    const down = Date.now();
    await flood;
    let during = 0;
    for (; Date.now() < down + 5_000 || during <= 100; during++) {
      await quick.enqueue(runtime, { n: 5_000 + during });
      await sleep(20);
    }
    await eventually(async () => ran.size === 5_000 + during && (await openTasks()) === 0, 60_000);
    const allRun = Date.now() - down;

    await stage.nats.restart();
    await eventually(async () => (await cursors()) === 0);
    // Each process learns by itself, within half a second, that the lane goes over the stream again.
    const carried = await eventually(async () => {
      const before = await lastSequence();
      await quick.enqueueMany(runtime, numbers(20_000, 100));
      await eventually(async () => (await openTasks()) === 0);
      return (await lastSequence()) - before === 100 && 100;
    });
    await eventually(async () => (await messages()) === 0, 60_000);
    printTable("nats-server down for 5 s", [
      ["tasks accepted and run meanwhile", during],
      ["all run, those whose messages it held too, after", `${(allRun / 1_000).toFixed(1)} s`],
      ["of 100 tasks afterwards, carried by the stream", carried],
      ["dead messages removed", deadMessagesRemoved(stage)],
    ]);
  }, 400_000);

  test("a stream deleted under load is made again and no task is lost", async () => {
    const ran = new Set<number>();
    const runtime = await running(ran, 20);
    let accepted = 0;
    /** Always more than the worker can take, so that it never has a reason of its own to ask the stream. */
    const loadUntil = async (isSo: () => Promise<boolean>) => {
      for (const end = Date.now() + 60_000; !(await isSo().catch(() => false)); ) {
        if (Date.now() > end) throw new Error("the stream is not there again after a minute");
        const batch = Array.from({ length: 200 }, (_, index) => ({ n: accepted + index }));
        accepted += (await quick.enqueueMany(runtime, batch)).length;
        await eventually(async () => accepted - ran.size < 1_000);
      }
    };
    const madeAgain: number[] = [];
    for (let round = 0; round < 3; round++) {
      await loadUntil(async () => (await messages()) > 100);
      await stage.withJetStream((manager) => manager.streams.delete(STREAM));
      const deletedAt = Date.now();
      await loadUntil(async () => (await lastSequence()) >= 0);
      madeAgain.push(Date.now() - deletedAt);
      await eventually(async () => (await openTasks()) === 0 && (await cursors()) === 0, 60_000);
    }
    expect(ran.size).toBe(accepted);
    printTable("stream deleted under load", [
      ["made again after", madeAgain.map((ms) => `${ms} ms`).join(", ")],
      ["tasks accepted and run", ran.size],
    ]);
  }, 400_000);

  test("while PostgreSQL is down enqueuing is refused in bounded time, and no task is taken from a live worker", async () => {
    const worker = stage.runtime({ concurrency: 20 });
    let starts: string[] = [];
    const longest = 13_500;
    let others = Promise.withResolvers<void>();
    worker.handle({
      task: slow,
      run: async (params, { id }) => {
        starts.push(id);
        const { ms } = params as { ms: number };
        await sleep(ms);
        if (ms === longest) await others.promise;
        return "done";
      },
    });
    await worker.start();
    const other = stage.runtime({ queues: [] });
    await other.start();
    const refused: { code: string | undefined; ms: number }[] = [];
    const outage = async () => {
      starts = [];
      others = Promise.withResolvers();
      const ends = [500, 1_500, 2_500, 3_500, 4_500, longest].map((ms) => slow.enqueue(other, { ms }));
      const tasks = await Promise.all(ends);
      await eventually(async () => starts.length === tasks.length);
      // A claim does not wait for the disk (ADR 3); a commit that does takes the claims before it along.
      await stage.database.query("update effect_counter set n = n");

      await justRenewed();
      const renewed = Date.now();
      await stage.postgres.kill("SIGQUIT");
      const down = Date.now();
      do {
        const asked = Date.now();
        const error = await slow.enqueue(other, { ms: 1 }).catch((reason: unknown) => reason);
        refused.push({ code: codeOf(error), ms: Date.now() - asked });
        await sleep(100);
      } while (Date.now() < down + 500);
      await stage.postgres.restart({ mode: "immediate" });
      const back = Date.now();
      await eventually(async () => (await openTasks()) === 1, 60_000);
      const writtenAfter = Date.now() - back;
      others.resolve();
      await eventually(async () => (await openTasks()) === 0, 60_000);
      return { tasks, downMs: back - down, silentMs: back - renewed, writtenAfter };
    };
    // A slow machine may take longer than a lease to start the server again: then the runs are given back, as they must
    // be, and that is the next test's matter.
    let last = await outage();
    for (let again = 0; last.silentMs > SHORTER_THAN_A_LEASE_MS && again < 5; again += 1) last = await outage();
    expect(last.silentMs).toBeLessThanOrEqual(SHORTER_THAN_A_LEASE_MS);
    for (const { id } of last.tasks) {
      expect(await other.getTask(id)).toMatchObject({ state: "SUCCESS", attempt: 1, crashes: 0, attempts: [] });
    }
    expect(starts).toHaveLength(last.tasks.length);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["STORE_UNAVAILABLE"]));
    const slowest = Math.max(...refused.map(({ ms }) => ms));
    expect(slowest).toBeLessThan(10_000);
    printTable(`PostgreSQL down for ${(last.downMs / 1_000).toFixed(1)} s`, [
      ["enqueues refused with STORE_UNAVAILABLE", refused.length],
      ["slowest refusal", `${slowest} ms`],
      ["ends written after it was back", `${last.writtenAfter} ms`],
      ["tasks taken from the live worker", 0],
    ]);
  }, 400_000);

  test("runs that end while PostgreSQL is away for longer than a lease are given back when it returns", async () => {
    const runtime = stage.runtime();
    let starts = 0;
    runtime.handle({
      task: slow,
      run: async (params, { attempt, signal }) => {
        starts++;
        if (attempt === 1) await sleep((params as { ms: number }).ms, undefined, { signal });
        return attempt;
      },
    });
    await runtime.start();
    const { id } = await slow.enqueue(runtime, { ms: 60_000 });
    await eventually(async () => starts === 1);
    await stage.database.query("update effect_counter set n = n");

    await stage.postgres.kill("SIGQUIT");
    await sleep(10_000);
    await stage.postgres.restart({ mode: "immediate" });
    const back = Date.now();
    await eventually(async () => (await openTasks()) === 0, 60_000);
    expect(await runtime.getTask(id)).toMatchObject({ state: "SUCCESS", attempt: 2, retries: 0, crashes: 0 });
    printTable("PostgreSQL down for longer than a lease", [
      ["what was given up meanwhile ended elsewhere", `${Date.now() - back} ms after it was back`],
    ]);
  }, 400_000);

  test("a run whose claim a crash of PostgreSQL took back ends nothing that the next holder of the attempt runs", async () => {
    const runtime = stage.runtime();
    const undo = "update task set state = 'QUEUED', worker = null, started_at = null where id = $1::uuid";
    const claim = "update task set state = 'STARTED', worker = 'another', started_at = now() where id = $1::uuid";
    let runs = 0;
    runtime.handle({
      task: slow,
      run: async (_params, run) => {
        if (++runs > 1) return run.complete(async () => "by the next holder");
        await stage.database.query(undo, [run.id]);
        try {
          return await run.complete(async () => "by a run that holds nothing");
        } catch (error) {
          await stage.database.query(claim, [run.id]);
          throw error;
        }
      },
    });
    await runtime.start();
    const { id } = await slow.enqueue(runtime, { ms: 0 });
    await expect(runtime.result(id)).resolves.toBe("by the next holder");
  });

  test("a hung worker's tasks run elsewhere within ten seconds; what it does when it wakes is refused", async () => {
    const caller = stage.runtime({ queues: [] });
    await caller.start();
    const hung = stage.worker();
    await hung.ready;
    const base = { n: 0, laterSleepMs: 20, mode: "fenced" } as const;
    // Under way when its worker is stopped, however long that takes to notice, and over when it wakes.
    const late = await stormEffect.enqueue(caller, { ...base, sleepMs: 11_000 });
    const later = await stormEffect.enqueue(caller, { ...base, sleepMs: 60_000 });
    const lines = (id: string) => readEvidence(stage.folder).filter((line) => line.id === id);
    await eventually(async () => lines(late.id).length === 1 && lines(later.id).length === 1);

    hung.process.kill("SIGSTOP");
    const at = Date.now();
    const healthy = stage.worker();
    await healthy.ready;
    // What a slow machine takes to start a process is no part of the takeover.
    const thereAt = Date.now();
    await eventually(async () => (await openTasks()) === 0, 60_000);
    const takeover = [late, later].map(({ id }) => {
      const start = lines(id).find(({ kind, pid }) => kind === "start" && pid === healthy.pid);
      return (start?.at ?? Number.NaN) - thereAt;
    });
    for (const ms of takeover) expect(ms).toBeLessThan(20_000);
    await sleep(Math.max(0, at + 12_000 - Date.now()));
    hung.process.kill("SIGCONT");
    await eventually(async () => lines(later.id).some(({ kind, pid }) => kind === "aborted" && pid === hung.pid));
    const refused = await eventually(async () =>
      lines(late.id).find(({ kind, pid }) => kind === "threw" && pid === hung.pid),
    );
    expect(refused.why).toBe("TASK_FENCED");
    expect(lines(later.id).find(({ kind }) => kind === "aborted")?.why).toBe("TASK_FENCED");
    for (const { id } of [late, later]) {
      expect(await effectsOf(id)).toBe(1);
      expect(await caller.getTask(id)).toMatchObject({ state: "SUCCESS", attempt: 2, crashes: 1 });
    }
    expect(hung.process.exitCode).toBeNull();
    printTable("worker hung for 12 s", [
      ["its tasks ran elsewhere after", takeover.map((ms) => `${ms} ms`).join(", ")],
    ]);
  }, 400_000);

  test("a worker hung inside complete loses its lock and its task; the commit it wakes up to is refused", async () => {
    const caller = stage.runtime({ queues: [] });
    await caller.start();
    const hung = stage.worker();
    await hung.ready;
    const { id } = await stormEffect.enqueue(caller, { n: 0, sleepMs: 0, holdMs: 6_000, mode: "fenced" });
    const lines = () => readEvidence(stage.folder).filter((line) => line.id === id);
    await eventually(async () => lines().some(({ kind }) => kind === "held"));

    hung.process.kill("SIGSTOP");
    const at = Date.now();
    const healthy = stage.worker();
    await healthy.ready;
    await eventually(async () => (await openTasks()) === 0, 60_000);
    const elsewhere = Date.now() - at;
    hung.process.kill("SIGCONT");
    const refused = await eventually(async () => lines().find(({ kind, pid }) => kind === "threw" && pid === hung.pid));
    expect(["STORE_UNAVAILABLE", "TASK_FENCED"]).toContain(refused.why);
    expect(lines().filter(({ kind }) => kind === "end")).toMatchObject([{ pid: healthy.pid }]);
    expect(await effectsOf(id)).toBe(1);
    expect(await caller.getTask(id)).toMatchObject({ state: "SUCCESS", attempt: 2, crashes: 1 });
    expect(hung.process.exitCode).toBeNull();
    printTable("worker hung inside complete", [
      ["its task ended elsewhere after", `${elsewhere} ms`],
      ["its own commit was refused with", refused.why],
    ]);
  }, 400_000);

  test("a handler that blocks its process for thirty seconds keeps its task, and its neighbours theirs", async () => {
    const caller = stage.runtime({ queues: [] });
    await caller.start();
    const busy = stage.worker();
    await busy.ready;
    const lines = () => readEvidence(stage.folder).filter(({ id }) => [blocking.id, waiting.id].includes(id));
    const base = { n: 0, mode: "fenced" } as const;
    const waiting = await stormEffect.enqueue(caller, { ...base, sleepMs: 32_000 });
    const blocking = await stormEffect.enqueue(caller, { ...base, sleepMs: 200, blockMs: 30_000 });
    await eventually(async () => lines().length === 2);
    const healthy = stage.worker();
    await healthy.ready;
    const silences: number[] = [];
    await eventually(async () => {
      silences.push(await silenceOf(busy.pid));
      await sleep(90);
      return (await openTasks()) === 0;
    }, 120_000);
    // The row says so first, then the worker.
    await eventually(async () => lines().filter(({ kind }) => kind === "end").length === 2);
    expect(lines().map(({ kind, pid }) => [kind, pid])).toEqual([
      ["start", busy.pid],
      ["start", busy.pid],
      ["end", busy.pid],
      ["end", busy.pid],
    ]);
    for (const { id } of [blocking, waiting]) {
      expect(await effectsOf(id)).toBe(1);
      expect(await caller.getTask(id)).toMatchObject({ state: "SUCCESS", attempt: 1, crashes: 0 });
    }
    printTable("a worker's event loop blocked for 30 s", [
      ["longest silence of its row", `${Math.max(...silences)} ms`],
      ["tasks taken from it", 0],
    ]);
  }, 400_000);

  test("workers told to stop under load, one after the other, lose nothing and use up no attempt", async () => {
    const caller = stage.runtime({ queues: [] });
    await caller.start();
    const crew = [stage.worker(), stage.worker(), stage.worker()];
    await Promise.all(crew.map(({ ready }) => ready));
    const accepted: string[] = [];
    let isOver = false;
    const load = (async () => {
      for (let n = 0; !isOver; n++) {
        await eventually(async () => (await openTasks()) < 400, 120_000);
        const batch = Array.from({ length: 20 }, (_, index) => ({ n, sleepMs: index === 0 ? 600 : 5 + index * 2 }));
        for (const { id } of await stormPlain.enqueueMany(caller, batch)) accepted.push(id);
        await sleep(40);
      }
    })();
    const drains: number[] = [];
    for (const [index, worker] of crew.entries()) {
      await eventually(async () => readEvidence(stage.folder).filter(({ pid }) => pid === worker.pid).length > 20);
      const told = Date.now();
      worker.process.kill("SIGTERM");
      expect(await worker.exited).toBe(0);
      drains.push(Date.now() - told);
      const next = stage.worker();
      crew[index] = next;
      await next.ready;
    }
    isOver = true;
    await load;
    await eventually(async () => (await openTasks()) === 0, 120_000);
    const { rows } = await stage.database.query<{ state: string; attempt: number; retries: number; crashes: number }>(
      "select state, attempt, retries, crashes from task_history where name = 'storm.plain'",
    );
    expect(rows).toHaveLength(accepted.length);
    const handedBack = rows.filter(({ attempt }) => attempt > 1).length;
    expect(rows.filter(({ state, retries, crashes }) => state !== "SUCCESS" || retries + crashes > 0)).toEqual([]);
    expect(handedBack).toBe(0);
    printTable("three workers stopped in turn under load", [
      ["tasks accepted and run", rows.length],
      ["drains", drains.map((ms) => `${ms} ms`).join(", ")],
      ["lost, attempts used up, handed back", "0, 0, 0"],
    ]);
  }, 400_000);

  test("a worker told to stop a second time leaves at once", async () => {
    const caller = stage.runtime({ queues: [] });
    await caller.start();
    const worker = stage.worker();
    await worker.ready;
    const { id } = await stormPlain.enqueue(caller, { n: 0, sleepMs: 30_000 });
    await eventually(async () => readEvidence(stage.folder).some((line) => line.id === id));
    worker.process.kill("SIGTERM");
    await eventually(async () => (await drainingWorkers()) === 1);
    const told = Date.now();
    worker.process.kill("SIGTERM");
    expect(await worker.exited).toBe(1);
    // Its drain would take twenty seconds.
    expect(Date.now() - told).toBeLessThan(10_000);
    await caller.revoke(id);
  }, 400_000);

  test("garbage on the subjects becomes dead letters, is never run again, and harms no neighbour", async () => {
    const ran = new Set<number>();
    const runtime = await running(ran);
    const id = randomUUID();
    const bytes = (text: string) => new TextEncoder().encode(text);
    const malformed: Uint8Array[] = [
      bytes("not JSON at all"),
      bytes(""),
      bytes("null"),
      bytes("[]"),
      bytes('"text"'),
      bytes(`{"v":1,"id":"${id}","attempt":1`),
      bytes('{"v":1,"id":"ü"}').slice(0, -4), // cut inside a character
      new Uint8Array([0xff, 0xfe, 0x00, 0x80]),
      bytes(`{"v":2,"id":"${id}","attempt":1}`),
      bytes(`{"id":"${id}","attempt":1}`),
      bytes('{"v":1,"attempt":1}'),
      bytes('{"v":1,"id":"../../etc/passwd","attempt":1}'),
      bytes(`{"v":1,"id":"${id}","attempt":"1"}`),
      bytes(`{"v":1,"id":"${id}","attempt":1e99}`),
      bytes(`{"v":1,"id":{"$ne":null},"attempt":1}`),
      bytes('{"__proto__":{"polluted":true,"v":1},"constructor":{"prototype":{"polluted":true}}}'),
      bytes(`${"[".repeat(10_000)}${"]".repeat(10_000)}`),
      bytes("x".repeat(60_000)),
    ];
    const unknown = Array.from({ length: 20 }, () => bytes(`{"v":1,"id":"${randomUUID()}","attempt":1}`));
    await stage.withJetStream(async (_manager, connection) => {
      const js = jetstream(connection);
      for (const [index, data] of [...malformed, ...unknown].entries()) {
        await js.publish(`tasks.default.normal.${index}`, data);
        await quick.enqueue(runtime, { n: index });
      }
      await expect(js.publish("tasks.default.normal.big", new Uint8Array(70_000))).rejects.toThrow();
      await expect(js.publish("tasks.default.no-lane.1", "x")).rejects.toThrow();
    });
    const letters = async () => {
      const { rows } = await stage.database.query<{ code: string; bytes: number }>(
        "select error->>'code' as code, length(raw) as bytes from dead_letter where raw is not null",
      );
      return rows;
    };
    await eventually(async () => (await letters()).length >= malformed.length && (await messages()) === 0, 60_000);
    await eventually(async () => ran.size === malformed.length + unknown.length && (await openTasks()) === 0);
    const kept = await letters();
    expect(kept).toHaveLength(malformed.length);
    expect(kept.filter(({ code }) => code === "MESSAGE_VERSION")).toHaveLength(1);
    expect(kept.every(({ bytes: length }) => length <= 4_096)).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await quick.callAndWait(runtime, { n: -1 });
    printTable("garbage on the subjects", [
      ["malformed, and dead letters", `${malformed.length}, ${kept.length}`],
      ["well-formed but unknown, dropped", unknown.length],
      ["neighbours run", ran.size - 1],
    ]);
  }, 400_000);

  async function running(ran: Set<number>, concurrency = 50): Promise<Runtime> {
    const runtime = stage.runtime({ concurrency });
    const handler: InlineHandler = {
      task: quick,
      run: async (params) => {
        await sleep(1);
        ran.add((params as { n: number }).n);
      },
    };
    runtime.handle(handler);
    await runtime.start();
    return runtime;
  }

  async function count(statement: string, parameters: readonly string[] = []): Promise<number> {
    const { rows } = await stage.database.query<{ n: number }>(statement, parameters);
    return rows[0]?.n ?? Number.NaN;
  }
  const openTasks = () => count("select count(*)::integer as n from task");
  const cursors = () => count("select count(*)::integer as n from task_lane where published_seq is not null");
  const drainingWorkers = () => count("select count(*)::integer as n from worker where state = 'draining'");
  /** The leases of all workers begin now. */
  const justRenewed = async () => {
    const newest = () =>
      count("select (extract(epoch from min(heartbeat_at)) * 1000)::bigint as n from worker where state <> 'lost'");
    const before = await newest();
    await eventually(async () => (await newest()) > before);
  };
  const silenceOf = (pid: number) =>
    count(
      "select (extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::integer as n from worker where pid = $1::integer",
      [String(pid)],
    );
  const effectsOf = (id: string) => count("select count(*)::integer as n from effect where task_id = $1::uuid", [id]);
  const streamState = () => stage.withJetStream(async (manager) => (await manager.streams.info(STREAM)).state);
  const lastSequence = async () => (await streamState()).last_seq;
  const messages = async () => (await streamState()).messages;
});
