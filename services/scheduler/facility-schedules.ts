// The facility's schedules, with the original's names and times (its celery.py), and one of ours. All are sweeps: one run
// at a time is enough, one run makes up for many missed, and a run that is late beyond its use is dropped.
import { defineSchedule, type ScheduleInput } from "../../runtime/index.ts";

const sweep = (input: ScheduleInput) => defineSchedule({ misfire: "one", overlap: "skip", ...input });

export const FACILITY_SCHEDULES = [
  sweep({
    name: "ppm_schedule_at_minute_3_past_hour_3_and_16",
    task: "create_ppm_job",
    cron: "3 3,16 * * *",
    expires: "2h",
    description: "Occurrences of planned maintenance",
  }),
  sweep({
    name: "create_job_at_minute_27_past_every_8th_hour",
    task: "create_job",
    cron: "27 */8 * * *",
    expires: "7h",
    description: "Occurrences of jobs and tours",
  }),
  sweep({
    name: "auto_close_at_every_30_minute",
    task: "auto_close_jobs",
    cron: "*/30 * * * *",
    expires: "25m",
    description: "Closes what was not done in time",
  }),
  sweep({
    name: "ticket_escalation_every_30min",
    task: "ticket_escalation",
    cron: "*/30 * * * *",
    expires: "25m",
    description: "Raises tickets that wait too long",
  }),
  sweep({
    name: "reminder_emails_at_minute_10_past_every_8th_hour",
    task: "send_reminder_email",
    cron: "10 */8 * * *",
    expires: "7h",
    description: "Reminders that their own instant has missed",
  }),
  sweep({
    name: "work_order_reminders_every_hour",
    task: "send_work_order_reminders",
    cron: "20 * * * *",
    expires: "50m",
    description: "Orders that are late, permits that nobody decides",
  }),
  sweep({
    name: "create-reports-scheduled",
    task: "create_scheduled_reports",
    cron: "*/15 * * * *",
    expires: "13m",
    description: "Reports whose period has ended",
  }),
  sweep({
    name: "send_report_genererated_on_mail",
    task: "send_generated_report_on_mail",
    cron: "*/27 * * * *",
    expires: "25m",
    description: "Deliveries that their own instant has missed",
  }),
  sweep({
    name: "move_media_to_cloud_storage",
    task: "move_media_to_cloud_storage",
    cron: "0 0 * * 1",
    expires: "24h",
    description: "Uploads media and frees the disk",
  }),
  sweep({
    name: "cleanup_old_records",
    task: "cleanup_old_records",
    cron: "0 2 * * *",
    expires: "20h",
    description: "Deletes what nobody needs any more",
  }),
  sweep({
    name: "cleanup_of_report_files",
    task: "cleanup_reports_which_are_12hrs_old",
    cron: "42 * * * *",
    expires: "50m",
    description: "Deletes report files whose retention has ended",
  }),
] as const;
