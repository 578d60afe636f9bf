/** The statements that take and give up reminders agree with the rules in words, whatever state a reminder is in. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { planOf, type ReminderStatus } from "../../services/escalation/reminder-rules.ts";
import { giveUpLate, takeDue } from "../../services/escalation/reminder-store.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const NOW = Date.parse("2026-01-05T12:00:00Z");
const HOUR_MS = 3_600_000;
const STORES = availableBackends().filter((name) => name !== "jetstream");

const reminder = fc.record({
  status: fc.constantFrom<ReminderStatus>("PENDING", "QUEUED", "SUCCESS", "FAILED", "MISSED"),
  attempts: fc.nat(6),
  remindAt: fc.constantFrom(-48, -1, 0, 1, 8.99, 9, 9.01, 30).map((hours) => NOW + hours * HOUR_MS),
  planAt: fc.constantFrom(-24, -0.01, 0, 0.01, 10, 50).map((hours) => NOW + hours * HOUR_MS),
});

describe.each(STORES)("reminders in SQL on %s", (name) => {
  let facility: Facility;
  let site: number;
  let job: number;
  let matrix: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    site = await facility.makeSite();
    job = await facility.makeJob(site);
    matrix = await facility.makeMatrix({ client_id: await facility.clientOf(site), job_id: job });
  }, 400_000);
  afterAll(() => facility.backend.close(), 180_000);

  test("do what the rules say", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(reminder, { maxLength: 12 }), async (reminders) => {
        await facility.database.query("truncate reminder, jobneed cascade");
        const expected = new Map<number, ReturnType<typeof planOf>>();
        for (const one of reminders) {
          const jobneed = await facility.makeJobneed(site, { job_id: job });
          const { id } = await facility.one<{ id: number }>(
            `insert into reminder (client_id, site_id, job_id, jobneed_id, matrix_id, remind_at, plan_at, status, attempts)
             select client_id, site_id, job_id, id, $2, $3, $4, $5, $6 from jobneed where id = $1 returning id`,
            [jobneed, matrix, new Date(one.remindAt), new Date(one.planAt), one.status, one.attempts],
          );
          expected.set(id, planOf(one, NOW));
        }
        const idsOf = (plan: string) => [...expected].filter(([, each]) => each === plan).map(([id]) => id);
        expect(await giveUpLate(facility.database, NOW)).toBe(idsOf("give up").length);
        const taken = await facility.database.transaction((tx) => takeDue(tx, NOW));
        expect(taken.map(({ id }) => id).sort((a, b) => a - b)).toEqual(idsOf("enqueue"));
        expect(await facility.database.transaction((tx) => takeDue(tx, NOW))).toEqual([]);
        expect(await giveUpLate(facility.database, NOW)).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 400_000);
});
