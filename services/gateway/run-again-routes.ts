// Results and second runs over REST.
import type { RestRoute } from "./rest-route.ts";

const WAITING = ["ids", "name", "queue", "tenant", "text", "headers", "states", "rate", "dryRun"];

export const RUN_AGAIN_ROUTES: readonly RestRoute[] = [
  {
    method: "POST",
    path: "/tasks/retry",
    action: "tasks.retryMany",
    role: "operator",
    summary:
      "Run finished tasks that fit again, each at most once, at a rate such as 10/s; with dryRun only count them.",
    body: ["ids", "name", "queue", "states", "code", "text", "since", "until", "limit", "rate", "dryRun"],
  },
  {
    method: "POST",
    path: "/tasks/run-now",
    action: "tasks.runNowMany",
    role: "operator",
    summary: "Let go at once what waits for its time or its next attempt and fits; with dryRun only count it.",
    body: WAITING,
  },
  {
    method: "GET",
    path: "/tasks/:id/result",
    action: "tasks.result",
    role: "viewer",
    summary: "What a task has come to; with ?wait=30s once it has ended, or as it is by then.",
    query: ["wait"],
    mayWait: true,
  },
  {
    method: "DELETE",
    path: "/tasks/:id/result",
    action: "tasks.forget",
    role: "operator",
    summary: "Forget a finished task's result before it expires; what is known of the task stays.",
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
    method: "POST",
    path: "/tasks/:id/run-now",
    action: "tasks.runNow",
    role: "operator",
    summary: "Do not wait for this task's time or its retry's delay.",
    body: ["dryRun"],
  },
];
