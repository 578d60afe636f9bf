// Schedules over REST.
import type { RestRoute } from "./rest-route.ts";

const SCHEDULE_FIELDS = [
  ...["name", "task", "params", "cron", "expression", "days", "every", "at", "solar", "timezone", "enabled"],
  ...["startAt", "endAt", "oneOff", "queue", "priority", "expires", "jitter"],
  ...["misfire", "misfireGrace", "misfireCap", "overlap", "description"],
];

export const SCHEDULE_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: "/schedules",
    action: "scheduler.list",
    role: "viewer",
    summary: "Schedules by name, with their next slots.",
  },
  {
    method: "POST",
    path: "/schedules",
    action: "scheduler.create",
    role: "operator",
    status: 201,
    summary: "Make a schedule: cron, every, at or solar.",
    body: SCHEDULE_FIELDS,
  },
  {
    method: "POST",
    path: "/schedules/preview",
    action: "scheduler.preview",
    role: "viewer",
    summary: "The next slots of any timing.",
    body: ["expression", "cron", "days", "every", "at", "solar", "timezone", "startAt", "endAt", "from", "n"],
  },
  { method: "GET", path: "/schedules/:name", action: "scheduler.get", role: "viewer", summary: "One schedule." },
  {
    method: "PATCH",
    path: "/schedules/:name",
    action: "scheduler.change",
    role: "operator",
    summary: "Change fields of a schedule; null takes an optional one away. Never fires it.",
    body: SCHEDULE_FIELDS.filter((field) => field !== "name"),
  },
  {
    method: "DELETE",
    path: "/schedules/:name",
    action: "scheduler.remove",
    role: "operator",
    summary: "Delete a schedule that was made at run time; its history stays.",
  },
  {
    method: "POST",
    path: "/schedules/:name/run",
    action: "scheduler.run",
    role: "operator",
    status: 202,
    summary: "Run a schedule's task now; its next slot stays.",
  },
  {
    method: "POST",
    path: "/schedules/:name/backfill",
    action: "scheduler.backfill",
    role: "operator",
    summary: "Run the slots between two instants that have not run; with dryRun only name them.",
    body: ["from", "to", "dryRun"],
  },
  {
    method: "GET",
    path: "/schedules/:name/next",
    action: "scheduler.next",
    role: "viewer",
    summary: "The next slots of a schedule.",
    query: ["n"],
  },
  {
    method: "GET",
    path: "/schedules/:name/explain",
    action: "scheduler.explain",
    role: "viewer",
    summary: "Why a schedule fires or does not: what stands in its way, its next slot, what did not run lately.",
  },
  {
    method: "GET",
    path: "/schedules/:name/history",
    action: "scheduler.history",
    role: "viewer",
    summary: "What became of a schedule's latest slots: runs and misses.",
    query: ["limit"],
  },
];
