/** The statement that escalates and the rules in words agree on every ticket, for any matrix and any time. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { climbs, nextLevel, type Unit } from "../../services/escalation/escalation-rules.ts";
import { escalateDue } from "../../services/escalation/escalation-store.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const NOW = Date.parse("2026-01-05T12:00:00Z");
const MINUTE_MS = 60_000;
const STORES = availableBackends().filter((name) => name !== "jetstream");

const row = fc.record({
  site: fc.constantFrom(0, 1, null),
  category: fc.nat(1),
  level: fc.integer({ min: 1, max: 3 }),
  frequency: fc.constantFrom<Unit>("MINUTE", "HOUR", "DAY"),
  value: fc.nat(3),
  enabled: fc.boolean(),
});
const ticket = fc.record({
  site: fc.nat(1),
  category: fc.option(fc.nat(1)),
  level: fc.nat(3),
  status: fc.constantFrom("NEW", "OPEN", "ONHOLD", "RESOLVED", "CLOSED", "CANCELLED"),
  ageMinutes: fc.constantFrom(0, 1, 2, 3, 59, 60, 61, 180, 1_440, 4_320),
  restedMinutes: fc.option(fc.constantFrom(0, 0.5, 1, 90)),
});

describe.each(STORES)("escalation in SQL on %s", (name) => {
  let facility: Facility;
  const sites: number[] = [];
  const categories: number[] = [];
  let client: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    client = await facility.makeClient();
    for (let n = 0; n < 2; n++) sites.push(await facility.makeSite({ client_id: client }));
    for (const code of ["ONE", "TWO"]) categories.push(await facility.typeAssist("TICKETCATEGORY", code));
  }, 400_000);
  afterAll(() => facility.backend.close(), 180_000);

  test("does what the rules say", async () => {
    const rows = fc.uniqueArray(row, { maxLength: 8, selector: (one) => `${one.site} ${one.category} ${one.level}` });
    await fc.assert(
      fc.asyncProperty(rows, fc.array(ticket, { maxLength: 10 }), async (matrix, tickets) => {
        await facility.database.query("truncate ticket_history, ticket, escalation_matrix cascade");
        for (const one of matrix)
          await facility.makeMatrix({
            client_id: client,
            site_id: one.site === null ? null : (sites[one.site] ?? 0),
            category_id: categories[one.category],
            level: one.level,
            frequency: one.frequency,
            frequency_value: one.value,
            enabled: one.enabled,
          });
        const expected = new Map<number, number>();
        for (const one of tickets) {
          const createdAt = NOW - one.ageMinutes * MINUTE_MS;
          const escalatedAt = one.restedMinutes === null ? null : NOW - one.restedMinutes * MINUTE_MS;
          const id = await facility.makeTicket(sites[one.site] ?? 0, {
            category_id: one.category === null ? null : categories[one.category],
            level: one.level,
            status: one.status,
            created_at: new Date(createdAt),
            escalated_at: escalatedAt === null ? null : new Date(escalatedAt),
          });
          const waiting = { ...one, siteId: one.site, createdAt, escalatedAt };
          const known = matrix
            .filter(({ enabled, category }) => enabled && category === one.category)
            .map((each) => ({ ...each, siteId: each.site, frequencyValue: each.value }));
          const next = nextLevel(waiting, known);
          if (next !== undefined && climbs(waiting, next, NOW)) expected.set(id, next.level);
        }
        const escalated = await facility.database.transaction((tx) => escalateDue(tx, NOW));
        expect(new Map(escalated.map(({ id, level }) => [id, level]))).toEqual(expected);
        expect(await facility.database.transaction((tx) => escalateDue(tx, NOW))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 400_000);
});
