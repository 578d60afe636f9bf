// What a schedule is, as its author writes it in code or sends it to the API, and what becomes of it once it is checked.
import { createHash } from "node:crypto";
import { z } from "zod";
import { durationMs, durationText, isDuration } from "../contract/duration.ts";
import { ApiumError, type ErrorCode } from "../contract/errors.ts";
import { instantSchema } from "../contract/instant.ts";
import { canonicalJson } from "../contract/json.ts";
import { parseParams } from "../contract/parse-params.ts";
import { queueNamed } from "../contract/queues.ts";
import { parseCron } from "./cron.ts";
import type { MisfirePolicy } from "./misfire.ts";
import { SOLAR_EVENTS } from "./solar.ts";
import type { Timing } from "./timing.ts";
import { zoneNamed } from "./zone.ts";

/** What happens to a slot while the schedule's last run is still unfinished: run anyway, leave it out, or run afterwards. */
export type OverlapPolicy = "allow" | "skip" | "queue";

const SHORTEST_INTERVAL_MS = 1_000;

const duration = z.union([z.number(), z.string()]).refine(isDuration, "must be a duration such as 30s or milliseconds");
const solar = z.strictObject({
  event: z.enum(SOLAR_EVENTS),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
});
const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((value) => !value.includes("\0"), "must not contain NUL");

/** When it fires: exactly one of `cron`, `every`, `at`, `solar`. */
const timing = {
  /** Five fields, Celery's meaning; or @hourly, @daily, … */
  cron: text(200).optional(),
  /** Day of month and day of week: `and` (default, Celery) or `or` (classic cron). */
  days: z.enum(["and", "or"]).optional(),
  /** An interval from one second on, counted from `startAt`, or from 1970 in UTC where there is none. */
  every: duration.refine((value) => durationMs(value) >= SHORTEST_INTERVAL_MS, "must be one second or more").optional(),
  /** Once, at this instant. */
  at: instantSchema.optional(),
  /** Once a day, with the sun. */
  solar: solar.optional(),
};

const settings = {
  task: text(100).min(1),
  params: z.record(z.string(), z.json()).default({}),
  /** IANA name of the zone the wall clock of `cron` belongs to. */
  timezone: text(100).default("UTC"),
  enabled: z.boolean().default(true),
  /** Nothing fires before this instant. */
  startAt: instantSchema.nullish(),
  /** Nothing fires after this instant. */
  endAt: instantSchema.nullish(),
  /** Disables itself after its first run. */
  oneOff: z.boolean().default(false),
  queue: text(50).nullish(),
  priority: z.number().int().min(0).max(9).nullish(),
  /** A run that has not started this long after its slot does not run any more. */
  expires: duration.nullish(),
  /** Each run starts at a random instant within this long after its slot. */
  jitter: duration.default(0),
  /** What to run of slots that were not met in time. */
  misfire: z.enum(["skip", "one", "all"]).default("one"),
  /** How late a run may be and still count as in time. */
  misfireGrace: duration.default(60_000),
  /** The most missed slots that `all` runs, and that `overlap: queue` keeps. */
  misfireCap: z.number().int().min(1).max(1_000).default(100),
  overlap: z.enum(["allow", "skip", "queue"]).default("allow"),
  description: text(1_000).default(""),
};

const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/,
    "has letters, digits, _ . : - (at most 100) and begins with a letter or digit",
  );
const shape = { name, ...timing, ...settings };
const schema = z.strictObject(shape).superRefine(checkTogether);

export type ScheduleInput = z.input<typeof schema>;
type Given = z.output<typeof schema>;

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
  return definitionOf(parseParams(schema, withCronName(input)));
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

const preview = z
  .strictObject({
    ...timing,
    timezone: settings.timezone,
    from: instantSchema.optional(),
    n: z.coerce.number().int().min(1).max(1_000).default(5),
  })
  .superRefine(checkTogether);

export interface PreviewRequest {
  readonly timing: Timing;
  readonly timezone: string;
  readonly from: number | undefined;
  readonly n: number;
}

/** Checks a question for a timing's next slots. @throws ApiumError `PARAMS_INVALID` with the fields named. */
export function parsePreview(input: unknown): PreviewRequest {
  const given = parseParams(preview, withCronName(input));
  return { timing: timingOf(given), timezone: given.timezone, from: given.from?.getTime(), n: given.n };
}

const KINDS = ["cron", "every", "at", "solar"] as const;
type TimingGiven = Pick<Given, (typeof KINDS)[number] | "days">;

function definitionOf(given: Given): ScheduleDefinition {
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

function checkTogether(
  given: TimingGiven & Partial<Pick<Given, "startAt" | "endAt" | "queue">> & { timezone: string },
  ctx: z.RefinementCtx,
): void {
  const refuse = (field: string, message: string) => ctx.addIssue({ code: "custom", path: [field], message });
  const kinds = KINDS.filter((kind) => given[kind] !== undefined);
  if (kinds.length === 0) refuse("cron", 'one of cron, every, at or solar is needed; for example "30 6 * * mon-fri"');
  for (const extra of kinds.slice(1)) refuse(extra, `must not be given together with ${kinds[0]}`);
  if (given.days !== undefined && given.cron === undefined) refuse("days", "belongs to cron");
  checking(refuse, "cron", () => given.cron === undefined || parseCron(given.cron));
  checking(refuse, "timezone", () => zoneNamed(given.timezone));
  checking(refuse, "queue", () => !given.queue || queueNamed(given.queue));
  if (given.startAt && given.endAt && given.endAt <= given.startAt) refuse("endAt", "must be after startAt");
}

function checking(refuse: (field: string, message: string) => void, field: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ApiumError) || !EXPECTED.includes(error.code)) throw error;
    refuse(field, error.message);
  }
}
const EXPECTED: readonly ErrorCode[] = ["CRON_INVALID", "ZONE_UNKNOWN", "QUEUE_UNKNOWN"];

/** `expression` is the preview's word for `cron`; a schedule takes it too. */
function withCronName(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("expression" in input) || "cron" in input) return input;
  const { expression, ...rest } = input;
  return { ...rest, cron: expression };
}
