/** Handlers apart from the worker's event loop, with real threads and real processes. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SystemRandom } from "../../runtime/contract/random.ts";
import { judge, type RetryOptions, retryPolicy } from "../../runtime/contract/retry-policy.ts";
import { ApiumError, type Clock, Reject, Retry, SystemClock, silentLog, VirtualClock } from "../../runtime/index.ts";
import { IdleCells } from "../../runtime/worker/isolation/idle-cells.ts";
import {
  createProcessIsolation,
  createThreadIsolation,
  type IsolatedCall,
  type IsolatedRun,
  type Isolation,
  type IsolationOptions,
} from "../../runtime/worker/isolation/index.ts";
import { eventually } from "../support/backends.ts";
import { allGone, childrenOf } from "../support/servers/process-family.ts";

const HANDLERS = new URL("../support/isolated-handlers/", import.meta.url);
const KINDS = [
  ["thread", createThreadIsolation],
  ["process", createProcessIsolation],
] as const;
/** Far above what was measured (2–5 ms); what cannot be ended is given five seconds. */
const AT_ONCE_MS = 4_500;

interface Place {
  readonly pid: number;
  readonly threadId: number;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

const opened: Isolation[] = [];
const before = new Set([...threads(), ...childrenOf(process.pid)]);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((isolation) => isolation.stop()));
  await eventually(async () => [...threads(), ...childrenOf(process.pid)].every((id) => before.has(id)));
});

function open(create: typeof createThreadIsolation, options: Partial<IsolationOptions> = {}): Isolation {
  const isolation = create({ max: 2, clock: new SystemClock(), log: silentLog, ...options });
  opened.push(isolation);
  return isolation;
}

function run(isolation: Isolation, module: string, params: unknown = {}, more: Partial<IsolatedCall> = {}) {
  const id = "019c0000-0000-7000-8000-000000000001";
  return isolation.run({
    module: new URL(`${module}.ts`, HANDLERS).href,
    params,
    task: { id, name: module, attempt: 2, retries: 1, idempotencyKey: id, headers: { tenant: "north" } },
    onProgress: () => {},
    onLine: () => {},
    ...more,
  });
}

/** Starts a handler and waits for its first word of progress. */
async function underway(
  isolation: Isolation,
  module: string,
  params: unknown = {},
  more: Partial<IsolatedCall> = {},
): Promise<{ run: IsolatedRun; word: string | undefined }> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const started = run(isolation, module, params, { ...more, onProgress: (_fraction, message) => resolve(message) });
  return { run: started, word: await Promise.race([promise, started.result.then(() => undefined)]) };
}

const whereIs = async (isolation: Isolation, more: Partial<IsolatedCall> = {}) =>
  (await run(isolation, "where-am-i", {}, more).result) as Place;
const address = ({ pid, threadId }: Place) => `${pid}/${threadId}`;

async function failureOf(result: Promise<unknown>): Promise<ApiumError & { retryAfter?: unknown }> {
  const error = await result.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error;
}

/** System ids of this process's worker threads; none where the system does not tell. */
function threads(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/task")
    .map(Number)
    .filter((id) => {
      try {
        return readFileSync(`/proc/self/task/${id}/comm`, "utf8").startsWith("WorkerThread");
      } catch {
        return false; // Ended meanwhile.
      }
    });
}

/** Lets every wait be over a hundred times sooner. */
class HurriedClock extends SystemClock implements Clock {
  override after(delayMs: number, work: () => void) {
    return super.after(delayMs / 100, work);
  }
}

describe.each(KINDS)("a handler in a %s", (kind, create) => {
  test("is given its parameters and its task, and returns what JSON can carry", async () => {
    const isolation = open(create);
    const at = new Date(0);
    expect(await run(isolation, "echo", { at, list: [1, null] }).result).toEqual({
      params: { at: at.toISOString(), list: [1, null] },
      task: {
        id: "019c0000-0000-7000-8000-000000000001",
        name: "echo",
        attempt: 2,
        retries: 1,
        idempotencyKey: "019c0000-0000-7000-8000-000000000001",
        headers: { tenant: "north" },
      },
      isAborted: false,
      canReport: true,
    });
    expect(await run(isolation, "returns", { what: "nothing" }).result).toBeUndefined();
    expect(await run(isolation, "returns", { what: "date" }).result).toEqual({ at: at.toISOString() });
  });

  test("runs apart from this event loop", async () => {
    const place = await whereIs(open(create));
    if (kind === "process") expect(place.pid).not.toBe(process.pid);
    else expect(place.threadId).toBeGreaterThan(0);
  });

  test.each(["cycle", "bigint", "function"])("fails with RESULT_NOT_JSON when it returns a %s", async (what) => {
    expect(await failureOf(run(open(create), "returns", { what }).result)).toMatchObject({ code: "RESULT_NOT_JSON" });
  });

  test("is not called with parameters that cannot be sent, and its place goes on", async () => {
    const isolation = open(create, { max: 1 });
    const before = address(await whereIs(isolation));
    expect(await failureOf(run(isolation, "echo", { call: () => 1 }).result)).toMatchObject({ code: "PARAMS_INVALID" });
    expect(address(await whereIs(isolation))).toBe(before);
  });

  test("reports progress without ever yielding; the flood is thinned and the last word arrives", async () => {
    const told: [number, string | undefined][] = [];
    const onProgress = (fraction: number, message: string | undefined) => void told.push([fraction, message]);
    await run(open(create), "reports-progress", { reports: 2_000, forMs: 450 }, { onProgress }).result;
    expect(told.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThan(100);
    expect(told.at(-1)).toEqual([1, "step 2000"]);
    expect(told.map(([fraction]) => fraction)).toEqual(told.map(([fraction]) => fraction).sort((a, b) => a - b));
  });

  test("fails under its own name when its module has no handler, or is not there", async () => {
    const isolation = open(create);
    const missing = { module: new URL("nowhere.ts", HANDLERS).href };
    expect(await failureOf(run(isolation, "no-handler").result)).toMatchObject({ code: "DEFINITION_INVALID" });
    expect(await failureOf(run(isolation, "echo", {}, missing).result)).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  });
});

describe.each(KINDS)("an error thrown in a %s", (_kind, create) => {
  const thrown = (how: string) => failureOf(run(open(create), "throws", { how }).result);
  const verdict = (error: unknown, options: RetryOptions = {}) =>
    judge(error, retryPolicy({ maxRetries: 3, retryDelay: "1s", ...options }), 0, new SystemRandom());

  test("keeps its name, message, stack, code, cause and retryAfter", async () => {
    const error = await thrown("by itself");
    expect(error).toMatchObject({ name: "UpstreamError", message: "the upstream is down", code: "UPSTREAM_DOWN" });
    expect(error.stack).toContain("isolated-handlers/throws.ts");
    expect(error.cause).toMatchObject({ name: "TypeError", message: "bad reply" });
    expect(verdict(error)).toEqual({ kind: "retry", inMs: 7_000 });
  });

  test("is known to a retry policy by each of its classes", async () => {
    const error = await thrown("by itself");
    expect(verdict(error, { noRetryFor: ["TemporaryError"] }).kind).toBe("fail");
    expect(verdict(error, { retryFor: ["TemporaryError"] }).kind).toBe("retry");
    expect(verdict(error, { retryFor: ["TimeoutError"] }).kind).toBe("fail");
  });

  test("arrives as Retry, Reject and ApiumError when it was one", async () => {
    const retry = await thrown("retry");
    expect(retry).toBeInstanceOf(Retry);
    expect(verdict(retry)).toEqual({ kind: "retry", inMs: 180_000 });
    const reject = await thrown("reject");
    expect(reject).toBeInstanceOf(Reject);
    expect(verdict(reject)).toEqual({ kind: "fail", reason: "rejected" });
    const apium = await thrown("apium");
    expect(apium).toBeInstanceOf(ApiumError);
    expect(apium).toMatchObject({ code: "STORE_UNAVAILABLE", message: "no store", details: { host: "there" } });
  });

  test("arrives whatever was thrown", async () => {
    expect(await thrown("text")).toMatchObject({ name: "string", message: "only a text" });
    expect((await thrown("hostile")).message).toContain("cannot be described");
  });
});

describe.each(KINDS)("ending a run in a %s", (kind, create) => {
  const reason = { code: "SOFT_TIME_LIMIT", message: "five minutes are over" };

  test("softly aborts the handler's signal with the reason", async () => {
    const isolation = open(create);
    const told = await underway(isolation, "waits", { tellsReason: true });
    told.run.abort(reason);
    expect(await told.run.result).toEqual(reason);
    const threw = await underway(isolation, "waits");
    threw.run.abort(reason);
    const error = await failureOf(threw.run.result);
    expect(error).toBeInstanceOf(ApiumError);
    expect(error).toMatchObject(reason);
  });

  test("softly before it has begun means that it never does", async () => {
    const isolation = open(create, { max: 1 });
    const first = run(isolation, "waits"); // Its thread or process has yet to start.
    const waiting = run(isolation, "echo");
    waiting.abort(reason);
    expect(isolation.stats()).toMatchObject({ running: 1, waiting: 0 });
    expect(await failureOf(waiting.result)).toMatchObject(reason);
    first.abort(reason);
    expect(await failureOf(first.result)).toMatchObject(reason);
  });

  test("hard is over within milliseconds, in an endless loop too, and leaves the neighbour and the place usable", async () => {
    const isolation = open(create);
    const neighbour = run(isolation, "waits", { forMs: 1_500 });
    // What the machine stood still meanwhile comes on top, so it has a few tries.
    let soonestMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && soonestMs >= AT_ONCE_MS; tries += 1) {
      const { run: endless } = await underway(isolation, "spins");
      const start = performance.now();
      await endless.terminate(new ApiumError("HARD_TIME_LIMIT"));
      soonestMs = Math.min(soonestMs, performance.now() - start);
      expect(await failureOf(endless.result)).toMatchObject({ code: "HARD_TIME_LIMIT" });
    }
    expect(soonestMs).toBeLessThan(AT_ONCE_MS);
    if (kind === "process") expect(childrenOf(process.pid).filter((pid) => !before.has(pid))).toHaveLength(1);
    expect(await run(isolation, "echo").result).toBeDefined();
    expect(await neighbour.result).toBe("waited");
  });

  test("hard while it waits for a place or for its start leaves no trace", async () => {
    const isolation = open(create, { max: 1 });
    const starting = run(isolation, "spins");
    const waiting = run(isolation, "spins");
    await Promise.all([waiting.terminate(new Error("no")), starting.terminate(new Error("no"))]);
    expect((await failureOf(starting.result)).message).toBe("no");
    expect((await failureOf(waiting.result)).message).toBe("no");
    expect(await run(isolation, "echo").result).toBeDefined();
  });

  test("a second time, or after its end, does nothing", async () => {
    const isolation = open(create);
    const over = run(isolation, "echo");
    await over.result;
    over.abort(reason);
    await over.terminate(new Error("late"));
    expect(await over.result).toBeDefined();
  });
});

describe.each(KINDS)("a %s that dies under its handler", (_kind, create) => {
  test.each(["exit", "throw"])("fails that run with HANDLER_CRASHED and no other (%s)", async (how) => {
    const isolation = open(create);
    const neighbour = run(isolation, "waits", { forMs: 500 });
    expect(await failureOf(run(isolation, "dies", { how }).result)).toMatchObject({ code: "HANDLER_CRASHED" });
    expect(await run(isolation, "echo").result).toBeDefined();
    expect(await neighbour.result).toBe("waited");
  });
});

describe.each(KINDS)("a pool of the kind %s", (kind, create) => {
  test("grows on demand up to its size, and lets the rest wait in turn", async () => {
    const isolation = open(create);
    expect(isolation.stats()).toMatchObject({ max: 2, running: 0, idle: 0 });
    const results = Array.from({ length: 6 }, () => run(isolation, "waits", { forMs: 200 }).result);
    expect(isolation.stats()).toMatchObject({ running: 2, waiting: 4 });
    await Promise.all(results);
    await eventually(async () => isolation.stats().idle === 2);
    // Whose turn it was can be told where there is one place: of two, either may be slow.
    const single = open(create, { max: 1 });
    const order: number[] = [];
    const turns = Array.from({ length: 4 }, (_, index) =>
      run(single, "waits", { forMs: 1 }).result.then(() => void order.push(index)),
    );
    await Promise.all(turns);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test("uses what is there before it starts another", async () => {
    const isolation = open(create);
    expect(address(await whereIs(isolation))).toBe(address(await whereIs(isolation)));
  });

  test("ends what rests for long", async () => {
    const isolation = open(create, { idleMs: 50 });
    const first = address(await whereIs(isolation));
    await eventually(async () => isolation.stats().idle === 0 && isolation.stats().running === 0);
    expect(address(await whereIs(isolation))).not.toBe(first);
  });

  test(`replaces a ${kind} after so many runs`, async () => {
    const isolation = open(create, { max: 1, recycleAfterTasks: 3 });
    const addresses: string[] = [];
    for (let times = 0; times < 7; times++) addresses.push(address(await whereIs(isolation)));
    expect(addresses.map((own) => addresses.indexOf(own))).toEqual([0, 0, 0, 3, 3, 3, 6]);
    expect(isolation.stats().recycled).toBe(2);
  });

  test(`replaces a ${kind} that holds too much memory, and no other`, async () => {
    const isolation = open(create, { max: 1, recycleAboveMb: 200 });
    const first = address(await whereIs(isolation));
    expect(address(await whereIs(isolation))).toBe(first);
    await run(isolation, "grows", { mb: 220, where: "buffers", keeps: true }).result;
    expect(address(await whereIs(isolation))).not.toBe(first);
    expect(isolation.stats().recycled).toBe(1);
  });

  test("replaces them while others run, and interrupts nobody", async () => {
    const isolation = open(create, { max: 3, recycleAfterTasks: 2 });
    const round = async () => {
      const runs = Array.from({ length: 40 }, (_, index) => run(isolation, "waits", { forMs: index % 5 }).result);
      expect(new Set(await Promise.all(runs))).toEqual(new Set(["waited"]));
      return isolation.stats().recycled > 2;
    };
    // One is replaced at a time, so how often within a round depends on how long a new one takes to start.
    expect(await eventually(round, 120_000)).toBe(true);
  });

  test("shows its handlers neither secrets nor the rest of the environment", async () => {
    const secrets = { DATABASE_URL: "postgres://u:p@h/d", API_TOKENS: "admin:x", NODE_AUTH_TOKEN: "x", TZ: "UTC" };
    const own = { ...process.env };
    Object.assign(process.env, secrets);
    try {
      const { env, argv } = await whereIs(open(create));
      expect(Object.keys(env).filter((name) => !/^(PATH|HOME|LANG|TZ|NODE_.*)$/.test(name))).toEqual([]);
      expect(env).not.toHaveProperty("NODE_AUTH_TOKEN");
      expect(env).toMatchObject({ PATH: own.PATH, TZ: "UTC" });
      expect(argv).toEqual([]);
    } finally {
      for (const name of Object.keys(secrets)) {
        if (own[name] === undefined) delete process.env[name];
        else process.env[name] = own[name];
      }
    }
  });

  test("shows its handlers nothing of the file that --env-file names", async () => {
    const file = path.join(tmpdir(), `apium-isolation-${process.pid}-${kind}.env`);
    writeFileSync(file, "DATABASE_URL=postgres://u:p@h/d\n");
    try {
      const host = startHost(kind, "where-am-i", [`--env-file=${file}`]);
      const [printed] = await once(host.stdout.setEncoding("utf8"), "data");
      await once(host, "exit");
      expect(JSON.parse(printed).env).not.toHaveProperty("DATABASE_URL");
    } finally {
      rmSync(file);
    }
  });

  test("stops within its grace, refuses what waits, ends what runs, and leaves nothing", async () => {
    const isolation = open(create, { clock: new HurriedClock() });
    const endless = await Promise.all([underway(isolation, "spins"), underway(isolation, "spins")]);
    const waiting = run(isolation, "echo");
    await isolation.stop();
    const late = run(isolation, "echo");
    for (const { result } of [...endless.map((started) => started.run), waiting, late]) {
      expect(await failureOf(result)).toMatchObject({ code: "TASK_FENCED" });
    }
    expect(isolation.stats()).toMatchObject({ running: 0, waiting: 0, idle: 0 });
    // The system's list names a thread for a moment longer than Node.
    await eventually(async () => threads().every((id) => before.has(id)));
    expect(childrenOf(process.pid).filter((pid) => !before.has(pid))).toEqual([]);
  });

  test("renewed, gives each run after that a new place, and lets what runs end in its old one", async () => {
    const isolation = open(create);
    // Both places are there before; the first that has started may have served both of these runs.
    await Promise.all([whereIs(isolation), whereIs(isolation)]);
    await eventually(async () => isolation.stats().idle === 2);
    const old = await Promise.all([whereIs(isolation), whereIs(isolation)]);
    expect(new Set(old.map(address)).size).toBe(2);
    const { run: working } = await underway(isolation, "waits", { tellsReason: true });
    expect(await isolation.renew()).toBe(1);
    const told = { code: "SOFT_TIME_LIMIT", message: "go on until you are told" };
    working.abort(told);
    expect(await working.result).toEqual(told);
    const fresh = await Promise.all([whereIs(isolation), whereIs(isolation)]);
    for (const place of old) expect(fresh.map(address)).not.toContain(address(place));
    expect(isolation.stats().recycled).toBe(2);
    // One place may have served both runs.
    const { idle } = isolation.stats();
    expect(idle).toBeGreaterThan(0);
    expect(await isolation.renew()).toBe(idle);
  });

  test("lets a short run end before it stops", async () => {
    const isolation = open(create);
    const { run: short } = await underway(isolation, "waits", { forMs: 200 });
    await isolation.stop();
    expect(await short.result).toBe("waited");
  });
});

test("worn cells are replaced one after the other, and serve until it is their turn", async () => {
  const left: string[] = [];
  const leave: (() => void)[] = [];
  const cells = ["a", "b", "c"].map((name) => ({ name, bornAt: 0, runs: 5, heldMb: 1 }));
  const idle = new IdleCells<(typeof cells)[number]>(
    { max: 3, recycleAfterTasks: 5, clock: new VirtualClock(), log: silentLog },
    ({ name }) => new Promise((resolve) => leave.push(() => resolve(void left.push(name)))),
  );
  const freed: number[] = [];
  for (const [index, cell] of cells.entries()) void idle.put(cell).then(() => freed.push(index));
  await eventually(async () => freed.length === 2);
  expect([freed, left, leave.length]).toEqual([[1, 2], [], 1]);
  const busy = idle.take(({ name }) => name === "c");
  leave[0]?.();
  await eventually(async () => leave.length === 2);
  expect([left, idle.size, idle.recycled]).toEqual([["a"], 0, 2]);
  leave[1]?.();
  await eventually(async () => left.includes("b"));
  expect(busy).toBe(cells[2]);
  expect(leave).toHaveLength(2);
});

describe("a memory cap", () => {
  test.each(["heap", "buffers"])("ends the process that is over it (%s) and no other", async (where) => {
    const isolation = open(createProcessIsolation);
    const neighbour = await underway(isolation, "waits", { forMs: 1_500 }, { memoryLimitMb: 200 });
    // Looked at ten times a second, as far as the machine allows.
    const greedy = run(isolation, "grows", { mb: 400, where, forMs: 60_000 }, { memoryLimitMb: 200 });
    expect(await failureOf(greedy.result)).toMatchObject({ code: "MEMORY_LIMIT" });
    expect(await neighbour.run.result).toBe("waited");
  });

  test("is the run's own: a process started with another cap makes room", async () => {
    const isolation = open(createProcessIsolation, { max: 1 });
    const small = await whereIs(isolation, { memoryLimitMb: 300 });
    const large = await whereIs(isolation, { memoryLimitMb: 600 });
    expect(large.pid).not.toBe(small.pid);
    expect((await whereIs(isolation, { memoryLimitMb: 600 })).pid).toBe(large.pid);
    expect(await run(isolation, "grows", { mb: 200, where: "heap" }, { memoryLimitMb: 600 }).result).toBe("200 MB");
  });
});

describe("an isolated process", () => {
  test("that is killed from outside fails its run only", async () => {
    const isolation = open(createProcessIsolation);
    const neighbour = await underway(isolation, "waits", { forMs: 500 });
    const { run: killed, word } = await underway(isolation, "spins");
    process.kill(Number(word), "SIGKILL");
    const error = await failureOf(killed.result);
    expect(error).toMatchObject({ code: "HANDLER_CRASHED" });
    expect(error.message).toContain("SIGKILL");
    expect(await neighbour.run.result).toBe("waited");
  });

  test("works on when the whole process group is told to end, because its worker still drains", async () => {
    const isolation = open(createProcessIsolation);
    const { pid } = await whereIs(isolation);
    const { run: working } = await underway(isolation, "waits", { forMs: 300 });
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, name);
    expect(await working.result).toBe("waited");
    expect((await whereIs(isolation)).pid).toBe(pid);
  });

  test.each(["spins", "waits"])("ends by itself when its worker is killed with -9 (%s)", async (module) => {
    const host = startHost("process", module);
    await once(host.stdout, "data");
    const children = childrenOf(host.pid ?? 0);
    expect(children).toHaveLength(1);
    host.kill("SIGKILL");
    await once(host, "exit");
    await eventually(async () => allGone(children));
  });
});

function startHost(
  kind: string,
  module: string,
  options: readonly string[] = [],
): ChildProcessByStdio<null, Readable, null> {
  const program = fileURLToPath(new URL("host.ts", HANDLERS));
  const env = { ...process.env, NODE_OPTIONS: "--disable-warning=ExperimentalWarning" };
  return spawn(process.execPath, [...options, program, kind, module], { env, stdio: ["ignore", "pipe", "inherit"] });
}
