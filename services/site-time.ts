// Instants as the clocks of a site show them. Facts are kept in UTC; people at a site think in its zone.

/** "05 Jan 2026, 11:50 (Asia/Kolkata)". */
export function localTime(instant: string | Date, timezone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: timezone, dateStyle: "medium", timeStyle: "short" })
    .format(new Date(instant))
    .concat(` (${timezone})`);
}

/** "05-Jan-2026 11:50", as subjects have it. */
export function localStamp(instant: string | Date, timezone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    day: "2-digit",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(instant));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("day")}-${part("month").slice(0, 3)}-${part("year")} ${part("hour")}:${part("minute")}`;
}
