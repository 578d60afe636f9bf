// Every REST endpoint, once: its path, the action behind it, the role it needs, the status of its answer. The gateway's
// aliases, the access check, /openapi.json and the access tests are made from this table, so none can be forgotten.

import { ACCOUNT_ROUTES } from "./account-routes.ts";
import { CACHE_ROUTES } from "./cache-routes.ts";
import { DEAD_LETTER_ROUTES } from "./dead-letter-routes.ts";
import { FACILITY_ROUTES } from "./facility-routes.ts";
import { IMPORT_ROUTES } from "./import-routes.ts";
import { MEDIA_ROUTES } from "./media-routes.ts";
import { MOBILE_ROUTES } from "./mobile-routes.ts";
import { REPORT_ROUTES } from "./report-routes.ts";
import type { RestRoute } from "./rest-route.ts";
import { RUN_AGAIN_ROUTES } from "./run-again-routes.ts";
import { SCHEDULE_ROUTES } from "./schedule-routes.ts";
import { SERIES_ROUTES } from "./series-routes.ts";
import { TASK_ROUTES } from "./task-routes.ts";
import { WORK_ORDER_ROUTES } from "./work-order-routes.ts";
import { WORKER_ROUTES } from "./worker-routes.ts";

export const REST_ROUTES: readonly RestRoute[] = [
  {
    method: "POST",
    path: "/tasks",
    action: "tasks.enqueue",
    role: "operator",
    status: 202,
    summary:
      "Enqueue a task. With ?wait=30s the answer is its result (200). The same Idempotency-Key is the same task.",
    query: ["wait"],
    body: ["name", "params", "options"],
    takesIdempotencyKey: true,
    mayWait: true,
  },
  {
    method: "GET",
    path: "/tasks",
    action: "tasks.list",
    role: "viewer",
    summary:
      "Tasks, newest first. `state` may be several with commas, `header` is written like tenant:acme; where `searchedTo` is an instant, no more than since then was searched yet: go on with `nextCursor`.",
    query: [
      ...["state", "name", "queue", "worker", "parentId", "retryOf", "header", "createdAfter", "createdBefore"],
      ...["q", "limit", "cursor"],
    ],
  },
  ...SERIES_ROUTES,
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
    summary: "Revoke what waits in a queue, or of it what is older; with dryRun only count it.",
    body: ["olderThan", "dryRun"],
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
    path: "/audit",
    action: "tasks.audit",
    role: "operator",
    summary:
      "Who changed what, newest first; `action` is the beginning of one, `actor` too, up to a colon: `session:admin`.",
    query: ["actor", "action", "target", "since", "until", "limit", "cursor"],
  },
  ...DEAD_LETTER_ROUTES,
  ...RUN_AGAIN_ROUTES,
  ...TASK_ROUTES,
  ...WORKER_ROUTES,
  ...ACCOUNT_ROUTES,
  ...FACILITY_ROUTES,
  ...IMPORT_ROUTES,
  ...REPORT_ROUTES,
  ...MEDIA_ROUTES,
  ...MOBILE_ROUTES,
  ...WORK_ORDER_ROUTES,
  ...SCHEDULE_ROUTES,
  ...CACHE_ROUTES,
  {
    method: "GET",
    path: "/mqtt",
    action: "mqtt.stats",
    role: "viewer",
    summary: "The change feed's backlog, the devices' messages, the connection to the broker.",
  },
  {
    method: "GET",
    path: "/doctor",
    action: "doctor.check",
    role: "viewer",
    summary:
      "What is wrong, or will be: schedules, tasks, queues, dead letters, processes, the database, and the servers that services need.",
  },
  {
    method: "GET",
    path: "/doctor/schedules",
    action: "scheduler.check",
    role: "viewer",
    summary:
      "What is wrong with schedules, or will be: of the doctor's findings those that need no process and no server.",
  },
  {
    method: "GET",
    path: "/routes",
    action: "tasks.routes",
    role: "viewer",
    summary: "Where each task goes, who says so, and which workers would run it.",
  },
  {
    method: "GET",
    path: "/report",
    action: "tasks.report",
    role: "viewer",
    summary: "Versions, servers, workers and settings, without secrets: for a bug's description.",
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
  {
    method: "GET",
    path: "/mailbox/:file/page",
    action: "email.mailPage",
    role: "viewer",
    answersFile: true,
    isFramed: true,
    summary: "One of those mails as its reader sees it: HTML that runs nothing and loads nothing.",
  },
];
