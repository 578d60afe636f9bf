/** What `GET /queues` costs: a count of the live table is shared, and kept in proportion to what it cost. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Queryable } from "../../database/index.ts";
import { QueueCounts } from "../../runtime/control/index.ts";
import { VirtualClock } from "../../runtime/index.ts";
import { type Backend, openBackend } from "../support/backends.ts";

describe("counts of the queues", () => {
  let backend: Backend;
  let clock: VirtualClock;
  let asked: number;
  let costMs: number;
  let counts: QueueCounts;

  beforeAll(async () => {
    backend = await openBackend("pglite");
  }, 400_000);
  afterAll(() => backend.close());
  beforeEach(async () => {
    clock = new VirtualClock();
    asked = 0;
    costMs = 40;
    await backend.database.query("delete from task");
    /** The real database, on which counting takes as long as the test says. */
    const slow: Pick<Queryable, "query"> = {
      async query(text, parameters) {
        asked += 1;
        const result = await backend.database.query(text as string, parameters);
        await clock.advance(costMs);
        return result as never;
      },
    };
    counts = new QueueCounts(slow, clock);
  });

  async function insert(queue: string, state: string): Promise<void> {
    await backend.database.query(
      `insert into task (id, name, queue, lane, priority, state, params, created_at)
       values (gen_random_uuid(), 'x', $1, 1, 5, $2::text::task_state, '{}', clock_timestamp() - interval '1 minute')`,
      [queue, state],
    );
  }

  test("are one question for all who ask at once, and true", async () => {
    await insert("email", "QUEUED");
    await insert("email", "QUEUED");
    await insert("reports", "STARTED");
    const [first, second] = await Promise.all([counts.read(), counts.read()]);
    expect(asked).toBe(1);
    expect(second).toEqual(first);
    expect(first.rows.map(({ oldestMs: _, ...row }) => row).sort((a, b) => a.queue.localeCompare(b.queue))).toEqual([
      { queue: "email", lane: 1, state: "QUEUED", tasks: 2 },
      { queue: "reports", lane: 1, state: "STARTED", tasks: 1 },
    ]);
  });

  test("are kept for twenty times as long as they took, their oldest growing older meanwhile", async () => {
    await insert("email", "QUEUED");
    const before = (await counts.read()).rows[0]?.oldestMs ?? 0;
    expect(before).toBeGreaterThanOrEqual(60_000);
    await insert("email", "QUEUED");
    await clock.advance(20 * costMs - 1);
    const kept = await counts.read();
    expect([asked, kept.rows[0]?.tasks]).toEqual([1, 1]);
    expect(kept.rows[0]?.oldestMs).toBeCloseTo(before + 20 * costMs - 1, 3);
    expect(kept.at).toBeCloseTo(clock.now() - 20 * costMs + 1, 3);
    await clock.advance(1);
    expect([(await counts.read()).rows[0]?.tasks, asked]).toEqual([2, 2]);
  });

  test("are never older than ten seconds, and as it is where counting is cheap", async () => {
    costMs = 5_000;
    await counts.read();
    await clock.advance(9_999);
    await counts.read();
    expect(asked).toBe(1);
    await clock.advance(1);
    costMs = 0;
    await counts.read();
    await counts.read();
    expect(asked).toBe(3);
  });

  test("that fail are asked for anew", async () => {
    const failing: Pick<Queryable, "query"> = { query: () => Promise.reject(new Error(`away ${++asked}`)) };
    const broken = new QueueCounts(failing, clock);
    await expect(broken.read()).rejects.toThrow("away 1");
    await expect(broken.read()).rejects.toThrow("away 2");
  });
});
