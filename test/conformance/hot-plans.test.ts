/**
 * What hot statements read. A plan is kept for as long as a connection lives, so one that was made while the tables were
 * empty, as they are each night, must not read all of them in the morning. Counted by the server, not timed.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Database, migrate, openPostgres } from "../../database/index.ts";
import { RUNTIME_MIGRATIONS } from "../../runtime/index.ts";
import { OrphanSweep } from "../../runtime/maintenance/index.ts";
import { claimRefs } from "../../runtime/queue/claim.ts";
import { deferTasks, finish, finishSuccesses, handBackTasks, retryTasks } from "../../runtime/results/index.ts";
import { holdTasks } from "../../runtime/worker/hold.ts";
import { eventually } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";
import { createDatabase, type TemporaryDatabase } from "../support/temporary-database.ts";

const ROWS = 20_000;
const LIST = 50;
const WORKER = "w";

const end = (id: string, attempt: number) => ({ id, attempt, keepMs: 0 });
const failure = { state: "FAILURE" as const, error: "{}" };
const revoked = { state: "REVOKED" as const, reason: "revoked" as const };

/** Each takes tasks that are claimed, but the claim itself and what revokes tasks that wait. */
const STATEMENTS: Readonly<Record<string, (database: Database, ids: readonly string[], now: number) => unknown>> = {
  claim: (database, ids, now) =>
    claimRefs(
      database,
      WORKER,
      ids.map((id) => ({ id, attempt: 1 }) as never),
      now,
    ),
  succeed: (database, ids, now) =>
    finishSuccesses(
      database,
      ids.map((id) => ({ ...end(id, 1), state: "SUCCESS" as const, result: "1" })),
      now,
    ),
  fail: (database, ids, now) =>
    finish(
      database,
      "run",
      ids.map((id) => ({ ...end(id, 1), ...failure })),
      now,
    ),
  revoke: (database, ids, now) =>
    finish(
      database,
      "idle",
      ids.map((id) => ({ ...end(id, 1), ...revoked })),
      now,
    ),
  retry: (database, ids, now) =>
    retryTasks(
      database,
      ids.map((id) => ({ id, attempt: 1, dueAt: now + 3_600_000, error: "{}" })),
      now,
    ),
  "hand back": (database, ids) =>
    handBackTasks(
      database,
      ids.map((id) => ({ id, attempt: 1 })),
    ),
  defer: (database, ids, now) =>
    deferTasks(
      database,
      ids.map((id) => ({ id, attempt: 1, dueAt: now + 3_600_000 })),
      false,
    ),
  hold: (database, ids) =>
    holdTasks(
      database,
      ids.map((id) => ({ id, attempt: 1, heldFor: "type:t" })),
    ),
};

describeWith(["postgres"], "a plan made for empty tables", () => {
  let temporary: TemporaryDatabase;
  let database: Database;
  const orphans: string[] = [];
  let sweep: OrphanSweep;
  const ids: Record<string, string[]> = { QUEUED: [], STARTED: [] };
  /** Rows of the live table that were read by an index, and changed, since ever. */
  const counted = async () => {
    const { rows } = await database.query<{ read: string; changed: string }>(
      `select coalesce(idx_tup_fetch, 0)::text as read, (n_tup_upd + n_tup_del)::text as changed
       from pg_stat_user_tables where relname = 'task'`,
    );
    return { read: Number(rows[0]?.read), changed: Number(rows[0]?.changed) };
  };

  beforeAll(async () => {
    temporary = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    database = openPostgres({ url: temporary.url });
    await migrate(database, [RUNTIME_MIGRATIONS]);
    await database.script("alter table task set (autovacuum_enabled = off)");
    for (const table of ["task", "task_child", "task_unique_key"]) await database.script(`vacuum analyze ${table}`);
    await database.query(
      "insert into worker (id, host, pid, queues, tasks, concurrency) values ($1, 'h', 1, '{}', '{}', 1)",
      [WORKER],
    );
    const nobody = "00000000-0000-7000-8000-000000000000";
    // One question after the other goes over one connection, which keeps the plan of its first.
    for (const ask of Object.values(STATEMENTS)) await ask(database, [nobody], Date.now());
    sweep = new OrphanSweep({ database, revoke: async (found) => void orphans.push(...found) });
    await sweep.look();
    await database.query(
      `insert into task (id, name, queue, priority, lane, state, params, attempt, created_at, worker, started_at)
       select gen_random_uuid(), 't', 'default', 5, 1, s.state::task_state, '{}', 1, now(),
              case when s.state = 'STARTED' then $1 end, case when s.state = 'STARTED' then now() end
       from generate_series(1, $2::integer), (values ('QUEUED'), ('STARTED')) as s(state)`,
      [WORKER, ROWS / 2],
    );
    const { rows } = await database.query<{ id: string; state: string }>("select id, state from task");
    for (const { id, state } of rows) ids[state]?.push(id);
    // The server counts a second late.
    let read = -1;
    await eventually(async () => {
      const last = read;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      ({ read } = await counted());
      return read === last;
    }, 60_000);
  }, 400_000);
  afterAll(async () => {
    await database.close();
    await temporary.drop();
  }, 400_000);

  test("makes none of them read the whole table", async () => {
    const before = await counted();
    for (const [name, ask] of Object.entries(STATEMENTS)) {
      const its = ids[name === "claim" || name === "revoke" ? "QUEUED" : "STARTED"]?.splice(0, LIST) ?? [];
      expect(its).toHaveLength(LIST);
      await ask(database, its, Date.now());
    }
    const all = Object.keys(STATEMENTS).length * LIST;
    // A connection that rests tells what it has counted after ten seconds.
    const after = await eventually(async () => {
      const now = await counted();
      return now.changed >= before.changed + all && now;
    }, 60_000);
    // Each is looked up, and once more where it is changed after it was locked.
    expect(after.read - before.read).toBeLessThan(5 * all);
  });

  test("makes the search for orphans step over the children of each parent", async () => {
    const families = 20;
    await database.query(
      `insert into task (id, name, queue, priority, lane, state, params, created_at, pending_children)
       select lpad(n::text, 32, '0')::uuid, 'p', 'default', 5, 1, 'WAITING', '{}', now(), 500 from generate_series(1, $1::integer) n`,
      [families],
    );
    await database.query(
      `insert into task (id, name, queue, priority, lane, state, params, created_at, due_at, parent_id, child_index)
       select gen_random_uuid(), 'c', 'default', 5, 1, 'SCHEDULED', '{}', now(), now() + interval '1 hour',
              lpad(n::text, 32, '0')::uuid, c from generate_series(1, $1::integer) n, generate_series(1, 500) c`,
      [families],
    );
    // What a connection has counted is told when it is asked for, and not when it has rested.
    const reads = async () => {
      await database.hot.query("select pg_stat_force_next_flush()");
      const { rows } = await database.hot.query<{ reads: string }>(
        "select coalesce(idx_tup_fetch + seq_tup_read, 0)::text as reads from pg_stat_user_tables where relname = 'task'",
      );
      return Number(rows[0]?.reads);
    };
    const before = await reads();
    for (let looks = 0; looks < 10; looks += 1) await sweep.look();
    expect(orphans).toEqual([]);
    const read = (await reads()) - before;
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10 * families * 5);
  }, 400_000);

  test("no index begins as another one of its table does: one would be written for nothing", async () => {
    const { rows } = await database.query<{ kept: string; spare: string }>(
      `select a.indexrelid::regclass::text as kept, b.indexrelid::regclass::text as spare
       from pg_index a join pg_index b on a.indrelid = b.indrelid and a.indexrelid <> b.indexrelid
       join pg_class c on c.oid = b.indexrelid join pg_class d on d.oid = a.indexrelid and d.relam = c.relam
       join pg_class t on t.oid = a.indrelid and t.relnamespace = 'public'::regnamespace
       where not b.indisunique and a.indnkeyatts > b.indnkeyatts
         and (a.indkey::text || ' ') like (b.indkey::text || ' %')
         and pg_get_expr(a.indpred, a.indrelid) is not distinct from pg_get_expr(b.indpred, b.indrelid)`,
    );
    expect(rows).toEqual([]);
  });
});
