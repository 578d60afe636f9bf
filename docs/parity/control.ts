// `celery control` (celery/worker/control.py of 5.6.2): 16, and what pauses.
import { change, type ParityRow, type ParitySection } from "./row.ts";

const EVENTS_ALWAYS = "events are always on: batched, and without a listener they cost an array push";

const pool = (what: string, params: object, words: string, query: string, reset?: "slots" | "queues"): ParityRow => {
  const address = what.includes("consumer") ? `queue/${what.replace("_", "-")}` : `pool/${what.replace("pool_", "")}`;
  return {
    there: `control ${what}`,
    action: `tasks.control.${what}`,
    params: { worker: "<worker>", ...params },
    rest: `POST /control/${what}`,
    cli: `control ${what.replaceAll("_", "-")} ${words} --worker <worker>`.replace("  ", " "),
    flower: `POST /worker/${address}/<worker>${query}`,
    changes: change(`worker.${what.replaceAll("_", "-")}`, reset === undefined ? {} : { reset }),
  };
};

export const CONTROL: ParitySection = {
  title: "Control",
  source: "`celery control` of 5.6.2: 16",
  rows: [
    {
      there: "control revoke",
      action: "tasks.revoke",
      params: { id: "<fresh waiting>" },
      rest: "POST /tasks/:id/revoke",
      cli: "tasks revoke <fresh waiting>",
      flower: "POST /task/revoke/<fresh waiting>",
      changes: change("task.revoke"),
      note: "Also while every worker is down; by filter: see beyond Celery.",
    },
    {
      there: "control revoke_by_stamped_headers",
      action: "tasks.control.revoke",
      params: { headers: { parity: "<waiting mark>" } },
      rest: "POST /control/revoke",
      cli: "control revoke --header parity=<waiting mark>",
      changes: change("task.revoke-many", { dryRun: true }),
    },
    {
      there: "control terminate",
      action: "tasks.control.terminate",
      params: { ids: ["<fresh running>"], grace: "1s" },
      rest: "POST /control/terminate",
      cli: "control terminate <fresh running> --grace 1s",
      changes: change("task.terminate", { dryRun: true }),
    },
    {
      there: "control rate_limit",
      action: "tasks.control.rate_limit",
      params: { task: "parity.nothing", rate: "10/m" },
      rest: "POST /control/rate_limit",
      cli: "control rate-limit parity.nothing 10/m",
      flower: "POST /task/rate-limit/parity.nothing?ratelimit=10/m",
      changes: change("task-type.rate-limit"),
      note: "Of the whole system, not of each worker, and kept over restarts.",
    },
    {
      there: "control time_limit",
      action: "tasks.control.time_limit",
      params: { task: "parity.echo", soft: "5s", hard: "10s" },
      rest: "POST /control/time_limit",
      cli: "control time-limit parity.echo --soft 5s --hard 10s",
      flower: "POST /task/timeout/parity.echo?soft=5&hard=10",
      changes: change("task-type.time-limit"),
    },
    { there: "control election", notApplicable: "none leads: every duty is done by whoever comes first, once" },
    { there: "control enable_events", notApplicable: EVENTS_ALWAYS },
    { there: "control disable_events", notApplicable: EVENTS_ALWAYS },
    {
      there: "control heartbeat",
      notApplicable: "a worker's row is renewed every two seconds; `apium inspect ping` asks it at once",
    },
    pool("pool_grow", { n: 2 }, "2", "?n=2", "slots"),
    pool("pool_shrink", { n: 2 }, "2", "?n=2", "slots"),
    {
      ...pool("pool_restart", {}, "", ""),
      note: "Threads and processes of handlers that run apart. A worker's own code is renewed with its process.",
    },
    pool("autoscale", { min: 16, max: 18 }, "16 18", "?min=16&max=18", "slots"),
    {
      there: "control shutdown",
      action: "tasks.control.shutdown",
      params: { worker: "<fresh worker>" },
      rest: "POST /control/shutdown",
      cli: "control shutdown --worker <fresh worker>",
      flower: "POST /worker/shutdown/<fresh worker>",
      changes: change("worker.shutdown"),
      note: "warm, soft or cold; `--within`.",
    },
    pool("add_consumer", { queue: "email" }, "email", "?queue=email", "queues"),
    pool("cancel_consumer", { queue: "reports" }, "reports", "?queue=reports", "queues"),
  ],
};
