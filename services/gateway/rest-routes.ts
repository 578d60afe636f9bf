// Every REST endpoint, once: its path, the action behind it, the role it needs, the status of its answer. The gateway's
// aliases, the access check, /openapi.json and the access tests are made from this table, so none can be forgotten.

import { CACHE_ROUTES } from "./cache-routes.ts";

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface RestRoute {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below /api/v1; `:name` is a parameter. */
  readonly path: string;
  readonly action: string;
  readonly role: Role;
  /** Status of a good answer; default 200. */
  readonly status?: number;
  readonly summary: string;
  /** Names of query parameters; others are refused. */
  readonly query?: readonly string[];
  /** Names of body fields; others are refused. */
  readonly body?: readonly string[];
  /** Whether `?wait=` may make the answer wait for a task's end. */
  readonly mayWait?: boolean;
}

export const API_PREFIX = "/api/v1";

const SCHEDULE_FIELDS = [
  ...["name", "task", "params", "cron", "expression", "days", "every", "at", "solar", "timezone", "enabled"],
  ...["startAt", "endAt", "oneOff", "queue", "priority", "expires", "jitter"],
  ...["misfire", "misfireGrace", "misfireCap", "overlap", "description"],
];

export const REST_ROUTES: readonly RestRoute[] = [
  {
    method: "POST",
    path: "/tasks",
    action: "tasks.enqueue",
    role: "operator",
    status: 202,
    summary: "Enqueue a task. With ?wait=30s the answer is its result (200).",
    query: ["wait"],
    body: ["name", "params", "options"],
    mayWait: true,
  },
  {
    method: "GET",
    path: "/tasks",
    action: "tasks.list",
    role: "viewer",
    summary: "Tasks, newest first.",
    query: ["state", "name", "queue", "worker", "q", "limit", "cursor"],
  },
  {
    method: "GET",
    path: "/tasks/:id",
    action: "tasks.get",
    role: "viewer",
    summary: "One task with its result, attempts and children.",
  },
  {
    method: "POST",
    path: "/tasks/:id/revoke",
    action: "tasks.revoke",
    role: "operator",
    summary: "Revoke a task; a running one is told, and with terminate ended after its grace.",
    body: ["terminate", "grace"],
  },
  {
    method: "POST",
    path: "/tasks/:id/retry",
    action: "tasks.retry",
    role: "operator",
    status: 202,
    summary: "Run a finished task again, as a new one.",
  },
  {
    method: "GET",
    path: "/queues",
    action: "tasks.queues",
    role: "viewer",
    summary: "Queues with what waits in each lane.",
  },
  {
    method: "POST",
    path: "/queues/:name/purge",
    action: "tasks.purge",
    role: "operator",
    summary: "Revoke everything that waits in a queue.",
  },
  {
    method: "POST",
    path: "/queues/:name/pause",
    action: "tasks.pause",
    role: "operator",
    summary: "Workers take nothing more from the queue.",
  },
  {
    method: "POST",
    path: "/queues/:name/resume",
    action: "tasks.resume",
    role: "operator",
    summary: "Workers take from the queue again.",
  },
  {
    method: "GET",
    path: "/workers",
    action: "tasks.workers",
    role: "viewer",
    summary: "Workers, what they can run and how they are.",
  },
  {
    method: "GET",
    path: "/dead-letters",
    action: "tasks.deadLetters",
    role: "viewer",
    summary: "Dead letters, oldest first; open ones unless handled=true.",
    query: ["name", "queue", "handled", "limit", "cursor"],
  },
  {
    method: "POST",
    path: "/dead-letters/requeue",
    action: "tasks.requeueDeadLetters",
    role: "operator",
    summary: "Requeue all open dead letters that fit.",
    body: ["name", "queue", "limit"],
  },
  {
    method: "POST",
    path: "/dead-letters/:id/requeue",
    action: "tasks.requeueDeadLetter",
    role: "operator",
    status: 202,
    summary: "Requeue one dead letter, with edited params where given.",
    body: ["params"],
  },
  {
    method: "POST",
    path: "/dead-letters/:id/dismiss",
    action: "tasks.dismissDeadLetter",
    role: "operator",
    summary: "Mark a dead letter as handled.",
  },
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
    body: ["expression", "cron", "days", "every", "at", "solar", "timezone", "from", "n"],
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
    path: "/schedules/:name/history",
    action: "scheduler.history",
    role: "viewer",
    summary: "What became of a schedule's latest slots: runs and misses.",
    query: ["limit"],
  },
  ...CACHE_ROUTES,
  {
    method: "GET",
    path: "/doctor",
    action: "scheduler.check",
    role: "viewer",
    summary: "What is wrong, or will be: schedules, their tasks and queues.",
  },
  {
    method: "POST",
    path: "/tickets",
    action: "tickets.create",
    role: "operator",
    status: 201,
    summary: "Open a ticket; its mail is enqueued in the same transaction.",
    body: ["siteId", "description", "priority", "category", "assignedToPersonId"],
  },
  {
    method: "GET",
    path: "/tickets",
    action: "tickets.list",
    role: "viewer",
    summary: "Tickets, newest first.",
    query: ["siteId", "status", "limit", "cursor"],
  },
  { method: "GET", path: "/tickets/:id", action: "tickets.get", role: "viewer", summary: "One ticket." },
  { method: "GET", path: "/sites", action: "tickets.sites", role: "viewer", summary: "Sites with their time zones." },
  {
    method: "POST",
    path: "/sites",
    action: "tickets.createSite",
    role: "admin",
    status: 201,
    summary: "Create a site.",
    body: ["code", "name", "timezone"],
  },
  {
    method: "POST",
    path: "/datasets",
    action: "datasets.create",
    role: "operator",
    status: 201,
    summary: "Store a dataset for process_large_dataset.",
    body: ["name", "rows"],
  },
  {
    method: "GET",
    path: "/mailbox",
    action: "email.mailbox",
    role: "viewer",
    summary: "Mails kept by the embedded mail server.",
    query: ["limit"],
  },
  { method: "GET", path: "/mailbox/:file", action: "email.mail", role: "viewer", summary: "One of those mails." },
];

/** True when `role` may do what needs `needed`; nobody may do what needs no known role. */
export function mayDo(role: Role, needed: Role): boolean {
  return ROLES.includes(needed) && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
