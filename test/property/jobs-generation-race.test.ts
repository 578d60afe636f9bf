/**
 * Phones report work while its definition is edited and generated anew, in several connections at once: what a phone was
 * told is done stays, and each slot has one occurrence. On PostgreSQL, where transactions really overlap.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { codeOf, silentLog, VirtualClock } from "../../runtime/index.ts";
import { generateJob } from "../../services/jobs/generation.ts";
import { completeJobneed, moveJobneed, startJobneed } from "../../services/jobs/jobneed-progress.ts";
import { WHOLE_SYSTEM } from "../../services/scope.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { describeWith } from "../support/requires.ts";

const NOW = Date.parse("2026-01-05T03:35:00Z");
const TOURS = 8;
const CHECKPOINTS = 3;

interface Report {
  readonly tour: number;
  readonly checkpoint: number;
  readonly how: "start" | "complete" | "move";
  readonly startsAfterMs: number;
  readonly holdsMs: number;
  readonly breaks: boolean;
}

const report: fc.Arbitrary<Report> = fc.record({
  tour: fc.nat(TOURS - 1),
  checkpoint: fc.nat(CHECKPOINTS - 1),
  how: fc.constantFrom("start", "complete", "move"),
  startsAfterMs: fc.nat(10),
  holdsMs: fc.nat(6),
  breaks: fc.boolean(),
});

describeWith("postgres", "an edit beside phones", () => {
  let facility: Facility;
  let parts: Parameters<typeof generateJob>[0];
  let site: number;

  beforeAll(async () => {
    facility = await openFacility("postgres");
    const runtime = facility.backend.runtime({ parts: { clock: new VirtualClock(NOW) } });
    parts = { database: facility.database, runtime, log: silentLog };
    site = await facility.makeSite();
  }, 400_000);
  afterAll(() => facility.backend.close(), 180_000);

  async function makeTour(): Promise<number> {
    await facility.database.query("truncate jobneed, job cascade");
    const tour = await facility.makeJob(site, { cron: "0 */6 * * *", identifier: "INTERNALTOUR" });
    for (let seqno = 0; seqno < CHECKPOINTS; seqno += 1) await facility.makeCheckpoint(tour, seqno);
    await generateJob(parts, tour, NOW);
    return tour;
  }

  /** The checkpoint and its state, when the phone was told that it is kept. */
  async function phone(tours: readonly number[][], one: Report): Promise<[id: number, status: string] | undefined> {
    await sleep(one.startsAfterMs);
    const id = tours[one.tour % tours.length]?.[one.checkpoint] ?? 0;
    const at = new Date(NOW);
    const work = facility.database.transaction(async (tx): Promise<[number, string]> => {
      let status = "INPROGRESS";
      if (one.how === "start") await startJobneed(tx, WHOLE_SYSTEM, id, { startedAt: at });
      else if (one.how === "move") await moveJobneed(tx, WHOLE_SYSTEM, id, "INPROGRESS");
      else {
        await completeJobneed(tx, WHOLE_SYSTEM, id, { answers: [], endedAt: at });
        status = "COMPLETED";
      }
      await sleep(one.holdsMs);
      if (one.breaks) throw new Error("the line broke");
      return [id, status];
    });
    return work.catch((error: Error) => {
      // Taken back before the phone came, or done already.
      if (codeOf(error) === "NOT_FOUND" || codeOf(error) === "PARAMS_INVALID") return undefined;
      if (error.message !== "the line broke") throw error;
      return undefined;
    });
  }

  test("what a phone was told stays, and no slot is made twice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(report, { minLength: 4, maxLength: 20 }), async (reports) => {
        const tour = await makeTour();
        const rows = await facility.all<{ parent: number; id: number }>(
          "select parent_id::float8 as parent, id::float8 as id from jobneed where parent_id is not null order by parent_id, seqno",
        );
        const tours = [...Map.groupBy(rows, ({ parent }) => parent).values()].map((some) => some.map(({ id }) => id));
        await facility.database.query("update job set version = version + 1, cron = '0 */3 * * *' where id = $1", [
          tour,
        ]);
        const [, , ...told] = await Promise.all([
          sleep(4).then(() => generateJob(parts, tour, NOW)),
          sleep(6).then(() => generateJob(parts, tour, NOW)),
          ...reports.map((one) => phone(tours, one)),
        ]);
        const left = await facility.all<{ id: number; parent: number | null; slot: string | null; status: string }>(
          "select id::float8 as id, parent_id::float8 as parent, scheduled_at::text as slot, status from jobneed",
        );
        const statuses = new Map(left.map(({ id, status }) => [id, status]));
        for (const kept of told) {
          if (kept === undefined) continue;
          const [id, status] = kept;
          expect([id, [status, "COMPLETED"]]).toEqual([id, expect.arrayContaining([statuses.get(id)])]);
        }
        const parents = left.filter(({ parent }) => parent === null);
        expect(new Set(parents.map(({ slot }) => slot)).size).toBe(parents.length);
        expect(parents).toHaveLength(16);
        for (const { id } of parents) {
          expect(left.filter(({ parent }) => parent === id)).toHaveLength(CHECKPOINTS);
        }
      }),
      { numRuns: 60 },
    );
  }, 300_000);
});
