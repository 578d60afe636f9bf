/** Cron in zones, against an oracle that walks the minutes: many zones, years and expressions, next and previous. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseCron } from "../../runtime/schedule/cron.ts";
import { nextCron, previousCron } from "../../runtime/schedule/cron-timing.ts";
import { zoneNamed } from "../../runtime/schedule/zone.ts";
import { changesOf, type Expression, type Field, localAt, slotsByWalking } from "./support/cron-oracle.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Half-hour and quarter-hour zones, half-hour and two-hour changes, changes at midnight, skipped and repeated days. */
const ODD_ZONES = [
  ...[
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Africa/Casablanca",
  ],
  ...["Africa/Cairo", "America/St_Johns", "Europe/Dublin", "Asia/Tehran", "America/Havana", "Asia/Beirut"],
  ...["America/Scoresbysund", "Pacific/Kwajalein", "America/Asuncion", "America/Sao_Paulo", "Asia/Gaza", "Asia/Amman"],
  ...["Atlantic/Azores", "Europe/Berlin", "America/New_York", "Asia/Pyongyang", "America/Caracas", "Pacific/Fakaofo"],
];
const ALL_ZONES = Intl.supportedValuesOf("timeZone");

function field(min: number, max: number, names?: readonly string[]): fc.Arbitrary<Field> {
  const size = max - min + 1;
  const value = fc.integer({ min, max });
  const named = (n: number, asName: boolean) => (names !== undefined && asName ? (names[n - min] ?? "") : String(n));
  const range = (from: number, length: number, step: number) =>
    Array.from({ length: Math.ceil(length / step) }, (_, index) => min + ((from - min + index * step) % size));
  const part = fc.oneof(
    value.map((n) => ({ text: String(n), values: [n] })),
    fc.tuple(value, fc.boolean()).map(([n, asName]) => ({ text: named(n, asName), values: [n] })),
    fc.tuple(value, value, fc.boolean()).map(([from, to, asName]) => {
      const length = ((to - from + size) % size) + 1;
      return { text: `${named(from, asName)}-${named(to, asName)}`, values: range(from, length, 1) };
    }),
    fc.tuple(value, value, fc.integer({ min: 1, max: Math.max(1, Math.floor(max / 2)) })).map(([from, to, step]) => {
      const length = ((to - from + size) % size) + 1;
      return { text: `${from}-${to}/${step}`, values: range(from, length, step) };
    }),
    fc.integer({ min: 1, max: max - 1 }).map((step) => ({ text: `*/${step}`, values: range(min, size, step) })),
  );
  const every = { text: "*", values: range(min, size, 1) };
  return fc
    .oneof(
      { weight: 3, arbitrary: fc.constant([every]) },
      { weight: 5, arbitrary: fc.array(part, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(part, { minLength: 2, maxLength: 4 }) },
    )
    .map((parts) => ({
      text: parts.map(({ text }) => text).join(","),
      values: new Set(parts.flatMap(({ values }) => values)),
    }));
}

const expression: fc.Arbitrary<Expression> = fc.record({
  minute: field(0, 59),
  // The hours in which clocks change, more often than others.
  hour: fc.oneof(
    { weight: 2, arbitrary: field(0, 23) },
    { weight: 1, arbitrary: fc.constantFrom("0", "1", "2", "3", "0-4", "1,2,3", "23,0").map(hours) },
  ),
  dayOfMonth: field(1, 31),
  month: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ text: "*", values: new Set(Array.from({ length: 12 }, (_, n) => n + 1)) }) },
    { weight: 1, arbitrary: field(1, 12, MONTHS) },
  ),
  dayOfWeek: field(0, 6, WEEKDAYS),
  days: fc.constantFrom("and" as const, "or" as const),
});

function hours(text: string): Field {
  const values = text === "0-4" ? [0, 1, 2, 3, 4] : text.split(",").map(Number);
  return { text, values: new Set(values) };
}

/** A zone, and some days of it: mostly around a change of its clocks. Few of them, so that their walks are used again. */
const windows = (seed: number) => {
  const sample = fc.sample(
    fc.record({
      zone: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...ODD_ZONES) },
        { weight: 2, arbitrary: fc.constantFrom(...ALL_ZONES) },
      ),
      year: fc.integer({ min: 1973, max: 2045 }),
      which: fc.nat(),
      day: fc.integer({ min: 0, max: 364 }),
    }),
    { numRuns: 60, seed },
  );
  const apia = { zone: "Pacific/Apia", from: Date.UTC(2011, 11, 29), to: Date.UTC(2012, 0, 1) };
  const kwajalein = { zone: "Pacific/Kwajalein", from: Date.UTC(1993, 7, 20), to: Date.UTC(1993, 7, 23) };
  return [
    apia,
    kwajalein,
    ...sample.map(({ zone, year, which, day }) => {
      const changes = changesOf(zone, year);
      const centre = changes[which % Math.max(1, changes.length)] ?? Date.UTC(year, 0, 1) + day * DAY_MS;
      return { zone, from: centre - 1.5 * DAY_MS, to: centre + 1.5 * DAY_MS };
    }),
  ];
};

const SEED = Number(process.env.FC_SEED ?? Date.now() % 1_000_000);
const someWindow = fc.constantFrom(...windows(SEED));
const text = ({ minute, hour, dayOfMonth, month, dayOfWeek }: Expression) =>
  [minute, hour, dayOfMonth, month, dayOfWeek].map((one) => one.text).join(" ");

/** Expressions that never come (30 February) are refused when they are read. */
function parsed(given: Expression) {
  try {
    return parseCron(text(given), { days: given.days });
  } catch (error) {
    if (String(error).includes("never happens")) return undefined;
    throw error;
  }
}

describe(`cron in zones (FC_SEED=${SEED})`, () => {
  test("next and previous walk through exactly the slots that the rule gives", () => {
    let compared = 0;
    fc.assert(
      fc.property(expression, someWindow, (given, { zone: name, from, to }) => {
        const cron = parsed(given);
        if (cron === undefined) return;
        const zone = zoneNamed(name);
        const expected = slotsByWalking(given, name, from, to);
        const forward: number[] = [];
        for (
          let slot = nextCron(cron, zone, from - 1);
          slot !== undefined && slot < to;
          slot = nextCron(cron, zone, slot)
        ) {
          forward.push(slot);
        }
        expect(forward.map(iso)).toEqual(expected.map(iso));
        const back: number[] = [];
        for (
          let slot = previousCron(cron, zone, to);
          slot !== undefined && slot >= from;
          slot = previousCron(cron, zone, slot)
        ) {
          back.unshift(slot);
        }
        expect(back.map(iso)).toEqual(expected.map(iso));
        compared += expected.length;
      }),
      { numRuns: 3_000, seed: SEED },
    );
    expect(compared).toBeGreaterThan(10_000);
  }, 300_000);

  test("from any instant, not only from slots", () => {
    fc.assert(
      fc.property(
        expression,
        someWindow,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, { zone: name, from, to }, part) => {
          const cron = parsed(given);
          if (cron === undefined) return;
          const zone = zoneNamed(name);
          const at = from + part * (to - from);
          const expected = slotsByWalking(given, name, from, to);
          const next = nextCron(cron, zone, at);
          const previous = previousCron(cron, zone, at);
          expect(next !== undefined && next < to ? next : undefined).toEqual(expected.find((slot) => slot > at));
          expect(previous !== undefined && previous >= from ? previous : undefined).toEqual(
            expected.findLast((slot) => slot < at),
          );
        },
      ),
      { numRuns: 3_000, seed: SEED },
    );
  }, 300_000);

  test("the oracle itself knows what clocks do: a gap, a repeated hour, a day that never was", () => {
    expect(iso(localAt("Europe/Berlin", Date.UTC(2026, 2, 29, 1)))).toBe("2026-03-29T03:00:00.000Z");
    expect(changesOf("Asia/Kolkata", 2026)).toEqual([]);
    expect(changesOf("Australia/Lord_Howe", 2026)).toHaveLength(2);
    const daily = { minute: hours("30"), hour: hours("2"), days: "and" as const };
    const any = (size: number, min: number) => ({
      text: "*",
      values: new Set(Array.from({ length: size }, (_, n) => n + min)),
    });
    const each = { ...daily, dayOfMonth: any(31, 1), month: any(12, 1), dayOfWeek: any(7, 0) };
    const day = (month: number, date: number) => Date.UTC(2026, month, date);
    expect(slotsByWalking(each, "Europe/Berlin", day(2, 29), day(2, 30)).map(iso)).toEqual([
      "2026-03-29T01:00:00.000Z",
    ]);
    expect(slotsByWalking(each, "Europe/Berlin", day(9, 25), day(9, 26)).map(iso)).toEqual([
      "2026-10-25T00:30:00.000Z",
    ]);
  });

  test("one step is quick, however rare the date", () => {
    const rare = parseCron("0 * 29 2 1");
    for (const name of ODD_ZONES) {
      const zone = zoneNamed(name);
      nextCron(rare, zone, Date.UTC(2026, 0, 1));
      // The quickest of ten: this process may have stood still by itself.
      const took = Array.from({ length: 10 }, (_, n) => {
        const began = performance.now();
        nextCron(rare, zone, Date.UTC(2026, 0, 1) + n * HOUR_MS);
        return performance.now() - began;
      });
      expect(Math.min(...took)).toBeLessThan(20);
    }
  });
});

function iso(at: number): string {
  return new Date(at).toISOString();
}
