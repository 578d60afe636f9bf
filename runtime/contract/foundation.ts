// What every room of the runtime is handed: time, chance, ids, a log, a place for events. Nothing in the runtime
// reaches for these by itself.
import type { Clock } from "./clock.ts";
import { SystemClock } from "./clock.ts";
import type { Log } from "./log.ts";
import { silentLog } from "./log.ts";
import type { Random } from "./random.ts";
import { SystemRandom } from "./random.ts";
import type { EventSink } from "./task-event.ts";
import type { NewId } from "./task-id.ts";
import { idSource } from "./task-id.ts";

export interface Foundation {
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly log: Log;
  readonly events: EventSink;
}

/** The real thing, with whatever a caller replaces. */
export function foundation(parts: Partial<Foundation> = {}): Foundation {
  const clock = parts.clock ?? new SystemClock();
  const random = parts.random ?? new SystemRandom();
  return {
    clock,
    random,
    newId: parts.newId ?? idSource(clock, random),
    log: parts.log ?? silentLog,
    events: parts.events ?? { emit() {} },
  };
}
