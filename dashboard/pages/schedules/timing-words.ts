// When a schedule fires, in words, and as it is written.
import { cronWords } from "../../../runtime/schedule/cron-words.ts";
import { inZone } from "../../core/zone.ts";

/** The part of a schedule that says when. */
export interface Timing {
  readonly cron?: string;
  readonly days?: "and" | "or";
  readonly every?: string;
  readonly at?: string;
  readonly solar?: { readonly event: string; readonly latitude: number; readonly longitude: number };
}

export const SOLAR_WORDS: Readonly<Record<string, string>> = {
  sunrise: "sunrise",
  solar_noon: "solar noon",
  sunset: "sunset",
  dawn_civil: "civil dawn",
  dawn_nautical: "nautical dawn",
  dawn_astronomical: "astronomical dawn",
  dusk_civil: "civil dusk",
  dusk_nautical: "nautical dusk",
  dusk_astronomical: "astronomical dusk",
};

/** `At 06:30, Monday through Friday`; "" where there is nothing to say. */
export function timingWords({ cron, days, every, at, solar }: Timing, timezone: string): string {
  if (cron !== undefined) return cronWords(cron, days);
  if (every !== undefined) return `Every ${durationWords(every)}`;
  if (at !== undefined) return at === "" ? "" : `Once, ${inZone(at, timezone)}`;
  if (solar !== undefined) return `Every day at ${SOLAR_WORDS[solar.event] ?? solar.event}`;
  return "";
}

/** `30 6 * * mon-fri`, `every 15m`, `12.97° N, 77.59° E`. */
export function timingText({ cron, every, at, solar }: Timing): string {
  if (cron !== undefined) return cron;
  if (every !== undefined) return `every ${every}`;
  if (at !== undefined) return at.replace(/\.000Z$/, "Z");
  return solar === undefined ? "" : placeText(solar.latitude, solar.longitude);
}

const UNITS: Readonly<Record<string, string>> = {
  ms: "millisecond",
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
};

/** `15m` as `15 minutes`, `1h` as `hour`. */
function durationWords(text: string): string {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const noun = UNITS[unit];
  if (count === undefined || noun === undefined) return text;
  return count === "1" ? noun : `${count} ${noun}s`;
}

function placeText(latitude: number, longitude: number): string {
  const part = (degrees: number, positive: string, negative: string) =>
    `${Math.abs(degrees)}° ${degrees < 0 ? negative : positive}`;
  return `${part(latitude, "N", "S")}, ${part(longitude, "E", "W")}`;
}
