// Solar events at a place, by Celery's names (celery.schedules.solar). Where the sun keeps away from an event (polar day
// and night) there is no slot that day.
import { getTimes, type SunTimeName } from "suncalc";

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
/** A polar night is shorter than this; a place where the event never happens is told by it too. */
const LONGEST_WAIT_DAYS = 400;

/** Celery's names, and what the library calls them. */
const EVENTS = {
  dawn_astronomical: "nightEnd",
  dawn_nautical: "nauticalDawn",
  dawn_civil: "dawn",
  sunrise: "sunrise",
  solar_noon: "solarNoon",
  sunset: "sunset",
  dusk_civil: "dusk",
  dusk_nautical: "nauticalDusk",
  dusk_astronomical: "night",
} as const satisfies Record<string, SunTimeName | "solarNoon">;

export type SolarEvent = keyof typeof EVENTS;
export const SOLAR_EVENTS = Object.keys(EVENTS) as readonly SolarEvent[];

export interface SolarTiming {
  readonly event: SolarEvent;
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees, east positive. */
  readonly longitude: number;
}

/** The first such event after an instant, to the second. */
export function nextSolar(timing: SolarTiming, after: number): number | undefined {
  const today = Math.floor(after / DAY_MS);
  for (let day = today - 1; day <= today + LONGEST_WAIT_DAYS; day += 1) {
    const instant = eventOn(timing, day);
    if (instant !== undefined && instant > after) return instant;
  }
  return undefined;
}

/** The last such event before an instant, to the second. */
export function previousSolar(timing: SolarTiming, before: number): number | undefined {
  const today = Math.floor(before / DAY_MS);
  for (let day = today + 1; day >= today - LONGEST_WAIT_DAYS; day -= 1) {
    const instant = eventOn(timing, day);
    if (instant !== undefined && instant < before) return instant;
  }
  return undefined;
}

function eventOn({ event, latitude, longitude }: SolarTiming, day: number): number | undefined {
  const time = getTimes(new Date(day * DAY_MS + DAY_MS / 2), latitude, longitude)[EVENTS[event]]?.getTime();
  return time === undefined || Number.isNaN(time) ? undefined : Math.round(time / SECOND_MS) * SECOND_MS;
}
