// Lengths of runs in a few counters: the bound of each is twice that of the one before, from a millisecond to seventy
// minutes. A percentile read from them is at most a factor of two off, mostly much less; the longest run is known exactly.
//
// In the database all counters are one number, twelve decimal digits for each: adding two such numbers adds the counters,
// in one column and one sum instead of two dozen of them.

/** The last takes everything longer too. */
export const COUNTERS = 23;

const DIGITS = 12;

/** The counter of a run: the first whose bound, 2^n ms, is not below it. */
export function counterOf(ms: number): number {
  return ms <= 1 ? 0 : Math.min(32 - Math.clz32(Math.ceil(ms) - 1), COUNTERS - 1);
}

/** The number that stands for them, as text. */
export function packed(counters: readonly number[]): string {
  return counters.map((count) => String(count).padStart(DIGITS, "0")).reduceRight((text, digits) => text + digits, "");
}

/** The counters a number stands for. */
export function unpacked(number: string): number[] {
  const digits = number.padStart(COUNTERS * DIGITS, "0");
  return Array.from({ length: COUNTERS }, (_, index) => {
    const end = digits.length - index * DIGITS;
    return Number(digits.slice(end - DIGITS, end));
  });
}

/** The length, in milliseconds, that a share of the runs did not exceed; null without runs. `longestMs` is exact. */
export function quantile(counters: readonly number[], share: number, longestMs: number): number | null {
  const runs = total(counters);
  if (runs === 0) return null;
  const rank = share * runs;
  let below = 0;
  for (const [index, count] of counters.entries()) {
    if (count > 0 && below + count >= rank) {
      const from = index === 0 ? 0 : 2 ** (index - 1);
      const to = index === COUNTERS - 1 ? longestMs : Math.min(2 ** index, longestMs);
      return from + (to - from) * ((rank - below) / count);
    }
    below += count;
  }
  return longestMs;
}

export function total(counters: readonly number[]): number {
  return counters.reduce((sum, count) => sum + count, 0);
}
