// The clock of a document's own zone.
import type { DocumentHead } from "../document.ts";
import { clockOf, type ZoneClock } from "./zone-clock.ts";

/** @throws Error where the document names no zone. */
export function documentClock({ timezone }: DocumentHead): ZoneClock {
  const clock = clockOf(timezone);
  if (clock === undefined) throw new Error(`"${timezone}" is not a time zone`);
  return clock;
}
