/** Lists of tasks on every database: each filter against a plain look at all rows, page by page, with time and without. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { z } from "zod";
import type { Database } from "../../database/index.ts";
import { textArray } from "../../database/index.ts";
import { defineTask, idSource, SeededRandom, SystemClock, type TaskState, VirtualClock } from "../../runtime/index.ts";
import { taskOperations } from "../../runtime/moleculer/index.ts";
import { type TaskFilter, TaskSearch } from "../../runtime/results/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE_MS = 60_000;
const LIVE: readonly TaskState[] = ["SCHEDULED", "QUEUED", "STARTED", "RETRY", "WAITING"];
const ENDED: readonly TaskState[] = ["SUCCESS", "SUCCESS", "SUCCESS", "FAILURE", "REVOKED"];

interface Made {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: TaskState;
  readonly worker: string | null;
  readonly params: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly created_at: number;
  readonly parent_id: string | null;
  readonly retry_of: string | null;
}

/** Tasks of two hours, a tenth of them with ids that callers gave. */
function make(count: number): Made[] {
  const random = new SeededRandom(7);
  const pick = <Value>(values: readonly Value[]) => values[Math.floor(random.fraction() * values.length)] as Value;
  const made: Made[] = [];
  for (let n = 0; n < count; n += 1) {
    const now = NOON + (n * 120 * MINUTE_MS) / count;
    const state = pick(random.fraction() < 0.3 ? LIVE : ENDED);
    made.push({
      // A caller's own, which one time in some thousands would look like one of ours of the last years.
      id: random.fraction() < 0.1 ? `f${randomUUID().slice(1)}` : idSource(new VirtualClock(now), random)(),
      name: pick(["send_mail", "send_mail", "make_report", "a%b_c"]),
      queue: pick(["email", "reports"]),
      state,
      worker: state === "STARTED" || ENDED.includes(state) ? pick(["host-1", "host-2"]) : null,
      params: JSON.stringify({ to: pick(["Anna", "Ben", "100%"]), n }),
      headers: pick([null, { tenant: "acme" }, { tenant: "beta", "correlation-id": "x:1" }]),
      created_at: now,
      parent_id: n > 10 && random.fraction() < 0.1 ? (made[3]?.id ?? null) : null,
      retry_of: n > 10 && random.fraction() < 0.05 ? (made[5]?.id ?? null) : null,
    });
  }
  return made;
}

async function insert(database: Database, made: readonly Made[]): Promise<void> {
  for (const [table, states, columns, values] of [
    ["task", LIVE, "lane", "1"],
    ["task_history", ENDED, "attempt, retries, crashes, finished_at", "1, 0, 0, to_timestamp(created_at / 1000)"],
  ] as const) {
    const rows = made.filter(({ state }) => states.includes(state));
    await database.query(
      `insert into ${table} (id, name, queue, priority, state, worker, params, headers, created_at, parent_id, retry_of, ${columns})
       select id, name, queue, 5, state::task_state, worker, params::json, headers, to_timestamp(created_at / 1000), parent_id,
              retry_of, ${values}
       from json_to_recordset($1::json) as made (id uuid, name text, queue text, state text, worker text, params text,
              headers json, created_at float8, parent_id uuid, retry_of uuid)`,
      [JSON.stringify(rows)],
    );
  }
}

function fits(one: Made, filter: TaskFilter): boolean {
  const { state, name, queue, worker, parentId, retryOf, headers = {}, createdAfter, createdBefore, q } = filter;
  const has = (text: string) => text.toLowerCase().includes((q ?? "").toLowerCase());
  return (
    (state === undefined || [state].flat().includes(one.state)) &&
    (name === undefined || one.name === name) &&
    (queue === undefined || one.queue === queue) &&
    (worker === undefined || one.worker === worker) &&
    (parentId === undefined || one.parent_id === parentId) &&
    (retryOf === undefined || one.retry_of === retryOf) &&
    Object.entries(headers).every(([key, value]) => one.headers?.[key] === value) &&
    (createdAfter === undefined || one.created_at >= createdAfter.getTime()) &&
    (createdBefore === undefined || one.created_at < createdBefore.getTime()) &&
    (q === undefined || has(one.id) || has(one.name) || has(one.params))
  );
}

describe.each(availableBackends().filter((name) => name !== "jetstream"))("lists of tasks on %s", (name) => {
  let backend: Backend;
  let database: Database;
  beforeAll(async () => {
    backend = await openBackend(name);
    database = backend.database;
  }, 400_000);
  afterEach(() => backend.reset(), 180_000);
  afterAll(() => backend.close(), 180_000);

  const clock = new SystemClock();
  const searching = (budgetMs?: number, sensitive: readonly string[] = []) =>
    new TaskSearch({ database, clock, sensitive: () => sensitive, budgetMs });

  /** Every page of a search, and how many of them were stopped by the time. */
  async function allPages(search: TaskSearch, filter: TaskFilter): Promise<{ ids: string[]; stopped: number }> {
    const ids: string[] = [];
    let stopped = 0;
    for (let cursor: string | undefined; ; ) {
      const page = await search.list({ ...filter, cursor });
      ids.push(...page.items.map(({ id }) => id));
      if (page.searchedTo !== null) stopped += 1;
      if (page.nextCursor === null) return { ids, stopped };
      expect(page.items.length === (filter.limit ?? 50) || page.searchedTo !== null).toBe(true);
      cursor = page.nextCursor;
    }
  }

  describe("of two hours", () => {
    const made = make(3_000);
    beforeAll(async () => {
      await database.script("truncate task, task_history");
      await insert(database, made);
    }, 180_000);

    const at = (minute: number) => new Date(NOON + minute * MINUTE_MS);
    const filters: readonly TaskFilter[] = [
      {},
      { state: "FAILURE" },
      { state: ["FAILURE", "REVOKED"] },
      { state: ["SUCCESS", "FAILURE", "STARTED", "RETRY"] },
      { state: "STARTED", worker: "host-1" },
      { state: ["WAITING", "QUEUED"], queue: "email" },
      { name: "make_report" },
      { name: "nobody" },
      { name: "a%b_c", state: "SUCCESS", queue: "reports", worker: "host-2" },
      { headers: { tenant: "acme" } },
      { headers: { tenant: "beta", "correlation-id": "x:1" }, state: "REVOKED" },
      { parentId: made[3]?.id },
      { parentId: made[3]?.id, state: ["SUCCESS", "QUEUED"], name: "send_mail" },
      { retryOf: made[5]?.id },
      { parentId: made[3]?.id, retryOf: made[5]?.id },
      { createdAfter: at(100) },
      { createdBefore: at(10) },
      { createdAfter: at(30), createdBefore: at(40), state: "FAILURE" },
      { createdAfter: at(40), createdBefore: at(30) },
      { q: "anna" },
      { q: "0%" },
      { q: "b_c" },
      { q: "END_M", createdAfter: at(60) },
      { q: made[77]?.id.slice(9, 18) ?? "" },
      { q: (made[78]?.id ?? "").toUpperCase() },
      { q: made[79]?.id, state: "RETRY" },
      { q: `"n":${made.length - 1}}`, limit: 500 },
    ];
    test.each(filters.map((filter) => [JSON.stringify(filter), filter] as const))(
      "are what fits %s",
      async (_, filter) => {
        const expected = made.filter((one) => fits(one, filter)).map(({ id }) => id);
        const newestFirst = expected.sort().reverse();
        expect((await allPages(searching(), { limit: 100, ...filter })).ids).toEqual(newestFirst);
        expect((await allPages(searching(0), { limit: 300, ...filter })).ids).toEqual(newestFirst);
      },
    );

    test("say how far they have looked when time runs out, and go on from there", async () => {
      const [oldest] = made.filter(({ id, state }) => id < "02" && state === "SUCCESS");
      const filter = { q: oldest?.params, state: "SUCCESS" } as const;
      const first = await searching(0).list(filter);
      expect(first.items).toEqual([]);
      expect(Date.parse(first.searchedTo ?? "")).toBeGreaterThan(NOON);
      expect(first.nextCursor).not.toBeNull();
      const { ids, stopped } = await allPages(searching(0), filter);
      expect(ids).toEqual([oldest?.id]);
      expect(stopped).toBeGreaterThan(2);
    });

    test("answer everybody when many search at once", async () => {
      const one = searching(600_000);
      const asked = Array.from({ length: 20 }, () => one.list({ q: "nothing of the kind" }));
      for (const page of await Promise.all(asked)) {
        expect(page).toEqual({ items: [], nextCursor: null, searchedTo: null });
      }
    });
  });

  test("a rare name far down, or a worker of long ago, is found whatever lies above it", async () => {
    await database.script("truncate task, task_history");
    await database.query(
      `insert into task_history (id, name, queue, priority, state, attempt, retries, crashes, params, created_at, finished_at, worker)
       select (lpad(to_hex($1::bigint + n), 12, '0') || '70008000000000000000')::uuid,
              case when n % 13000 = 7 then 'rare' else 'common' end, 'email', 5, 'SUCCESS', 1, 0, 0, '{}',
              to_timestamp(($1::bigint + n) / 1000.0), to_timestamp(($1::bigint + n) / 1000.0),
              case when n < 300 then 'gone' else 'here' end
       from generate_series(0, 29999) n`,
      [NOON],
    );
    if (name === "postgres") await database.script("vacuum task_history");
    const rare = await searching(60_000).list({ name: "rare" });
    expect(rare.items.map(({ createdAt }) => Date.parse(createdAt) - NOON)).toEqual([26_007, 13_007, 7]);
    expect([rare.nextCursor, rare.searchedTo]).toEqual([null, null]);
    const gone = await allPages(searching(60_000), { worker: "gone", limit: 70 });
    expect(gone.ids).toHaveLength(300);
    expect(new Set(gone.ids).size).toBe(300);
    expect((await searching(60_000).list({ name: "common", worker: "nobody" })).items).toEqual([]);
  }, 400_000);

  describe("of a kind whose parameters are sensitive", () => {
    const secret = defineTask({
      name: "reset_password",
      params: z.object({ code: z.string() }),
      sensitive: true,
      maxRetries: 0,
    });
    const open = defineTask({ name: "greet", params: z.object({ code: z.string() }) });
    beforeEach(() => database.script("truncate task, task_history, dead_letter"));

    test("show none, are not found by them, and show them to whoever asks for one", async () => {
      const runtime = backend.runtime({ queues: [] });
      for (const task of [secret, open]) runtime.define(task);
      const { id } = await secret.enqueue(runtime, { code: "s3same" }, { countdown: "1h" });
      const { id: shown } = await open.enqueue(runtime, { code: "s3same" }, { countdown: "1h" });
      const found = async (q: string) => (await runtime.listTasks({ q })).items.map((task) => task.id).sort();
      expect(await found("s3same")).toEqual([shown]);
      expect(await found("password")).toEqual([id]);
      expect(await found(id)).toEqual([id]);
      const [listed] = (await runtime.listTasks({ name: "reset_password" })).items;
      expect(listed).toMatchObject({ id, params: null, areParamsHidden: true });
      expect(await runtime.getTask(id)).toMatchObject({ params: { code: "s3same" } });
      const counted = await runtime.revokeMany({ text: "s3same" }, { dryRun: true });
      expect(counted.matched).toBe(1);
      expect((await runtime.revokeMany({ name: "reset_password" }, { dryRun: true })).matched).toBe(1);
    });

    test("show them to no viewer, also who asks for one", async () => {
      const runtime = backend.runtime({ queues: [] });
      runtime.define(secret);
      const { id } = await secret.enqueue(runtime, { code: "s3same" }, { countdown: "1h" });
      const broker = new ServiceBroker({ logger: false, validator: false, skipProcessEventRegistration: true });
      broker.createService(taskOperations(runtime));
      await broker.start();
      try {
        const as = (role: string) => broker.call("tasks.get", { id }, { meta: { user: { name: role, role } } });
        expect(await as("viewer")).toMatchObject({ id, params: null, areParamsHidden: true });
        expect(await as("operator")).toMatchObject({ params: { code: "s3same" } });
      } finally {
        await broker.stop();
      }
    });

    test("show none among the dead letters either, and run again with what they had", async () => {
      const seen: unknown[] = [];
      const runtime = await backend.running([
        {
          task: secret,
          run: (params) => {
            seen.push(params);
            if (seen.length === 1) throw new Error("no mail server");
          },
        },
      ]);
      await secret.enqueue(runtime, { code: "s3same" });
      const [letter] = await eventually(async () => {
        const { items } = await runtime.deadLetters();
        return items.length > 0 && items;
      });
      expect(letter).toMatchObject({ name: "reset_password", params: null });
      await runtime.requeueDeadLetter(letter?.id ?? "");
      await eventually(async () => seen.length === 2);
      expect(seen).toEqual([{ code: "s3same" }, { code: "s3same" }]);
    });
  });

  test("names of sensitive kinds may hold anything a name may hold", async () => {
    await database.script("truncate task, task_history");
    await insert(database, make(20));
    const names = ["send_mail", "a%b_c"];
    expect(textArray(names)).toContain("a%b_c");
    const { ids } = await allPages(searching(undefined, names), { q: '"n":' });
    const open = make(20).filter((one) => one.name === "make_report");
    expect(ids).toHaveLength(open.length);
  });
});
