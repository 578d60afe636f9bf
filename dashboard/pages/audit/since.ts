// From when on the audit is shown: a stretch that moves along, or an instant, as the address has it.

export const STRETCHES: readonly (readonly [value: string, text: string])[] = [
  ["", "Any time"],
  ["1h", "Last hour"],
  ["1d", "Last day"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };
const MINUTE_MS = 60_000;

/** As the API takes it, to the minute. */
export function instantOf(since: string, now: number): string | undefined {
  const [, count, unit = ""] = /^(\d{1,4})([hd])$/.exec(since) ?? [];
  if (count !== undefined) {
    return new Date(Math.floor(now / MINUTE_MS) * MINUTE_MS - Number(count) * (UNITS_MS[unit] ?? 0)).toISOString();
  }
  return Number.isNaN(Date.parse(since)) ? undefined : since;
}
