/** Lengths of runs in counters: where a run is counted, how counters travel as one number, what a percentile makes of them. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { COUNTERS, counterOf, packed, quantile, unpacked } from "../../runtime/series/lengths.ts";

const counters = fc.array(fc.nat(999_999_999), { minLength: COUNTERS, maxLength: COUNTERS });

describe("lengths of runs", () => {
  test("are counted under the first bound that is not below them", () => {
    expect([0, 1, 2, 3, 4, 5, 8, 9, 1_000, 1_024, 1_025].map(counterOf)).toEqual([0, 0, 1, 2, 2, 3, 3, 4, 10, 10, 11]);
    expect([4_194_304, 4_194_305, 1e12].map(counterOf)).toEqual([22, 22, 22]);
  });

  test("come out of their number as they went in, and adding numbers adds counters", () => {
    fc.assert(
      fc.property(counters, counters, (a, b) => {
        expect(unpacked(packed(a))).toEqual(a);
        const sum = String(BigInt(packed(a)) + BigInt(packed(b)));
        expect(unpacked(sum)).toEqual(a.map((count, index) => count + (b[index] ?? 0)));
      }),
    );
  });

  test("have percentiles at most a factor of two off, and none without runs", () => {
    expect(quantile(new Array<number>(COUNTERS).fill(0), 0.95, 0)).toBeNull();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4_000_000 }), { minLength: 1, maxLength: 200 }), (lengths) => {
        const counted = new Array<number>(COUNTERS).fill(0);
        for (const ms of lengths) counted[counterOf(ms)] = (counted[counterOf(ms)] ?? 0) + 1;
        const sorted = lengths.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
        const told = quantile(counted, 0.95, sorted.at(-1) ?? 0) ?? 0;
        expect(told).toBeGreaterThanOrEqual(exact / 2 - 1e-6);
        expect(told).toBeLessThanOrEqual(exact * 2 + 1e-6);
      }),
    );
  });
});
