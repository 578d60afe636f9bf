// What the definition of a job looks like when it comes from outside, and which of its columns the occurrences are made
// from.
import { z } from "zod";
import { code, ctzoffset, freeText, id, instant, json, minutes, PRIORITIES, text } from "../fields.ts";

export const JOB_IDENTIFIERS = [
  ...["TASK", "TICKET", "INTERNALTOUR", "EXTERNALTOUR", "PPM", "OTHER", "SITEREPORT", "INCIDENTREPORT"],
  ...["ASSETLOG", "ASSETMAINTENANCE", "GEOFENCE"],
] as const;
const TOURS = new Set(["INTERNALTOUR", "EXTERNALTOUR"]);

export function isTour(identifier: string): boolean {
  return TOURS.has(identifier);
}

export interface JobColumn {
  readonly column: string;
  /** A change of it makes the occurrences of the future anew. */
  readonly isGeneratedFrom: boolean;
}

const generated = (column: string): JobColumn => ({ column, isGeneratedFrom: true });
const plainColumn = (column: string): JobColumn => ({ column, isGeneratedFrom: false });

/** Fields of a job that are kept as they are given. */
export const JOB_COLUMNS = {
  name: generated("name"),
  description: plainColumn("description"),
  identifier: generated("identifier"),
  cron: generated("cron"),
  validFrom: generated("valid_from"),
  validTo: generated("valid_to"),
  planDuration: generated("plan_duration"),
  graceTime: generated("grace_time"),
  expiryTime: generated("expiry_time"),
  priority: generated("priority"),
  scanType: generated("scan_type"),
  frequency: plainColumn("frequency"),
  assetId: generated("asset_id"),
  questionSetId: generated("question_set_id"),
  personId: generated("person_id"),
  peopleGroupId: generated("people_group_id"),
  siteGroupId: generated("site_group_id"),
  shiftId: plainColumn("shift_id"),
  notifyCategoryId: generated("notify_category_id"),
  isDynamic: generated("is_dynamic"),
  isRandomized: generated("is_randomized"),
  tourFrequency: generated("tour_frequency"),
  breakTime: generated("break_time"),
  isTimeBound: plainColumn("is_time_bound"),
  details: plainColumn("details"),
  enabled: plainColumn("enabled"),
} as const satisfies Record<string, JobColumn>;

export type JobField = keyof typeof JOB_COLUMNS;

const checkpoint = z.strictObject({
  /** Of a checkpoint that is there already: it is kept and changed. */
  id: id.optional(),
  name: text(200).optional(),
  seqno: z.number().int().min(0).max(30_000).optional(),
  siteId: id.optional(),
  assetId: id.nullish(),
  questionSetId: id.nullish(),
  personId: id.nullish(),
  /** Minutes to reach it. Default 0. */
  expiryTime: minutes.default(0),
});
export type CheckpointInput = z.output<typeof checkpoint>;

const fields = {
  name: text(200),
  description: freeText(500),
  cron: z.string().trim().max(200).nullable(),
  validFrom: instant,
  validTo: instant,
  planDuration: minutes,
  graceTime: minutes,
  expiryTime: minutes,
  priority: z.enum(PRIORITIES),
  scanType: z.enum(["NONE", "QR", "NFC", "SKIP", "ENTERED"]),
  frequency: z.enum([
    "NONE",
    "DAILY",
    "WEEKLY",
    "MONTHLY",
    "BIMONTHLY",
    "QUARTERLY",
    "HALFYEARLY",
    "YEARLY",
    "FORTNIGHTLY",
  ]),
  assetId: id.nullable(),
  questionSetId: id.nullable(),
  personId: id.nullable(),
  peopleGroupId: id.nullable(),
  siteGroupId: id.nullable(),
  shiftId: id.nullable(),
  /** A code such as AUTOCLOSENOTIFY, or the id of the value. */
  notifyCategory: z.union([id, code]).nullable(),
  isDynamic: z.boolean(),
  isRandomized: z.boolean(),
  tourFrequency: z.number().int().min(1).max(20),
  breakTime: minutes,
  isTimeBound: z.boolean(),
  details: json,
  enabled: z.boolean(),
  checkpoints: z.array(checkpoint).max(500),
  ctzoffset,
};

export const newJob = z
  .strictObject({
    ...z.object(fields).partial().shape,
    siteId: id,
    name: fields.name,
    identifier: z.enum(JOB_IDENTIFIERS).default("TASK"),
    validTo: instant,
  })
  .transform(({ ctzoffset: _, ...job }) => job);
export type NewJob = z.output<typeof newJob>;

/** The site and the kind of a job stay; null takes a field away. `checkpoints` are all there are from now on. */
export const jobChange = z
  .strictObject({ ...z.object(fields).partial().shape, id })
  .transform(({ ctzoffset: _, ...change }) => change);
export type JobChange = z.output<typeof jobChange>;
