// What a schedule is, as its author writes it in code or sends it to the API, and what becomes of it once it is checked.
import { createHash } from "node:crypto";
import { durationMs, durationText } from "../contract/duration.ts";
import { ApiumError } from "../contract/errors.ts";
import { canonicalJson } from "../contract/json.ts";
import { parseParams } from "../contract/parse-params.ts";
import { queueNamed } from "../contract/queues.ts";
import type { MisfirePolicy } from "./misfire.ts";
import {
  KINDS,
  previewSchema,
  type ScheduleGiven,
  type ScheduleInput,
  scheduleSchema,
  type TimingGiven,
  withCronName,
} from "./schedule-schema.ts";
import type { Timing } from "./timing.ts";

/** What happens to a slot while the schedule's last run is still unfinished: run anyway, leave it out, or run afterwards. */
export type OverlapPolicy = "allow" | "skip" | "queue";

/** A schedule with everything settled: durations in milliseconds, instants in milliseconds since the epoch. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly task: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly timing: Timing;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly startAt: number | null;
  readonly endAt: number | null;
  readonly oneOff: boolean;
  readonly queue: string | null;
  readonly priority: number | null;
  readonly expiresMs: number | null;
  readonly jitterMs: number;
  readonly misfire: MisfirePolicy;
  readonly misfireGraceMs: number;
  readonly misfireCap: number;
  readonly overlap: OverlapPolicy;
  readonly description: string;
}

/** Checks a schedule from outside. @throws ApiumError `PARAMS_INVALID` with the fields named. */
export function parseSchedule(input: unknown): ScheduleDefinition {
  return definitionOf(parseParams(scheduleSchema, withCronName(input)));
}

/**
 * A schedule in code, checked where it is written.
 * @throws ApiumError `DEFINITION_INVALID` naming what is wrong.
 */
export function defineSchedule(input: ScheduleInput): ScheduleDefinition {
  try {
    return parseSchedule(input);
  } catch (error) {
    if (!(error instanceof ApiumError)) throw error;
    const why = (error.fields ?? []).map(({ field, message }) => `${field}: ${message}`).join("; ");
    throw new ApiumError("DEFINITION_INVALID", `schedule "${input.name}": ${why || error.message}`, { cause: error });
  }
}

/**
 * A schedule, in the form it was sent in, with some fields given anew; null takes an optional one away, and a new kind
 * of timing replaces the old.
 * @throws ApiumError `PARAMS_INVALID` with the fields named.
 */
export function changeSchedule(current: object, change: Readonly<Record<string, unknown>>): ScheduleDefinition {
  const given = withCronName(change) as Readonly<Record<string, unknown>>;
  const isOtherTiming = KINDS.some((kind) => given[kind] !== undefined && given[kind] !== null);
  const replaced: readonly string[] = isOtherTiming ? (given.cron === undefined ? [...KINDS, "days"] : KINDS) : [];
  const base = Object.entries(current).filter(([field]) => !replaced.includes(field));
  return parseSchedule({ ...Object.fromEntries(base), ...given });
}

/** The form in which it could be sent again. */
export function scheduleInput(definition: ScheduleDefinition): ScheduleInput {
  const { timing: own, startAt, endAt, expiresMs, jitterMs, misfireGraceMs, params, ...rest } = definition;
  return {
    ...rest,
    params: params as ScheduleInput["params"],
    ...timingInput(own),
    startAt: startAt === null ? null : new Date(startAt).toISOString(),
    endAt: endAt === null ? null : new Date(endAt).toISOString(),
    expires: expiresMs === null ? null : durationText(expiresMs),
    jitter: durationText(jitterMs),
    misfireGrace: durationText(misfireGraceMs),
  };
}

/** Tells a changed definition from an unchanged one. */
export function digestOf(definition: ScheduleDefinition): string {
  return createHash("sha256")
    .update(canonicalJson(scheduleInput(definition)))
    .digest("hex");
}

export interface PreviewRequest extends Pick<ScheduleDefinition, "timing" | "timezone" | "startAt" | "endAt"> {
  readonly from: number | undefined;
  readonly n: number;
}

/** Checks a question for a timing's next slots. @throws ApiumError `PARAMS_INVALID` with the fields named. */
export function parsePreview(input: unknown): PreviewRequest {
  const given = parseParams(previewSchema, withCronName(input));
  const { timezone, startAt, endAt, from, n } = given;
  return {
    ...{ timing: timingOf(given), timezone, n, from: from?.getTime() },
    ...{ startAt: startAt?.getTime() ?? null, endAt: endAt?.getTime() ?? null },
  };
}

function definitionOf(given: ScheduleGiven): ScheduleDefinition {
  const { cron, days, every, at, solar: sun, startAt, endAt, queue, expires, jitter, misfireGrace, ...rest } = given;
  return {
    ...rest,
    timing: timingOf({ cron, days, every, at, solar: sun }),
    startAt: startAt?.getTime() ?? null,
    endAt: endAt?.getTime() ?? null,
    queue: queue ? queueNamed(queue) : null,
    priority: given.priority ?? null,
    expiresMs: expires === null || expires === undefined ? null : durationMs(expires),
    jitterMs: durationMs(jitter),
    misfireGraceMs: durationMs(misfireGrace),
  };
}

function timingOf({ cron, days, every, at, solar: sun }: TimingGiven): Timing {
  if (cron !== undefined) return { kind: "cron", expression: cron.trim(), days: days ?? "and" };
  if (every !== undefined) return { kind: "interval", everyMs: durationMs(every) };
  if (at !== undefined) return { kind: "clocked", at: at.getTime() };
  if (sun !== undefined) return { kind: "solar", ...sun };
  throw new ApiumError("INTERNAL", "a schedule without a timing passed its check");
}

function timingInput(own: Timing): Pick<ScheduleInput, (typeof KINDS)[number] | "days"> {
  switch (own.kind) {
    case "cron":
      return { cron: own.expression, days: own.days };
    case "interval":
      return { every: durationText(own.everyMs) };
    case "clocked":
      return { at: new Date(own.at).toISOString() };
    case "solar":
      return { solar: { event: own.event, latitude: own.latitude, longitude: own.longitude } };
  }
}
