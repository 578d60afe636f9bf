/** The audit is kept for as long as is set, and goes a batch at a time; what it is asked for has an index. On every backend. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Database } from "../../database/index.ts";
import { Pruner } from "../../runtime/maintenance/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const DAY_MS = 86_400_000;
const BATCH_ROWS = 5_000;

/** The database with a note of how many rows of the audit each statement has deleted. */
function watched(database: Database): { readonly database: Database; readonly deleted: number[] } {
  const deleted: number[] = [];
  const query: Database["query"] = async (statement, parameters) => {
    const result = await database.query<never>(statement, parameters);
    if (typeof statement === "string" && statement.startsWith("delete from audit ")) deleted.push(result.affected);
    return result;
  };
  return { database: { ...database, query }, deleted };
}

describe.each(availableBackends())("the audit on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    await backend.database.query("delete from audit");
  }, 180_000);
  afterAll(() => backend.close(), 180_000);

  /** Entries of these days ago. */
  const write = (days: number, entries = 1) =>
    backend.database.query(
      `insert into audit (at, actor, role, action, target)
       select clock_timestamp() - make_interval(days => $1::integer), 'olga', 'operator', 'seen', $1::integer || '-' || n
       from generate_series(1, $2::integer) n`,
      [days, entries],
    );
  const ages = async () => {
    const { rows } = await backend.database.query<{ days: string; entries: number }>(
      "select split_part(target, '-', 1) as days, count(*)::integer as entries from audit group by 1 order by 1",
    );
    return Object.fromEntries(rows.map(({ days, entries }) => [days, entries]));
  };

  test("old entries go in bounded batches, young ones stay", async () => {
    await write(11, 2 * BATCH_ROWS + 100);
    await write(9, 20);
    await write(0);
    const { database, deleted } = watched(backend.database);
    const { parts } = backend.runtime();
    await new Pruner(database, parts, { historyRetentionMs: DAY_MS, auditRetentionMs: 10 * DAY_MS }).prune();
    expect(await ages()).toEqual({ 0: 1, 9: 20 });
    expect(deleted).toEqual([BATCH_ROWS, BATCH_ROWS, 100]);
  }, 400_000);

  test("a running system keeps it for 400 days, or for as long as it is told", async () => {
    await write(401);
    await write(399);
    await backend.running([]);
    await eventually(async () => !("401" in (await ages())), 90_000);
    expect(await ages()).toEqual({ 399: 1 });
    await backend.reset();
    await write(31);
    await backend.running([], { auditRetentionMs: 30 * DAY_MS });
    await eventually(async () => Object.keys(await ages()).length === 0, 90_000);
  }, 400_000);

  test("a target and a rare action are found by index", async () => {
    await write(1, 20_000);
    await backend.database.script("analyze audit");
    const planOf = async (condition: string) => {
      const { rows } = await backend.database.query<{ "QUERY PLAN": string }>(
        `explain select * from audit where ${condition} order by id desc limit 101`,
      );
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    expect(await planOf("target = '1-77'")).toContain("audit_target");
    expect(await planOf("starts_with(action, 'token.')")).toContain("audit_action");
  }, 400_000);
});
