// Queues and the broker, as Flower's broker page and redis-cli showed them; health and figures.
import { at, notThere, press, sees } from "./place.ts";
import { change, type ParitySection } from "./row.ts";

export const QUEUES_AND_HEALTH: ParitySection = {
  title: "Queues, health and figures",
  source: "Flower's broker page, `/metrics`, `/healthcheck` and pages",
  rows: [
    {
      there: "queue lengths, the broker page",
      action: "tasks.queues",
      rest: "GET /queues",
      cli: "queues",
      flower: "GET /queues/length",
      dashboard: at("/queues", sees("{items.*.name}"), sees("Waiting")),
    },
    {
      there: "llen, lrange: what is in a queue",
      action: "tasks.list",
      params: { queue: "maintenance", state: "QUEUED", limit: "5" },
      rest: "GET /tasks",
      cli: "tasks list --queue maintenance --state QUEUED --limit 5",
      dashboard: at("/tasks?queue=maintenance&state=QUEUED", sees("{items.*.name} {items.*.id}")),
    },
    {
      there: "(nothing) pause a queue",
      action: "tasks.pause",
      params: { name: "external_api" },
      rest: "POST /queues/:name/pause",
      cli: "queues pause external_api",
      dashboard: at("/queues", press("Pause external_api")),
      changes: change("queue.pause"),
    },
    {
      there: "(nothing) resume a queue",
      action: "tasks.resume",
      params: { name: "<paused queue>" },
      rest: "POST /queues/:name/resume",
      cli: "queues resume <paused queue>",
      dashboard: at("/queues", press("Resume <paused queue>")),
      changes: change("queue.resume"),
    },
    {
      there: "Flower /metrics",
      program: {
        use: "`GET /metrics`: more than Flower's, of the whole system",
        shownBy: "test/integration/metrics.test.ts",
      },
      dashboard: notThere("for programs"),
      note: "[Every metric](metrics.md).",
    },
    {
      there: "Flower /healthcheck",
      program: {
        use: "`GET /healthcheck`, `/healthz` (it lives), `/readyz` (it can work)",
        shownBy: "test/security/gateway-access.test.ts",
      },
      dashboard: notThere("for programs"),
    },
    {
      there: "Flower basic_auth, OAuth, --read_only",
      program: {
        use: "`apium tokens create <name> --role viewer|operator|admin`; the token is basic authentication's password at `/api`",
        shownBy: "test/integration/accounts-command.test.ts",
      },
      dashboard: at("/settings?tab=tokens", sees("New token")),
    },
    {
      there: "Flower's pages: workers, tasks, task, broker, login",
      program: {
        use: "the page `npm start` names; `/task/…`, `/worker/…`, `/broker` and `/dashboard` lead to its pages",
        shownBy: "test/integration/gateway-flower.test.ts",
      },
      dashboard: at("/workers", sees("Workers"), sees("Processes that run tasks")),
    },
  ],
};
