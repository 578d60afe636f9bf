// What may be said about a schedule, field by field and together. Whatever is wrong is named with its field.
import { z } from "zod";
import { durationMs, isDuration } from "../contract/duration.ts";
import type { ErrorCode } from "../contract/error-catalogue.ts";
import { ApiumError } from "../contract/errors.ts";
import { instantSchema } from "../contract/instant.ts";
import { queueNamed } from "../contract/queues.ts";
import { parseCron } from "./cron.ts";
import { SOLAR_EVENTS } from "./solar.ts";
import { zoneNamed } from "./zone.ts";

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
  every: duration
    .refine((value) => !isDuration(value) || durationMs(value) >= SHORTEST_INTERVAL_MS, "must be one second or more")
    .optional(),
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
export const scheduleSchema = z.strictObject({ name, ...timing, ...settings }).superRefine(checkTogether);

export type ScheduleInput = z.input<typeof scheduleSchema>;
export type ScheduleGiven = z.output<typeof scheduleSchema>;

export const previewSchema = z
  .strictObject({
    ...timing,
    timezone: settings.timezone,
    startAt: settings.startAt,
    endAt: settings.endAt,
    from: instantSchema.optional(),
    n: z.coerce.number().int().min(1).max(1_000).default(5),
  })
  .superRefine(checkTogether);

/** The fields that say when; exactly one is given. */
export const KINDS = ["cron", "every", "at", "solar"] as const;
export type TimingGiven = Pick<ScheduleGiven, (typeof KINDS)[number] | "days">;

/** `expression` is the preview's word for `cron`; a schedule takes it too. */
export function withCronName(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("expression" in input) || "cron" in input) return input;
  const { expression, ...rest } = input;
  return { ...rest, cron: expression };
}

function checkTogether(
  given: TimingGiven & Partial<Pick<ScheduleGiven, "startAt" | "endAt" | "queue">> & { timezone: string },
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
