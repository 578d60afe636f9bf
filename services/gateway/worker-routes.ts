// Workers over REST: what they do, what can be changed about them and about all tasks, and why a task is not running.
// `/inspect/:what` and `/control/:what` take every operation of their family; each checks its own parameters.
import type { RestRoute } from "./rest-route.ts";

export const WORKER_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: "/workers/:id/active",
    action: "tasks.inspect.active",
    role: "viewer",
    summary: "What a worker runs just now, and for how long.",
  },
  {
    method: "GET",
    path: "/workers/:id/reserved",
    action: "tasks.inspect.reserved",
    role: "viewer",
    summary: "What a worker has claimed and not begun, because its type is full.",
  },
  {
    method: "GET",
    path: "/workers/:id/registered",
    action: "tasks.inspect.registered",
    role: "viewer",
    summary: "The tasks a worker has handlers for, with their definitions.",
  },
  {
    method: "GET",
    path: "/workers/:id/stats",
    action: "tasks.inspect.stats",
    role: "viewer",
    summary: "A worker's slots, counts by task, memory and event loop.",
  },
  {
    method: "GET",
    path: "/workers/:id/queues",
    action: "tasks.inspect.active_queues",
    role: "viewer",
    summary: "The queues a worker takes from.",
  },
  {
    method: "GET",
    path: "/inspect/:what",
    action: "tasks.inspect",
    role: "viewer",
    summary:
      "ping, active, reserved, registered, active_queues, stats, clock, conf, report, memory (of ?worker=a,b or all), scheduled, revoked, query_task (?ids=), settings.",
    query: ["worker", "ids", "limit", "sampleMs"],
  },
  {
    method: "POST",
    path: "/control/:what",
    action: "tasks.control",
    role: "operator",
    summary:
      "revoke (filter, dryRun), terminate, rate_limit, time_limit, pause, resume, pool_grow, pool_shrink, pool_restart, autoscale, add_consumer, cancel_consumer, shutdown, profile (admin).",
    body: [
      ...[
        "worker",
        "all",
        "ids",
        "name",
        "queue",
        "tenant",
        "text",
        "headers",
        "states",
        "terminate",
        "grace",
        "dryRun",
      ],
      ...["task", "rate", "soft", "hard", "n", "min", "max", "off", "mode", "within", "seconds"],
    ],
    // A profile takes up to half a minute.
    mayWait: true,
  },
  {
    method: "GET",
    path: "/tasks/:id/explain",
    action: "tasks.explain",
    role: "viewer",
    summary: "Why a task is not running.",
  },
  {
    method: "GET",
    path: "/unique-keys/:key/explain",
    action: "tasks.explain.key",
    role: "viewer",
    summary: "Which task holds a unique key, and why it is not done.",
  },
];
