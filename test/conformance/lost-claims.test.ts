/**
 * What is claimed in the books and never arrived goes back to its queue; what is in hand never does. On each backend.
 * The times are the system's own, so all there is to do is to wait: everything is begun at once, on every backend, the
 * quiet cases on one worker and the busy one on another database, and each test awaits its own outcome.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { type AnyTask, defineTask, type InlineHandler, type Runtime } from "../../runtime/index.ts";
import { availableBackends, type Backend, type BackendName, eventually, openBackend } from "../support/backends.ts";

const add = defineTask({ name: "add", params: z.object({ a: z.number(), b: z.number() }) });
const adds: InlineHandler = { task: add, run: (params) => sum(params as { a: number; b: number }) };
const sum = ({ a, b }: { a: number; b: number }) => a + b;

/** A case of a backend: its sentence, and what becomes of it. */
type Outcomes = ReadonlyMap<string, Promise<void>>;

const RUNS = "a task whose claim's answer was lost is found and runs; neither a retry nor a crash is counted";
const REVOKED = "one that was revoked meanwhile ends revoked and does not run";
const LEAVES = "a worker that leaves puts back even what was lost a moment ago";
const GONE = "what is left in the name of a worker that is gone runs elsewhere, and a revoked one ends";
const IN_HAND = "what runs, is parked, waits for its rate or ends slowly is in hand, however long it takes";
const SENTENCES = [RUNS, REVOKED, LEAVES, GONE, IN_HAND];

const begun = new Map<BackendName, Outcomes>();
const opened: Backend[] = [];
beforeAll(async () => {
  for (const name of availableBackends()) {
    const [quiet, busy] = await Promise.all([openBackend(name), openBackend(name)]);
    opened.push(quiet, busy);
    begun.set(name, begin(name, quiet, busy));
  }
}, 400_000);
afterAll(() => Promise.all(opened.map((backend) => backend.close())), 180_000);

describe.each(availableBackends())("lost claims on %s", (name) => {
  test.each(SENTENCES)(
    "%s",
    async (sentence) => {
      const outcome = begun.get(name)?.get(sentence);
      if (outcome === undefined) throw new Error("it was not begun");
      await outcome;
    },
    180_000,
  );
});

function begin(name: BackendName, quiet: Backend, busy: Backend): Outcomes {
  const rescued: { id: string; attempt: number }[] = [];
  const worker = quiet.running([adds], {
    onEvents: ({ events }) => rescued.push(...events.filter(({ type }) => type === "rescued")),
  });
  const together = new Map([
    [RUNS, worker.then((runtime) => lostRuns(quiet, runtime, rescued))],
    [REVOKED, worker.then((runtime) => revokedEnds(quiet, runtime))],
    [GONE, worker.then((runtime) => leftBehindRuns(quiet, runtime))],
  ]);
  // The worker that leaves is one that has nothing else to do.
  const alone = Promise.allSettled(together.values()).then(() => quiet.reset());
  const outcomes = new Map([
    ...together,
    [LEAVES, alone.then(() => leaverPutsBack(quiet))],
    [IN_HAND, inHandStays(name, busy)],
  ]);
  // Each is awaited by its test, until then by nobody.
  for (const outcome of outcomes.values()) outcome.catch(() => {});
  return outcomes;
}

/** A row as a claim leaves it whose answer never arrived. */
async function claimedAndLost(backend: Backend, runtime: Runtime, worker = runtime.worker?.worker): Promise<string> {
  const { id } = await add.enqueue(runtime, { a: 1, b: 2 }, { countdown: "1h" });
  await backend.database.query(
    `update task set state = 'STARTED', due_at = null, worker = $2, started_at = clock_timestamp() where id = $1::uuid`,
    [id, worker ?? ""],
  );
  return id;
}

async function lostRuns(
  backend: Backend,
  runtime: Runtime,
  rescued: readonly { readonly id: string; readonly attempt: number }[],
): Promise<void> {
  const id = await claimedAndLost(backend, runtime);
  await expect(runtime.result(id, 60_000)).resolves.toBe(3);
  expect(await runtime.getTask(id)).toMatchObject({ attempt: 2, retries: 0, crashes: 0, attempts: [] });
  const own = () => rescued.filter((event) => event.id === id);
  await eventually(async () => own().length > 0);
  expect(own()).toMatchObject([{ id, attempt: 1 }]);
}

async function revokedEnds(backend: Backend, runtime: Runtime): Promise<void> {
  const id = await claimedAndLost(backend, runtime);
  await expect(runtime.revoke(id)).resolves.toBe("requested");
  await expect(runtime.result(id, 60_000)).rejects.toMatchObject({ details: { state: "REVOKED" } });
  expect(await runtime.getTask(id)).toMatchObject({ attempt: 1, reason: "revoked" });
}

async function leaverPutsBack(backend: Backend): Promise<void> {
  const runtime = await backend.running([adds]);
  const id = await claimedAndLost(backend, runtime);
  await runtime.drain();
  expect(await runtime.getTask(id)).toMatchObject({ state: "QUEUED", attempt: 2, retries: 0, crashes: 0 });
  const next = await backend.running([adds]);
  await expect(next.result(id)).resolves.toBe(3);
}

async function leftBehindRuns(backend: Backend, runtime: Runtime): Promise<void> {
  const id = await claimedAndLost(backend, runtime, "gone");
  const revoked = await claimedAndLost(backend, runtime, "gone");
  await runtime.revoke(revoked);
  await expect(runtime.result(id, 60_000)).resolves.toBe(3);
  expect(await runtime.getTask(id)).toMatchObject({ attempt: 2, retries: 0, crashes: 0, attempts: [] });
  await expect(runtime.result(revoked)).rejects.toMatchObject({ details: { state: "REVOKED" } });
}

async function inHandStays(name: BackendName, backend: Backend): Promise<void> {
  const LONG_MS = 13_000;
  const starts = new Map<string, number>();
  const heldBack: Promise<void>[] = [];
  const began = (task: AnyTask, run: (id: string) => Promise<void>): InlineHandler => ({
    task,
    run: async (_params, { id }) => {
      starts.set(id, (starts.get(id) ?? 0) + 1);
      await run(id);
    },
  });
  const empty = z.object({});
  const long = defineTask({ name: "long", params: empty });
  const narrow = defineTask({ name: "narrow", params: empty, concurrency: 1 });
  const slowToEnd = defineTask({ name: "slow_to_end", params: empty });
  const gated = defineTask({ name: "gated", params: empty, rateLimit: "100/s" });
  const quick = defineTask({ name: "quick", params: empty });
  const runtime = await backend.running(
    [
      began(long, () => sleep(LONG_MS)),
      began(narrow, () => sleep(LONG_MS / 8)),
      began(slowToEnd, async (id) => {
        const locked = Promise.withResolvers<void>();
        heldBack.push(lockRow(backend, "task where id = $1::uuid", id, LONG_MS, locked.resolve));
        await locked.promise;
      }),
      began(gated, async () => {}),
      began(quick, () => sleep(1)),
    ],
    { concurrency: 20 },
  );
  const accepted = [
    ...(await long.enqueueMany(runtime, Array(5).fill({}))),
    ...(await narrow.enqueueMany(runtime, Array(5).fill({}))),
  ];
  // The embedded database has one connection: nobody could hold a row against its worker.
  if (name !== "pglite") {
    // Before the slow ends: its own could be in one batch with theirs, and be as slow.
    const first = await gated.enqueue(runtime, {});
    await runtime.result(first.id);
    accepted.push(...(await slowToEnd.enqueueMany(runtime, [{}, {}])));
    const locked = Promise.withResolvers<void>();
    heldBack.push(lockRow(backend, "task_rate where key = $1", "gated", LONG_MS, locked.resolve));
    await locked.promise;
    accepted.push(first, await gated.enqueue(runtime, {}));
  }
  for (const end = Date.now() + LONG_MS; Date.now() < end; await sleep(20)) {
    accepted.push(...(await quick.enqueueMany(runtime, Array(5).fill({}))));
  }
  await eventually(async () => (await backend.database.query("select id from task")).rows.length === 0, 90_000);
  await Promise.all(heldBack);
  expect([...new Set(starts.values())]).toEqual([1]);
  expect(starts.size).toBe(accepted.length);
  const { rows } = await backend.database.query(
    "select name, attempt, state from task_history where attempt > 1 and name <> 'add'",
  );
  expect(rows).toEqual([]);
}

/** Holds a row, so that what is written to it waits. */
function lockRow(backend: Backend, row: string, key: string, forMs: number, locked: () => void): Promise<void> {
  return backend.database.transaction(async (tx) => {
    await tx.query(`select 1 from ${row} for update`, [key]);
    locked();
    for (const end = Date.now() + forMs; Date.now() < end; await sleep(500)) await tx.query("select 1");
  });
}
