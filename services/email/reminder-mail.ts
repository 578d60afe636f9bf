// The mail about planned maintenance that is ahead.
import { localTime } from "../site-time.ts";
import { ACCENTS, layOut, type Mail } from "./mail-layout.ts";

export interface ReminderFacts {
  readonly reminder: { readonly planAt: string };
  readonly job: { readonly name: string; readonly description: string; readonly createdBy: string };
  readonly work: { readonly assignedTo: string | null };
  readonly asset: string | null;
  readonly site: { readonly name: string; readonly timezone: string };
}

export function reminderMail({ reminder, job, work, asset, site }: ReminderFacts): Mail {
  const scheduled = localTime(reminder.planAt, site.timezone);
  return layOut({
    subject: `Reminder For ${job.name}`,
    siteName: site.name,
    accent: ACCENTS.calm,
    kicker: "Maintenance is due soon",
    title: job.name,
    badges: [],
    lead: `This work is planned for ${scheduled}.`,
    sections: [
      {
        facts: [
          ["Scheduled date", scheduled],
          ["Site", site.name],
          ...(asset === null ? [] : [["Asset", asset] as const]),
          ["Description", job.description === "" ? job.name : job.description],
          ["Assigned to", work.assignedTo ?? "Unassigned"],
          ["Created by", job.createdBy],
        ],
      },
    ],
    reason:
      "You get this mail because the work is assigned to you or your group, or the job's reminders name you. " +
      "Times are the site's.",
  });
}
