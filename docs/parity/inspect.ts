// `celery inspect` (celery/worker/control.py of 5.6.2): 16, `hello` among them, which workers ask each other.
import { at, notThere, sees } from "./place.ts";
import type { ParityRow, ParitySection } from "./row.ts";

const ofWorker = (what: string, more: Partial<ParityRow> = {}): ParityRow => ({
  there: `inspect ${what}`,
  action: `tasks.inspect.${what}`,
  params: { worker: "<worker>" },
  rest: `GET /inspect/${what}`,
  cli: `inspect ${what.replaceAll("_", "-")} --worker <worker>`,
  ...more,
});

export const INSPECT: ParitySection = {
  title: "Inspect",
  source: "`celery inspect` of 5.6.2: 16",
  rows: [
    ofWorker("report", {
      dashboard: at(
        "/settings?tab=about",
        sees("{items.*.worker} {items.*.answer.apium}"),
        sees("{items.*.answer.tasks} task types, {items.*.answer.platform}"),
      ),
    }),
    ofWorker("conf", {
      flower: "GET /workers",
      dashboard: at(
        "/settings?tab=configuration",
        sees("DATA_DIR {items.*.answer.DATA_DIR}"),
        sees("DRAIN_TIMEOUT {items.*.answer.DRAIN_TIMEOUT}"),
      ),
      note: "Without secrets.",
    }),
    {
      there: "inspect query_task",
      action: "tasks.inspect.query_task",
      params: { ids: "<running>" },
      rest: "GET /inspect/query_task",
      cli: "inspect query-task <running>",
      dashboard: at("/tasks/<running>", sees("{items.*.name} {items.*.state}"), sees("{items.*.worker}")),
    },
    ofWorker("clock", {
      dashboard: notThere("missing: pages reckon with the system's clock, not with each machine's"),
      note: "Not a logical clock: what time it is for the worker (the database's), and how far its machine is off.",
    }),
    ofWorker("ping", {
      flower: "GET /workers?status=1",
      dashboard: at("/workers/<worker>", sees("{items.*.worker} Running")),
      note: "The dashboard says of a worker that does not answer that it does not.",
    }),
    ofWorker("stats", {
      flower: "GET /workers",
      alsoAt: ["GET /workers/<worker>/stats"],
      dashboard: at(
        "/workers/<worker>",
        sees("{items.*.answer.pool.busy} of {items.*.answer.pool.size} slots"),
        sees("Done {items.*.answer.done}"),
        sees("Failed {items.*.answer.failed}"),
      ),
    }),
    {
      there: "inspect scheduled",
      action: "tasks.inspect.scheduled",
      params: { limit: "5" },
      rest: "GET /inspect/scheduled",
      cli: "inspect scheduled --limit 5",
      dashboard: at("/tasks?state=SCHEDULED", sees("{items.*.name} {items.*.id}")),
      flower: "GET /workers",
      note: "Of the whole system: nothing waits in a worker's memory.",
    },
    ofWorker("reserved", {
      flower: "GET /workers",
      alsoAt: ["GET /workers/<worker>/reserved"],
      dashboard: at("/workers/<worker>", sees("Claimed, not begun"), sees("Nothing waits in this worker")),
    }),
    ofWorker("active", {
      flower: "GET /workers",
      alsoAt: ["GET /workers/<worker>/active"],
      dashboard: at("/workers/<worker>", sees("{items.*.answer.*.name} {items.*.answer.*.id}")),
    }),
    {
      there: "inspect revoked",
      action: "tasks.inspect.revoked",
      params: { limit: "5" },
      rest: "GET /inspect/revoked",
      cli: "inspect revoked --limit 5",
      dashboard: at("/tasks?state=REVOKED", sees("{items.*.name} {items.*.id}")),
      flower: "GET /workers",
      note: "From the books: a revocation is forgotten by no worker.",
    },
    ofWorker("registered", {
      flower: ["GET /workers", "GET /task/types"],
      alsoAt: ["GET /workers/<worker>/registered"],
      dashboard: at("/settings?tab=types", sees("{items.*.answer.*.name}")),
    }),
    ofWorker("active_queues", {
      flower: "GET /workers",
      alsoAt: ["GET /workers/<worker>/queues"],
      dashboard: at("/workers/<worker>", sees("Takes from"), sees("{items.*.answer.*.name}")),
    }),
    { there: "inspect objgraph", sameAs: "inspect memsample", note: "Who holds memory, by function." },
    {
      there: "inspect memsample",
      action: "tasks.inspect.memory",
      params: { worker: "<worker>", sampleMs: "20" },
      rest: "GET /inspect/memory",
      cli: "inspect memory --worker <worker> --sample-ms 20",
      dashboard: notThere("how much is on the worker's page; who holds it is for those who read code"),
    },
    { there: "inspect memdump", sameAs: "inspect memsample" },
    {
      there: "inspect hello",
      notApplicable:
        "workers have nothing to tell each other at their start: what is revoked, paused or limited is a row",
    },
  ],
};
