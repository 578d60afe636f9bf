// Times of other zones than the reader's.

export const READERS_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Every zone the browser knows, UTC first. */
export const ZONES: readonly string[] = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

/** `Mon 30 Nov, 06:30`, with the year where it is not this one; as it stands where the zone or the instant is none. */
export function inZone(instant: string | number, zone: string, { seconds = false } = {}): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return String(instant);
  const isThisYear = at.getFullYear() === new Date().getFullYear();
  return parts(at, zone, {
    ...{ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    ...(isThisYear ? {} : { year: "numeric" }),
    ...(seconds ? { second: "2-digit" } : {}),
  });
}

/** `GMT+5:30`: what the zone is ahead at that instant. */
export function offsetOf(instant: string | number, zone: string): string {
  try {
    const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "shortOffset" });
    return format.formatToParts(new Date(instant)).find(({ type }) => type === "timeZoneName")?.value ?? "";
  } catch {
    return "";
  }
}

/** The day (`2026-11-28`) at that instant in a zone. */
export function dayOf(instant: number, zone: string): string {
  return new Date(instant + aheadOf(instant, zone)).toISOString().slice(0, 10);
}

/** When a day of a zone begins. */
export function beginOf(day: string, zone: string): string {
  const inUtc = Date.parse(day);
  // What the zone is ahead is asked where the day begins, which is only near at first.
  const near = inUtc - aheadOf(inUtc, zone);
  return new Date(inUtc - aheadOf(near, zone)).toISOString();
}

function aheadOf(instant: number, zone: string): number {
  const [, sign, hours = "0", minutes = "0"] = /([+-])(\d+)(?::(\d+))?/.exec(offsetOf(instant, zone)) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function parts(at: Date, zone: string, options: Intl.DateTimeFormatOptions): string {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }).format(at);
  } catch {
    return at.toISOString();
  }
}

/** A text with its instants (`2026-11-28T08:30:00.000Z`) as times of the reader's. */
export function withReadersTimes(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (instant) => inZone(instant, READERS_ZONE));
}
