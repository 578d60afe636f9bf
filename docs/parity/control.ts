// `celery control` (celery/worker/control.py of 5.6.2): 16, and what pauses.
import { at, choose, confirm, fill, notThere, press, type Step } from "./place.ts";
import { change, type ParityRow, type ParitySection } from "./row.ts";

const EVENTS_ALWAYS = "events are always on: batched, and without a listener they cost an array push";

interface PoolOrder {
  readonly params?: object;
  /** On the command line. */
  readonly words?: string;
  /** Of Flower's address. */
  readonly query?: string;
  /** On the worker's page. */
  readonly steps: readonly Step[];
  readonly reset?: "slots" | "queues";
}

const pool = (what: string, { params = {}, words = "", query = "", steps, reset }: PoolOrder): ParityRow => {
  const address = what.includes("consumer") ? `queue/${what.replace("_", "-")}` : `pool/${what.replace("pool_", "")}`;
  return {
    there: `control ${what}`,
    action: `tasks.control.${what}`,
    params: { worker: "<worker>", ...params },
    rest: `POST /control/${what}`,
    cli: `control ${what.replaceAll("_", "-")} ${words} --worker <worker>`.replace("  ", " "),
    flower: `POST /worker/${address}/<worker>${query}`,
    dashboard: at("/workers/<worker>", ...steps),
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
      dashboard: at("/tasks/<fresh waiting>", press("Revoke"), confirm("Revoke")),
      changes: change("task.revoke"),
      note: "Also while every worker is down; by filter: see beyond Celery.",
    },
    {
      there: "control revoke_by_stamped_headers",
      action: "tasks.control.revoke",
      params: { headers: { parity: "<waiting mark>" } },
      rest: "POST /control/revoke",
      cli: "control revoke --header parity=<waiting mark>",
      dashboard: at("/tasks?header=parity:<waiting mark>", press("Revoke all that match"), confirm("Revoke")),
      changes: change("task.revoke-many", { dryRun: true }),
    },
    {
      there: "control terminate",
      action: "tasks.control.terminate",
      params: { ids: ["<fresh running>"], grace: "1s" },
      rest: "POST /control/terminate",
      cli: "control terminate <fresh running> --grace 1s",
      dashboard: notThere("Terminate is there, as AbortableTask.abort; a grace of one's own is not"),
      changes: change("task.terminate", { dryRun: true }),
    },
    {
      there: "control rate_limit",
      action: "tasks.control.rate_limit",
      params: { task: "parity.nothing", rate: "10/m" },
      rest: "POST /control/rate_limit",
      cli: "control rate-limit parity.nothing 10/m",
      flower: "POST /task/rate-limit/parity.nothing?ratelimit=10/m",
      dashboard: at(
        "/settings?tab=types",
        press("Limits of parity.nothing"),
        fill("Rate limit", "10/m"),
        confirm("Save"),
      ),
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
      dashboard: at(
        "/settings?tab=types",
        press("Limits of parity.echo"),
        fill("Soft time limit", "5s"),
        fill("Hard time limit", "10s"),
        confirm("Save"),
      ),
      changes: change("task-type.time-limit"),
    },
    { there: "control election", notApplicable: "none leads: every duty is done by whoever comes first, once" },
    { there: "control enable_events", notApplicable: EVENTS_ALWAYS },
    { there: "control disable_events", notApplicable: EVENTS_ALWAYS },
    {
      there: "control heartbeat",
      notApplicable: "a worker's row is renewed every two seconds; `apium inspect ping` asks it at once",
    },
    pool("pool_grow", { params: { n: 2 }, words: "2", query: "?n=2", steps: [press("One slot more")], reset: "slots" }),
    pool("pool_shrink", {
      params: { n: 2 },
      words: "2",
      query: "?n=2",
      steps: [press("One slot less")],
      reset: "slots",
    }),
    {
      ...pool("pool_restart", { steps: [press("New threads and processes"), confirm("Start them anew")] }),
      note: "Threads and processes of handlers that run apart. A worker's own code is renewed with its process.",
    },
    pool("autoscale", {
      params: { min: 16, max: 18 },
      words: "16 18",
      query: "?min=16&max=18",
      steps: [fill("At least", "16"), fill("At most", "18"), press("Size by itself")],
      reset: "slots",
    }),
    {
      there: "control shutdown",
      action: "tasks.control.shutdown",
      params: { worker: "<fresh worker>" },
      rest: "POST /control/shutdown",
      cli: "control shutdown --worker <fresh worker>",
      flower: "POST /worker/shutdown/<fresh worker>",
      dashboard: at("/workers/<fresh worker>", press("Shut down"), confirm("Shut down")),
      changes: change("worker.shutdown"),
      note: "warm, soft or cold; `--within`.",
    },
    pool("add_consumer", {
      params: { queue: "email" },
      words: "email",
      query: "?queue=email",
      steps: [choose("Queue to add", "email"), press("Take from it")],
      reset: "queues",
    }),
    pool("cancel_consumer", {
      params: { queue: "reports" },
      words: "reports",
      query: "?queue=reports",
      steps: [press("Take nothing more from reports")],
      reset: "queues",
    }),
  ],
};
