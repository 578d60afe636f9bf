/** The arithmetic of work: which slots, which windows, and a tour's checkpoints in time. Worked examples 7.1 and 7.2. */
import { describe, expect, test } from "@jest/globals";
import { SeededRandom } from "../../runtime/index.ts";
import { isScheduled, MOST_SLOTS, planSlots, type Recurrence, windowOf } from "../../services/jobs/occurrences.ts";
import { noRoutes, type Place, type RouteService, shuffled } from "../../services/jobs/route.ts";
import { tourTimeline } from "../../services/jobs/tour.ts";
import { ROUTE_BUDGET_MS, tourOrder } from "../../services/jobs/tour-order.ts";

const at = (text: string) => Date.parse(text);
const HOUR_MS = 3_600_000;
const TWO_DAYS_MS = 48 * HOUR_MS;
const iso = (instant: number | undefined) => (instant === undefined ? undefined : new Date(instant).toISOString());

const everyFourHours: Recurrence = {
  cron: "0 */4 * * *",
  timezone: "Asia/Kolkata",
  validFrom: at("2026-01-01T00:00:00+05:30"),
  validTo: at("2026-01-31T00:00:00+05:30"),
  generatedUntil: undefined,
};

describe("occurrences (7.1)", () => {
  const durations = { graceTime: 10, planDuration: 30, expiryTime: 15 };
  const now = at("2026-01-05T09:05:00+05:30");
  const first = planSlots(everyFourHours, now, TWO_DAYS_MS);

  test("twelve slots in two days, from now on and not from midnight", () => {
    expect(first.slots).toHaveLength(12);
    expect(iso(first.slots[0])).toBe(iso(at("2026-01-05T12:00:00+05:30")));
    expect(iso(first.slots.at(-1))).toBe(iso(at("2026-01-07T08:00:00+05:30")));
    expect(first.missed).toBeUndefined();
  });

  test("visible from grace before to plan and expiry after", () => {
    const window = windowOf(first.slots[0] ?? 0, durations);
    expect([iso(window.planAt), iso(window.expiryAt)]).toEqual([
      "2026-01-05T06:20:00.000Z",
      "2026-01-05T07:15:00.000Z",
    ]);
  });

  test("eight hours later: what has been decided on is not decided again", () => {
    const later = at("2026-01-05T17:05:00+05:30");
    const second = planSlots({ ...everyFourHours, generatedUntil: first.decidedUntil }, later, TWO_DAYS_MS);
    expect(second.slots.map(iso)).toEqual(
      ["2026-01-07T12:00:00+05:30", "2026-01-07T16:00:00+05:30"].map((text) => iso(at(text))),
    );
    expect(second.missed).toBeUndefined();
  });

  test("nobody generated for four days: what passed is told, and no work is made in the past", () => {
    const late = now + 4 * 24 * HOUR_MS;
    const { slots, missed } = planSlots({ ...everyFourHours, generatedUntil: first.decidedUntil }, late, TWO_DAYS_MS);
    expect(slots.every((slot) => slot > late)).toBe(true);
    expect(missed).toEqual({
      from: at("2026-01-07T12:00:00+05:30"),
      to: at("2026-01-09T08:00:00+05:30"),
      slots: 12,
    });
  });

  test("a slot at the beginning of the validity counts, one at its end does not", () => {
    const day = {
      ...everyFourHours,
      validFrom: at("2026-01-05T12:00:00+05:30"),
      validTo: at("2026-01-05T20:00:00+05:30"),
    };
    expect(planSlots(day, now, TWO_DAYS_MS).slots.map(iso)).toEqual(
      ["2026-01-05T12:00:00+05:30", "2026-01-05T16:00:00+05:30"].map((text) => iso(at(text))),
    );
    expect(planSlots(day, now, undefined).slots).toHaveLength(2);
  });

  test("more slots than are made at once: the next run goes on where this one ended", () => {
    const often = { ...everyFourHours, cron: "*/5 * * * *", timezone: "UTC", validTo: now + 30 * 24 * HOUR_MS };
    const begun = planSlots(often, now, undefined);
    expect(begun.slots).toHaveLength(MOST_SLOTS);
    const rest = planSlots({ ...often, generatedUntil: begun.decidedUntil }, now, undefined);
    expect(rest.slots[0]).toBe((begun.slots.at(-1) ?? 0) + 300_000);
    expect(begun.slots.length + rest.slots.length).toBe((30 * 24 * HOUR_MS) / 300_000 - 1);
  });

  test("the range of what was missed is right however much it is", () => {
    const often = { ...everyFourHours, cron: "*/5 * * * *", validTo: at("2030-01-01T00:00:00Z"), generatedUntil: now };
    const late = now + 365 * 24 * HOUR_MS;
    expect(planSlots(often, late, TWO_DAYS_MS).missed).toEqual({ from: now + 300_000, to: late, slots: 50_000 });
  });

  test("classic cron: the 13th or a Friday; every minute means not scheduled", () => {
    const either = { ...everyFourHours, timezone: "UTC", cron: "0 0 13 * 5", validTo: at("2026-02-28T00:00:00Z") };
    expect(planSlots(either, at("2026-01-08T12:00:00Z"), undefined).slots.map(iso).slice(0, 3)).toEqual([
      "2026-01-09T00:00:00.000Z",
      "2026-01-13T00:00:00.000Z",
      "2026-01-16T00:00:00.000Z",
    ]);
    expect([null, "", " * * * * * ", "0 8 * * *"].map((cron) => isScheduled(cron))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test.each([
    ["Europe/Berlin", "2026-03-28T12:00:00Z", 2],
    ["Europe/Berlin", "2026-10-24T12:00:00Z", 2],
    ["Australia/Lord_Howe", "2026-10-03T12:00:00Z", 2],
  ])(
    "a daily job across a change of the clocks in %s: one a day, at the wall clock's time",
    (timezone, from, count) => {
      const daily = { ...everyFourHours, cron: "30 2 * * *", timezone, validTo: at("2027-01-01T00:00:00Z") };
      expect(planSlots(daily, at(from), TWO_DAYS_MS).slots).toHaveLength(count);
    },
  );
});

describe("tours (7.2)", () => {
  const stops = [0, 5, 10].map((travelTime, index) => ({ travelTime, name: `CP${index + 1}` }));
  const rule = { planDuration: 20, graceTime: 5, frequency: 1, breakTime: 0 };
  const planAt = at("2026-01-05T21:55:00Z");
  const times = (legs: ReturnType<typeof tourTimeline<(typeof stops)[number]>>) =>
    legs.map(({ stop, planAt: from, expiryAt }) => [stop.name, iso(from)?.slice(11, 16), iso(expiryAt)?.slice(11, 16)]);

  test("each checkpoint begins when the one before it has ended, plus the way", () => {
    expect(times(tourTimeline(planAt, stops, rule))).toEqual([
      ["CP1", "21:55", "22:20"],
      ["CP2", "22:25", "22:50"],
      ["CP3", "23:00", "23:25"],
    ]);
  });

  test("two passes: back in reverse, with the break where the first pass ends", () => {
    const legs = tourTimeline(planAt, stops, { ...rule, frequency: 2, breakTime: 15 });
    expect(legs.map(({ seqno }) => seqno)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(times(legs)).toEqual([
      ["CP1", "21:55", "22:20"],
      ["CP2", "22:25", "22:50"],
      ["CP3", "23:00", "23:25"],
      ["CP3", "23:40", "00:05"],
      ["CP2", "00:15", "00:40"],
      ["CP1", "00:45", "01:10"],
    ]);
  });

  test("the way to a pass's first stop is none: the guard stands there", () => {
    const far = stops.map((stop) => ({ ...stop, travelTime: 5, distanceKm: 1.5 }));
    const legs = tourTimeline(planAt, far, { ...rule, frequency: 3 });
    expect(legs.map(({ distanceKm }) => distanceKm)).toEqual([1.5, 1.5, 1.5, undefined, 1.5, 1.5, undefined, 1.5, 1.5]);
  });

  test("shuffling keeps every stop and is decided by chance alone", () => {
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const orders = [1, 2, 1].map((seed) => shuffled(numbers, new SeededRandom(seed)));
    expect(orders[0]).not.toEqual(orders[1]);
    expect(orders[0]).toEqual(orders[2]);
    expect(orders[0]?.toSorted((a, b) => a - b)).toEqual(numbers);
  });
});

describe("the order of a tour", () => {
  const stops = Array.from({ length: 6 }, (_, index) => ({ id: index + 1, travelTime: 5, latitude: 0, longitude: 0 }));
  const ids = (order: readonly { id: number }[]) => order.map(({ id }) => id);
  const numbered = ids(stops);
  const ways = (routes: RouteService = noRoutes, seed = 1, monotonic = () => 0) => ({
    routes,
    random: new SeededRandom(seed),
    monotonic,
  });
  const random = { isRandomized: true, tourFrequency: 1 };
  const routed = { isRandomized: false, tourFrequency: 2 };
  const failing: RouteService = { optimise: () => Promise.reject(new Error("no quota")) };
  let asked = 0;
  const backwards: RouteService = {
    async optimise<Of extends Place>(given: readonly Of[]) {
      asked += 1;
      return given.toReversed();
    },
  };

  test("as numbered, and nobody is asked for a way", async () => {
    const order = tourOrder(stops, { isRandomized: false, tourFrequency: 1 }, ways(failing));
    expect(ids(await order.next())).toEqual(numbered);
    expect(order.unrouted).toBe(0);
  });

  test("a random tour differs from the last one, by chance alone", async () => {
    const order = tourOrder(stops, random, ways());
    const [first, second] = [ids(await order.next()), ids(await order.next())];
    expect(first).not.toEqual(second);
    expect(ids(await tourOrder(stops, random, ways()).next())).toEqual(first);
    expect(first.toSorted()).toEqual(numbered);
  });

  test("passes there and back follow the route, which is asked once", async () => {
    const order = tourOrder(stops, routed, ways(backwards));
    asked = 0;
    for (let tour = 0; tour < 5; tour += 1) expect(ids(await order.next())).toEqual(numbered.toReversed());
    expect(asked).toBe(1);
  });

  test.each([
    ["fails", failing, "no quota"],
    ["loses a checkpoint", { optimise: async (given) => given.slice(1) }, "does not visit each checkpoint once"],
    [
      "visits one twice",
      { optimise: async (given) => given.map((stop, n) => (n === 1 ? (given[0] ?? stop) : stop)) },
      "does not visit each checkpoint once",
    ],
    [
      "has no time",
      { optimise: async (given) => given.map((stop) => ({ ...stop, travelTime: Number.NaN })) },
      "without a time",
    ],
  ] as [string, RouteService, string][])("a route that %s: the tours go by the numbers", async (_, routes, why) => {
    for (const rule of [random, routed]) {
      const order = tourOrder(stops, rule, ways(routes));
      expect(ids(await order.next())).toEqual(numbered);
      expect(ids(await order.next())).toEqual(numbered);
      expect([order.unrouted, order.problem]).toEqual([2, expect.stringContaining(why)]);
    }
  });

  test("a route that never answers costs a job its budget once", async () => {
    const hanging: RouteService = { optimise: () => new Promise(() => {}) };
    let readings = 0;
    // The budget is spent when the route is asked.
    const order = tourOrder(
      stops,
      random,
      ways(hanging, 1, () => readings++ * ROUTE_BUDGET_MS),
    );
    for (let tour = 0; tour < 3; tour += 1) expect(ids(await order.next())).toEqual(numbered);
    expect([order.unrouted, order.problem]).toEqual([3, "the route took too long"]);
  });
});
