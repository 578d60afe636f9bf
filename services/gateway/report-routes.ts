// Reports over REST: the catalogue, reports on demand with their files, and schedules of reports.
import { ofClient } from "./rest-route.ts";

const PAGE = ["limit", "cursor"];
const SCHEDULE = [
  ...["siteId", "name", "report", "format", "params", "cron", "workingDays", "sendAt", "timezone"],
  ...["to", "cc", "toPersonIds", "tellsEmpty", "validFrom", "validTo", "enabled", "ctzoffset"],
];

export const REPORT_ROUTES = ofClient([
  {
    method: "GET",
    path: "/reports/catalogue",
    action: "reports.catalogue",
    role: "viewer",
    summary: "Every report with its formats and parameters.",
  },
  {
    method: "POST",
    path: "/reports",
    action: "reports.create",
    role: "operator",
    status: 202,
    summary: "Order a report; it is made in the background, and sent to `to` and `cc` where they are given.",
    body: ["report", "format", "params", "to", "cc"],
  },
  {
    method: "GET",
    path: "/reports",
    action: "reports.list",
    role: "viewer",
    summary: "Reports that were ordered, newest first.",
    query: ["report", "state", "scheduleId", ...PAGE],
  },
  {
    method: "GET",
    path: "/reports/:id",
    action: "reports.get",
    role: "viewer",
    summary: "State, progress and deliveries of a report.",
  },
  {
    method: "GET",
    path: "/reports/:id/file",
    action: "reports.file",
    role: "viewer",
    answersFile: true,
    summary: "The file of a report that is READY.",
  },
  {
    method: "POST",
    path: "/reports/:id/retry",
    action: "reports.retry",
    role: "operator",
    status: 202,
    summary: "Make a report again that failed, or whose file is gone.",
  },
  {
    method: "GET",
    path: "/report-schedules",
    action: "reports.schedules",
    role: "viewer",
    summary: "Schedules of reports, by id.",
    query: ["enabled", ...PAGE],
  },
  {
    method: "POST",
    path: "/report-schedules",
    action: "reports.createSchedule",
    role: "admin",
    status: 201,
    summary: "Have a report made for each period of an expression, and sent at an hour of the day.",
    body: [...SCHEDULE, "clientId"],
  },
  {
    method: "GET",
    path: "/report-schedules/:id",
    action: "reports.getSchedule",
    role: "viewer",
    summary: "One schedule of a report.",
  },
  {
    method: "PATCH",
    path: "/report-schedules/:id",
    action: "reports.changeSchedule",
    role: "admin",
    summary: "Change fields of it; nothing is ordered by that.",
    body: SCHEDULE,
  },
  {
    method: "DELETE",
    path: "/report-schedules/:id",
    action: "reports.removeSchedule",
    role: "admin",
    summary: "Remove it; reports that were made stay.",
  },
  {
    method: "GET",
    path: "/report-schedules/:id/next",
    action: "reports.nextOfSchedule",
    role: "viewer",
    summary: "Its next periods, when each is made and when it is sent.",
    query: ["n"],
  },
  {
    method: "POST",
    path: "/report-schedules/:id/run",
    action: "reports.runSchedule",
    role: "operator",
    status: 202,
    summary: "Order its last complete period now; one that is made already stays as it is.",
  },
]);
