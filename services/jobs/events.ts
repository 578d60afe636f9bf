// What the jobs service tells: of work as it is defined, and of its occurrences. Where a run makes or closes many, it tells
// once, with counts and the first ids.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";
import { JOBNEED_STATUSES } from "./jobneed-state.ts";

const place = { clientId: z.int(), siteId: z.int() };
const row = { id: z.int(), uuid: z.string(), ...place };
const ids = z.array(z.int()).readonly();
const status = z.enum(JOBNEED_STATUSES);
const ofJob = { jobId: z.int().nullable() };

export const jobEvents = {
  created: defineEvent({
    event: "job.created",
    meaning: "Recurring work was defined.",
    payload: z.strictObject(row),
  }),
  changed: defineEvent({
    event: "job.changed",
    meaning: "The definition of recurring work was changed; untouched work of the future is made anew.",
    payload: z.strictObject({ ...row, version: z.int() }),
  }),
  failed: defineEvent({
    event: "job.failed",
    meaning: "Occurrences of a job could not be made; the others were.",
    payload: z.strictObject({ jobId: z.int(), uuid: z.string(), ...place, code: z.string(), message: z.string() }),
  }),
};

export const jobneedEvents = {
  /** One for each job that got work, not one for each occurrence. */
  generated: defineEvent({
    event: "jobneed.created",
    meaning: "A job got occurrences; `ids` are those of the first.",
    payload: z.strictObject({
      ...{ jobId: z.int(), uuid: z.string(), ...place },
      ...{ occurrences: z.int(), checkpoints: z.int(), details: z.int(), reminders: z.int() },
      ...{ missed: z.int(), withdrawn: z.int(), unrouted: z.int(), ids },
    }),
  }),
  cameUp: defineEvent({
    event: "jobneed.created",
    meaning: "Work came up that nobody had scheduled.",
    payload: z.strictObject({ ...row, adhoc: z.literal(true) }),
  }),
  started: defineEvent({
    event: "jobneed.started",
    meaning: "Work on an occurrence has begun.",
    payload: z.strictObject({ ...row, ...ofJob, status, hasAlerts: z.boolean() }),
  }),
  completed: defineEvent({
    event: "jobneed.completed",
    meaning: "An occurrence was done, or done in part; `hasAlerts` says that readings were out of range.",
    payload: z.strictObject({ ...row, ...ofJob, status, hasAlerts: z.boolean() }),
  }),
  progressed: defineEvent({
    event: "jobneed.progressed",
    meaning: "A checkpoint has changed the state of its tour.",
    payload: z.strictObject({ id: z.int(), ...place, ...ofJob, status }),
  }),
  moved: defineEvent({
    event: "jobneed.moved",
    meaning: "Work that is under way was brought to another state.",
    payload: z.strictObject({ ...row, ...ofJob, status }),
  }),
  autoclosed: defineEvent({
    event: "jobneed.autoclosed",
    meaning: "Work of a site that nobody did in time was closed; `ids` are those of the first.",
    payload: z.strictObject({ ...place, count: z.int(), ids }),
  }),
};
