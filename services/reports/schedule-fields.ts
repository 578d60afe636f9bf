// What a report's schedule looks like when it comes from outside.
import { z } from "zod";
import { codeOf, messageOf, nextCron, parseCron, zoneNamed } from "../../runtime/index.ts";
import { ctzoffset, id, instant, json, refused, text, zone } from "../fields.ts";
import { FORMATS } from "./document.ts";

const email = z.email("must be an e-mail address").max(254);
const addresses = z.array(email).max(50);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "must be a time of day such as 09:30");

const fields = {
  siteId: id.nullable(),
  name: text(200),
  report: text(60),
  format: z.enum(FORMATS),
  /** What the report needs besides its period. */
  params: json,
  /** "0 0 * * *": a day, from midnight to midnight. */
  cron: z.string().trim().max(200),
  workingDays: z.union([z.literal(5), z.literal(6)]).nullable(),
  sendAt: timeOfDay,
  timezone: zone,
  to: addresses,
  cc: addresses,
  toPersonIds: z.array(id).max(50),
  tellsEmpty: z.boolean(),
  validFrom: instant,
  validTo: instant.nullable(),
  enabled: z.boolean(),
};

export const newSchedule = z
  .strictObject({
    ...z.object(fields).partial().shape,
    clientId: id.optional(),
    name: fields.name,
    report: fields.report,
    cron: fields.cron,
    ctzoffset: ctzoffset.optional(),
  })
  .transform(({ ctzoffset: _, ...schedule }) => schedule);
export type NewSchedule = z.output<typeof newSchedule>;

export const scheduleChange = z
  .strictObject({ ...z.object(fields).partial().shape, id, ctzoffset: ctzoffset.optional() })
  .transform(({ ctzoffset: _, ...change }) => change);
export type ScheduleChange = z.output<typeof scheduleChange>;

/** @throws ApiumError `PARAMS_INVALID` naming `cron`. */
export function checkCron(expression: string, timezone: string, now: number): void {
  try {
    const cron = parseCron(expression, { days: "or" });
    const first = nextCron(cron, zoneNamed(timezone), now);
    if (first === undefined) throw refused("cron", `"${expression}" never happens`);
    const second = nextCron(cron, zoneNamed(timezone), first);
    if (second !== undefined && second - first < 3_600_000)
      throw refused("cron", "more often than hourly is not allowed");
  } catch (error) {
    if (codeOf(error) === "CRON_INVALID") throw refused("cron", messageOf(error));
    throw error;
  }
}
