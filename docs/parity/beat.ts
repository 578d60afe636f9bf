// beat and django-celery-beat: the admin's list and its actions, and the four kinds of timing.
import { change, type ParityRow, type ParitySection } from "./row.ts";

const timing = (there: string, params: object, words: string): ParityRow => ({
  there,
  action: "scheduler.preview",
  params: { ...params, from: "2026-06-01T00:00:00Z", n: 3 },
  rest: "POST /schedules/preview",
  cli: `schedules preview ${words} --from 2026-06-01T00:00:00Z -n 3`,
});

export const BEAT: ParitySection = {
  title: "Schedules",
  source: "celery beat 5.6 and the admin of django-celery-beat 2.9",
  rows: [
    { there: "PeriodicTask list", action: "scheduler.list", rest: "GET /schedules", cli: "schedules" },
    {
      there: "PeriodicTask",
      action: "scheduler.get",
      params: { name: "<schedule>" },
      rest: "GET /schedules/:name",
      cli: "schedules show <schedule>",
    },
    {
      there: "PeriodicTask.objects.create",
      action: "scheduler.create",
      params: { name: "<schedule name>", task: "parity.nothing", cron: "30 2 * * *", timezone: "Asia/Kolkata" },
      rest: "POST /schedules",
      cli: `schedules add <schedule name> --task parity.nothing --cron '30 2 * * *' --timezone Asia/Kolkata`,
      changes: change("schedule.create"),
    },
    {
      there: "PeriodicTask.save",
      action: "scheduler.change",
      params: { name: "<fresh schedule>", expires: "2h" },
      rest: "PATCH /schedules/:name",
      cli: "schedules edit <fresh schedule> --expires 2h",
      changes: change("schedule.change"),
      note: "No PeriodicTasks.update_changed(): every process looks at the row.",
    },
    {
      there: "enable selected",
      action: "scheduler.change",
      params: { name: "<fresh schedule>", enabled: true },
      rest: "PATCH /schedules/:name",
      cli: "schedules enable <fresh schedule>",
      changes: change("schedule.change"),
    },
    {
      there: "disable selected",
      action: "scheduler.change",
      params: { name: "<fresh schedule>", enabled: false },
      rest: "PATCH /schedules/:name",
      cli: "schedules disable <fresh schedule>",
      changes: change("schedule.change"),
    },
    {
      there: "toggle selected",
      notApplicable: "enable and disable say which is meant; two who toggle at once undo each other",
    },
    {
      there: "run selected tasks",
      action: "scheduler.run",
      params: { name: "<fresh schedule>" },
      rest: "POST /schedules/:name/run",
      cli: "schedules run <fresh schedule>",
      changes: change("schedule.run"),
    },
    {
      there: "delete selected",
      action: "scheduler.remove",
      params: { name: "<fresh schedule>" },
      rest: "DELETE /schedules/:name",
      cli: "schedules remove <fresh schedule>",
      changes: change("schedule.remove"),
    },
    timing(
      "CrontabSchedule",
      { expression: "30 2 * * mon-fri", timezone: "Europe/Berlin" },
      `'30 2 * * mon-fri' --timezone Europe/Berlin`,
    ),
    timing("IntervalSchedule", { every: "27m" }, "--every 27m"),
    timing(
      "SolarSchedule",
      { solar: { event: "sunset", latitude: 52.52, longitude: 13.41 } },
      "--solar sunset@52.52,13.41",
    ),
    timing("ClockedSchedule", { at: "2026-07-01T09:00:00Z" }, "--at 2026-07-01T09:00:00Z"),
    {
      there: "(nothing) the next slots of a schedule",
      action: "scheduler.next",
      params: { name: "<schedule>", n: "3" },
      rest: "GET /schedules/:name/next",
      cli: "schedules next <schedule> -n 3",
    },
    {
      there: "last_run_at, total_run_count",
      action: "scheduler.history",
      params: { name: "<schedule>", limit: "5" },
      rest: "GET /schedules/:name/history",
      cli: "schedules history <schedule> --limit 5",
      note: "Every slot: what it became, and what was missed and why.",
    },
    {
      there: "(nothing) run missed slots",
      action: "scheduler.backfill",
      params: { name: "<fresh schedule>", from: "2026-06-01T00:00:00Z", to: "2026-06-01T03:00:00Z" },
      rest: "POST /schedules/:name/backfill",
      cli: "schedules backfill <fresh schedule> --from 2026-06-01T00:00:00Z --to 2026-06-01T03:00:00Z",
      changes: change("schedule.backfill", { dryRun: true }),
    },
    {
      there: "beat leader, PidBox lock, RedBeat",
      notApplicable: "nobody leads; `apium doctor` says OVERDUE when nobody fires",
    },
  ],
};
