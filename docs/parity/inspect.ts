// `celery inspect` (celery/worker/control.py of 5.6.2): 16, `hello` among them, which workers ask each other.
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
    ofWorker("report"),
    ofWorker("conf", { flower: "GET /workers", note: "Without secrets." }),
    {
      there: "inspect query_task",
      action: "tasks.inspect.query_task",
      params: { ids: "<running>" },
      rest: "GET /inspect/query_task",
      cli: "inspect query-task <running>",
    },
    ofWorker("clock", {
      note: "Not a logical clock: what time it is for the worker (the database's), and how far its machine is off.",
    }),
    ofWorker("ping", { flower: "GET /workers?status=1" }),
    ofWorker("stats", { flower: "GET /workers", alsoAt: ["GET /workers/<worker>/stats"] }),
    {
      there: "inspect scheduled",
      action: "tasks.inspect.scheduled",
      params: { limit: "5" },
      rest: "GET /inspect/scheduled",
      cli: "inspect scheduled --limit 5",
      flower: "GET /workers",
      note: "Of the whole system: nothing waits in a worker's memory.",
    },
    ofWorker("reserved", { flower: "GET /workers", alsoAt: ["GET /workers/<worker>/reserved"] }),
    ofWorker("active", { flower: "GET /workers", alsoAt: ["GET /workers/<worker>/active"] }),
    {
      there: "inspect revoked",
      action: "tasks.inspect.revoked",
      params: { limit: "5" },
      rest: "GET /inspect/revoked",
      cli: "inspect revoked --limit 5",
      flower: "GET /workers",
      note: "From the books: a revocation is forgotten by no worker.",
    },
    ofWorker("registered", {
      flower: ["GET /workers", "GET /task/types"],
      alsoAt: ["GET /workers/<worker>/registered"],
    }),
    ofWorker("active_queues", { flower: "GET /workers", alsoAt: ["GET /workers/<worker>/queues"] }),
    { there: "inspect objgraph", sameAs: "inspect memsample", note: "Who holds memory, by function." },
    {
      there: "inspect memsample",
      action: "tasks.inspect.memory",
      params: { worker: "<worker>", sampleMs: "20" },
      rest: "GET /inspect/memory",
      cli: "inspect memory --worker <worker> --sample-ms 20",
    },
    { there: "inspect memdump", sameAs: "inspect memsample" },
    {
      there: "inspect hello",
      notApplicable:
        "workers have nothing to tell each other at their start: what is revoked, paused or limited is a row",
    },
  ],
};
