// What the scheduler tells. Both are kept for good besides: `apium schedules history`.
import { z } from "zod";
import { defineEvent, MISS_REASONS } from "../../runtime/index.ts";

export const scheduleEvents = {
  fired: defineEvent({
    event: "schedule.fired",
    meaning: "The task of a slot was accepted.",
    reach: "one",
    payload: z.strictObject({
      ...{ schedule: z.string(), task: z.string(), slot: z.iso.datetime(), taskId: z.string() },
      ...{ latenessMs: z.number(), isLate: z.boolean() },
    }),
  }),
  missed: defineEvent({
    event: "schedule.missed",
    meaning: "Slots did not run, or (`ran`) too late to count as in time.",
    reach: "one",
    payload: z.strictObject({
      ...{ schedule: z.string(), task: z.string(), from: z.iso.datetime(), to: z.iso.datetime() },
      ...{ slots: z.int(), isAtLeast: z.boolean(), reason: z.enum(MISS_REASONS) },
      ...{ detail: z.string().optional(), ran: z.boolean() },
    }),
  }),
};
