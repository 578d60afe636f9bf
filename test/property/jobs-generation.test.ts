/**
 * Generation over time: whoever runs it, how often and how late, across changes of the clocks and edits of the definition, a
 * slot gets one occurrence or is told as missed, and what somebody has touched stays as it is. The slots themselves are
 * found the slow way, by walking the minutes.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SeededRandom, silentLog, VirtualClock } from "../../runtime/index.ts";
import { generateJob } from "../../services/jobs/generation.ts";
import { planSlots } from "../../services/jobs/occurrences.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { changesOf, type Expression, type Field, slotsByWalking } from "./support/cron-oracle.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const HORIZON_MS = 2 * DAY_MS;
const ZONES = [
  ...["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "Africa/Cairo"],
];

const every = (min: number, max: number): Field => ({
  text: "*",
  values: new Set(Array.from({ length: max - min + 1 }, (_, n) => n + min)),
});
const only = (...values: number[]): Field => ({ text: values.join(","), values: new Set(values) });

/** Times that clocks skip and repeat, more often than others; all are classic (day of month or day of week). */
const expression: fc.Arbitrary<Expression> = fc.record({
  minute: fc.constantFrom(only(0), only(30), only(0, 30), only(15), only(0, 15, 45)),
  hour: fc.oneof(
    fc.constantFrom(every(0, 23), only(0), only(1), only(2), only(3), only(1, 2, 3), only(8, 20)),
    fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: 5 }).map((hours) => only(...hours)),
  ),
  dayOfMonth: fc.oneof(
    { weight: 3, arbitrary: fc.constant(every(1, 31)) },
    fc.integer({ min: 1, max: 31 }).map((day) => only(day)),
  ),
  month: fc.constant(every(1, 12)),
  dayOfWeek: fc.oneof(
    { weight: 3, arbitrary: fc.constant(every(0, 6)) },
    fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 3 }).map((days) => only(...days)),
  ),
  days: fc.constant("or" as const),
});
const text = ({ minute, hour, dayOfMonth, month, dayOfWeek }: Expression) =>
  [minute, hour, dayOfMonth, month, dayOfWeek].map((field) => field.text).join(" ");

/** Around a change of the clocks, where the zone has one. */
const place = fc.record({ zone: fc.constantFrom(...ZONES), which: fc.nat(1) }).map(({ zone, which }) => {
  const changes = changesOf(zone, 2026);
  return { zone, centre: changes[which % Math.max(changes.length, 1)] ?? Date.UTC(2026, 5, 1) };
});

/** Slots with `from` ≤ slot < `to`, from one walk around the place for all of them. */
function slotsAround(centre: number, cron: Expression, zone: string, from: number, to: number): number[] {
  const walked = slotsByWalking(cron, zone, centre - 6 * DAY_MS, centre + 50 * DAY_MS);
  return walked.filter((slot) => slot >= from && slot < to);
}

describe("which slots are generated", () => {
  test("each slot is generated once or told as missed, however late and often the runs come", () => {
    fc.assert(
      fc.property(
        place,
        expression,
        fc.array(fc.nat(5 * DAY_MS), { minLength: 1, maxLength: 12 }),
        fc.record({ from: fc.nat(6 * DAY_MS), length: fc.integer({ min: HOUR_MS, max: 9 * DAY_MS }) }),
        fc.option(fc.constantFrom(HOUR_MS, 8 * HOUR_MS, DAY_MS, HORIZON_MS), { nil: undefined }),
        ({ zone, centre }, cron, pauses, validity, horizon) => {
          const begin = centre - 4 * DAY_MS;
          const validFrom = begin + Math.floor(validity.from / MINUTE_MS) * MINUTE_MS;
          const validTo = validFrom + Math.floor(validity.length / MINUTE_MS) * MINUTE_MS;
          const job = { cron: text(cron), timezone: zone, validFrom, validTo };
          let generatedUntil: number | undefined;
          let now = begin;
          const made: number[] = [];
          const missed: { from: number; to: number; slots: number }[] = [];
          for (const pause of pauses) {
            if (now >= validTo) break;
            const plan = planSlots({ ...job, generatedUntil }, now, horizon);
            expect(plan.slots.every((slot) => slot > now)).toBe(true);
            expect(plan.decidedUntil).toBeGreaterThanOrEqual(generatedUntil ?? plan.decidedUntil);
            made.push(...plan.slots);
            if (plan.missed !== undefined) missed.push(plan.missed);
            generatedUntil = plan.decidedUntil;
            expect(planSlots({ ...job, generatedUntil }, now, horizon).slots).toEqual([]);
            now += pause;
          }
          // A slot at the very instant of the first run has passed.
          const all = slotsAround(centre, cron, zone, Math.max(validFrom, begin + 1), (generatedUntil ?? begin) + 1);
          const lost = all.filter((slot) => !made.includes(slot));
          expect(made).toEqual(made.toSorted((a, b) => a - b));
          expect(made.every((slot) => all.includes(slot))).toBe(true);
          expect(lost.length).toBe(missed.reduce((sum, { slots }) => sum + slots, 0));
          for (const slot of lost) expect(missed.some(({ from, to }) => slot >= from && slot <= to)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"].flatMap((zone) =>
      changesOf(zone, 2026).map((change) => [zone, change] as const),
    ),
  )("runs every eight hours across the change of %s at %d: what walking the minutes finds", (zone, change) => {
    const from = change - 3 * DAY_MS;
    const to = change + 3 * DAY_MS;
    for (const hour of [every(0, 23), only(0), only(1), only(2), only(3), only(1, 2, 3)]) {
      const cron: Expression = {
        ...{ minute: only(0, 15, 30, 45), hour, dayOfMonth: every(1, 31), month: every(1, 12) },
        ...{ dayOfWeek: every(0, 6), days: "or" },
      };
      const job = { cron: text(cron), timezone: zone, validFrom: from, validTo: to };
      const made: number[] = [];
      let generatedUntil: number | undefined;
      for (let now = from - 1; now < to; now += 8 * HOUR_MS) {
        const plan = planSlots({ ...job, generatedUntil }, now, HORIZON_MS);
        made.push(...plan.slots);
        generatedUntil = plan.decidedUntil;
      }
      expect(made).toEqual(slotsByWalking(cron, zone, from, to));
    }
  });
});

type Step =
  | { readonly do: "run"; readonly times: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "edit"; readonly cron: Expression }
  | { readonly do: "addCheckpoint" }
  | { readonly do: "touch"; readonly which: number; readonly how: "start" | "complete" | "checkpoint" | "answer" }
  | { readonly do: "toggle" }
  | { readonly do: "lose the mark" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("run" as const), times: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(3 * DAY_MS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("edit" as const), cron: expression }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("addCheckpoint" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("touch" as const),
      which: fc.nat(50),
      how: fc.constantFrom("start" as const, "complete" as const, "checkpoint" as const, "answer" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("toggle" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose the mark" as const) }) },
);

interface Row {
  readonly id: number;
  readonly slot: number;
  readonly isTouched: boolean;
  readonly checkpoints: number;
  /** Everything about it, its checkpoints and its checklists. */
  readonly everything: string;
}

const STORES = availableBackends().filter((name) => name !== "jetstream");

describe.each(STORES)("a job's life on %s", (name) => {
  let facility: Facility;
  let parts: Parameters<typeof generateJob>[0];

  beforeAll(async () => {
    facility = await openFacility(name);
    const clock = new VirtualClock(0);
    const runtime = facility.backend.runtime({ parts: { clock, random: new SeededRandom(7) } });
    parts = { database: facility.database, runtime, log: silentLog };
  }, 400_000);
  beforeEach(() => facility.database.query("truncate jobneed, job cascade"));
  afterAll(() => facility.backend.close(), 180_000);

  const occurrences = (job: number) =>
    facility.all<Row>(
      `select o.id::float8 as id, (extract(epoch from o.scheduled_at) * 1000)::float8 as slot,
         (select count(*)::integer from jobneed c where c.parent_id = o.id) as checkpoints,
         o.status <> 'ASSIGNED' or o.started_at is not null
           or exists (select 1 from jobneed c where c.parent_id = o.id and c.status <> 'ASSIGNED')
           or exists (select 1 from jobneed c join jobneed_detail d on d.jobneed_id = c.id
                      where (c.id = o.id or c.parent_id = o.id) and d.answer is not null) as "isTouched",
         (select string_agg(c::text || (select coalesce(string_agg(d::text, ';' order by d.id), '') from jobneed_detail d
            where d.jobneed_id = c.id), '|' order by c.id) from jobneed c where c.id = o.id or c.parent_id = o.id) as everything
       from jobneed o where o.job_id = $1 and o.parent_id is null order by o.scheduled_at`,
      [job],
    );

  async function touch(row: Row, how: Extract<Step, { do: "touch" }>["how"]): Promise<void> {
    const { query } = facility.database;
    if (how === "start") {
      await query("update jobneed set started_at = now(), status = 'INPROGRESS' where id = $1", [row.id]);
    } else if (how === "complete") {
      await query("update jobneed set status = 'COMPLETED' where id = $1", [row.id]);
    } else if (how === "checkpoint") {
      await query("update jobneed set status = 'COMPLETED' where parent_id = $1 and seqno = 0", [row.id]);
    } else {
      await query(
        "update jobneed_detail set answer = '7' where jobneed_id in (select id from jobneed where id = $1 or parent_id = $1)",
        [row.id],
      );
    }
  }

  test("no slot twice, none lost, touched rows as they were, and a second run changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        place,
        expression,
        fc.boolean(),
        fc.array(step, { minLength: 4, maxLength: 14 }),
        async ({ zone, centre }, first, isTour, steps) => {
          const site = await facility.makeSite({ timezone: zone });
          const question_set_id = await facility.makeChecklist(site, 2);
          const job = await facility.makeJob(site, {
            cron: text(first),
            identifier: isTour ? "INTERNALTOUR" : "TASK",
            is_randomized: isTour,
            question_set_id,
          });
          let checkpoints = 0;
          const addCheckpoint = async () => {
            await facility.makeCheckpoint(job, checkpoints++, { question_set_id });
          };
          if (isTour) await addCheckpoint();
          let cron = first;
          let now = centre - 4 * DAY_MS;
          let isEnabled = true;

          for (const one of steps) {
            if (one.do === "wait") now += one.ms;
            else if (one.do === "edit") {
              cron = one.cron;
              await facility.database.query("update job set cron = $2, version = version + 1 where id = $1", [
                job,
                text(cron),
              ]);
            } else if (one.do === "addCheckpoint") {
              if (!isTour) continue;
              await addCheckpoint();
              await facility.database.query("update job set version = version + 1 where id = $1", [job]);
            } else if (one.do === "toggle") {
              isEnabled = !isEnabled;
              await facility.database.query("update job set enabled = $2 where id = $1", [job, isEnabled]);
            } else if (one.do === "lose the mark") {
              // As after a restored backup: only ever of a definition that has not changed since.
              await facility.database.query(
                "update job set generated_until = null where id = $1 and generated_version = version",
                [job],
              );
            } else if (one.do === "touch") {
              const rows = await occurrences(job);
              const row = rows[one.which % Math.max(rows.length, 1)];
              if (row !== undefined) await touch(row, one.how);
            } else {
              const before = await occurrences(job);
              await Promise.all(Array.from({ length: one.times }, () => generateJob(parts, job, now)));
              const after = await occurrences(job);
              const slots = after.map(({ slot }) => slot);
              expect(new Set(slots).size).toBe(slots.length);
              const kept = new Map(after.map((row) => [row.id, row.everything]));
              for (const row of before) {
                if (row.isTouched || row.slot <= now) expect(kept.get(row.id)).toBe(row.everything);
              }
              const ahead = after.filter(({ slot, isTouched }) => slot > now && !isTouched);
              if (isEnabled) {
                const wanted = slotsAround(centre, cron, zone, now + 1, now + HORIZON_MS);
                for (const slot of wanted) expect(slots).toContain(slot);
                for (const row of ahead) {
                  expect(wanted).toContain(row.slot);
                  expect(row.checkpoints).toBe(checkpoints);
                }
              } else {
                expect(ahead).toEqual([]);
              }
              await generateJob(parts, job, now);
              expect(await occurrences(job)).toEqual(after);
            }
          }
        },
      ),
      { numRuns: name === "pglite" ? 25 : 60 },
    );
  }, 400_000);
});
