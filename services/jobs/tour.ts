// A tour's checkpoints in time: one after the other, there and back, with a break. Pure.

const MINUTE_MS = 60_000;

export interface Stop {
  /** Minutes from the stop before it; of a tour's first stop usually 0. */
  readonly travelTime: number;
  /** Kilometres from the stop before it. */
  readonly distanceKm?: number | undefined;
}

export interface TourRule {
  /** Minutes at each stop. */
  readonly planDuration: number;
  readonly graceTime: number;
  /** How many passes; every other one goes back. */
  readonly frequency: number;
  /** Minutes, once, where the first pass ends. */
  readonly breakTime: number;
}

export interface Leg<Of extends Stop> {
  readonly stop: Of;
  /** From 0. */
  readonly seqno: number;
  readonly planAt: number;
  readonly expiryAt: number;
  readonly distanceKm: number | undefined;
}

/**
 * When each checkpoint is due. A stop begins when the one before it ends, plus the way there; it ends after plan and grace.
 * The way back takes as long as the way there, leg by leg, and its first stop is the one the guard stands at.
 */
export function tourTimeline<Of extends Stop>(planAt: number, stops: readonly Of[], rule: TourRule): Leg<Of>[] {
  const passes = Array.from({ length: rule.frequency }, (_, pass) =>
    pass % 2 === 0 ? there(stops, pass) : back(stops),
  );
  const visits = passes.flat();
  const breakAt = rule.frequency > 1 && rule.breakTime > 0 ? visits.length / rule.frequency : undefined;
  let cursor = planAt;
  return visits.map(({ stop, travelTime, distanceKm }, seqno) => {
    const start = cursor + (travelTime + (seqno === breakAt ? rule.breakTime : 0)) * MINUTE_MS;
    cursor = start + (rule.planDuration + rule.graceTime) * MINUTE_MS;
    return { stop, seqno, planAt: start, expiryAt: cursor, distanceKm };
  });
}

interface Visit<Of extends Stop> {
  readonly stop: Of;
  readonly travelTime: number;
  readonly distanceKm: number | undefined;
}

function there<Of extends Stop>(stops: readonly Of[], pass: number): Visit<Of>[] {
  // A later pass begins where the one before it ended.
  return stops.map((stop, index) =>
    pass > 0 && index === 0
      ? { stop, travelTime: 0, distanceKm: undefined }
      : { stop, travelTime: stop.travelTime, distanceKm: stop.distanceKm },
  );
}

function back<Of extends Stop>(stops: readonly Of[]): Visit<Of>[] {
  return stops.toReversed().map((stop, index) => {
    const left = index === 0 ? undefined : stops[stops.length - index];
    return { stop, travelTime: left?.travelTime ?? 0, distanceKm: left?.distanceKm };
  });
}
