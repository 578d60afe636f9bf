/**
 * Phones report work while auto-close runs, in several connections at once: what was reported is never overwritten, and
 * what was closed is closed whole, as its checkpoints say. On PostgreSQL, where transactions really overlap.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { closingOf } from "../../services/jobs/auto-close.ts";
import { closeOverdue, FROM_THE_START } from "../../services/jobs/auto-close-store.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { describeWith } from "../support/requires.ts";

const NOW = Date.parse("2026-01-05T12:00:00Z");
const TOURS = 12;
const CHECKPOINTS = 3;

/** What a phone does: which rows, how long it holds them before it commits, and whether its connection breaks. */
interface Report {
  readonly tour: number;
  readonly checkpoint: number | undefined;
  readonly startsAfterMs: number;
  readonly holdsMs: number;
  readonly locksTourFirst: boolean;
  readonly breaks: boolean;
}

const report: fc.Arbitrary<Report> = fc.record({
  tour: fc.nat(TOURS - 1),
  checkpoint: fc.option(fc.nat(CHECKPOINTS - 1), { nil: undefined }),
  startsAfterMs: fc.nat(8),
  holdsMs: fc.nat(8),
  locksTourFirst: fc.boolean(),
  breaks: fc.boolean(),
});

describeWith("postgres", "auto-close beside phones", () => {
  let facility: Facility;
  let site: number;

  beforeAll(async () => {
    facility = await openFacility("postgres");
    site = await facility.makeSite();
  }, 400_000);
  afterAll(() => facility.backend.close(), 180_000);

  async function makeTours(): Promise<number[][]> {
    await facility.database.query("truncate jobneed cascade");
    const columns = { identifier: "INTERNALTOUR", expiry_at: "2026-01-05T11:00:00Z" };
    const tours: number[][] = [];
    for (let n = 0; n < TOURS; n++) {
      const parent = await facility.makeJobneed(site, { ...columns, status: n % 2 ? "ASSIGNED" : "INPROGRESS" });
      const ids = [parent];
      for (let seqno = 0; seqno < CHECKPOINTS; seqno++)
        ids.push(await facility.makeJobneed(site, { ...columns, parent_id: parent, seqno }));
      tours.push(ids);
    }
    return tours;
  }

  /** Ids of the rows it completed for certain. */
  async function phone(tours: readonly number[][], one: Report): Promise<number[]> {
    await sleep(one.startsAfterMs);
    const [parent = 0, ...checkpoints] = tours[one.tour] ?? [];
    const ids = one.checkpoint === undefined ? [parent] : [checkpoints[one.checkpoint] ?? 0];
    return facility.database
      .transaction(async (tx) => {
        if (one.locksTourFirst) await tx.query("select 1 from jobneed where id = $1 for update", [parent]);
        const done: number[] = [];
        for (const id of ids) {
          const { affected } = await tx.query(
            "update jobneed set status = 'COMPLETED' where id = $1 and status in ('ASSIGNED', 'INPROGRESS')",
            [id],
          );
          if (affected === 1) done.push(id);
        }
        await sleep(one.holdsMs);
        if (one.breaks) throw new Error("the line broke");
        return done;
      })
      .catch((error: Error) => {
        if (error.message !== "the line broke") throw error;
        return [];
      });
  }

  const closeOnce = () => facility.database.transaction((tx) => closeOverdue(tx, NOW, FROM_THE_START));

  test("a completion that committed stays, and a tour is closed as its checkpoints say", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(report, { minLength: 4, maxLength: 24 }), async (reports) => {
        const tours = await makeTours();
        const [first, second, ...completed] = await Promise.all([
          sleep(4).then(closeOnce),
          sleep(4).then(closeOnce),
          ...reports.map((one) => phone(tours, one)),
        ]);
        const closedIds = [...first.closed, ...second.closed].map(({ id }) => id);
        expect(new Set(closedIds).size).toBe(closedIds.length);
        await closeOnce();
        const rows = await facility.all<{ id: number; parent: number | null; status: string }>(
          "select id, parent_id as parent, status from jobneed",
        );
        const statuses = new Map(rows.map(({ id, status }) => [id, status]));
        for (const id of completed.flat()) expect([id, statuses.get(id)]).toEqual([id, "COMPLETED"]);
        const parents = rows.filter(({ parent }) => parent === null);
        for (const { id, status } of parents) {
          if (completed.flat().includes(id)) continue;
          const checkpoints = rows.filter(({ parent }) => parent === id).map((row) => row.status);
          const done = checkpoints.filter((one) => one === "COMPLETED").length;
          expect(checkpoints).not.toContain("ASSIGNED");
          expect([id, status]).toEqual([
            id,
            closingOf({ checkpoints: CHECKPOINTS, done, notifyCategory: null }).status,
          ]);
        }
      }),
      { numRuns: 40 },
    );
  }, 300_000);
});
