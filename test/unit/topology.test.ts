/** Where tasks go and who would run them; what is told of it. */
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { checkTasks, topologyOf } from "../../runtime/control/index.ts";
import { compileRoutes, defineTask } from "../../runtime/index.ts";

const params = z.object({});
const mail = defineTask({ name: "send_mail", params, queue: "email" });
const report = defineTask({ name: "report.monthly", params });
const other = defineTask({ name: "other", params });
const tasks = [mail, report, other];
const routes = compileRoutes({
  "report.*": { queue: "report_queue" },
  // The slip of the original configuration: these are names of modules, not of tasks.
  "email_tasks.*": { queue: "email_queue" },
  "report.monthly": { queue: "maintenance" },
});
const queueOf = (task: { readonly taskName: string }) =>
  task === mail ? "email" : (routes(task.taskName)?.queue ?? "default");
const worker = (id: string, queues: readonly string[], names: readonly string[]) => ({ id, queues, tasks: names });
const facts = { waiting: [], pausedQueues: [], held: [], retrying: [], letters: [] };

describe("the topology", () => {
  test("says of each task where it goes, by whose word, and which workers would run it", () => {
    const workers = [
      worker("a", ["email", "default"], ["send_mail"]),
      worker("b", ["reports"], ["report.monthly", "other"]),
    ];
    const { items } = topologyOf(tasks, routes, queueOf, workers);
    expect(items).toEqual([
      {
        ...{ task: "other", queue: "default", from: "default", consumers: 1, handlers: 1, workers: [] },
        problem: "no worker that takes from the queue default has a handler for it",
      },
      {
        ...{ task: "report.monthly", queue: "reports", from: "route", consumers: 1, handlers: 1, workers: ["b"] },
        problem: null,
      },
      {
        task: "send_mail",
        queue: "email",
        from: "definition",
        consumers: 1,
        handlers: 1,
        workers: ["a"],
        problem: null,
      },
    ]);
  });

  test("names routes that decide nothing: no task fits, or an earlier one fits first", () => {
    expect(topologyOf(tasks, routes, queueOf, []).unusedRoutes).toEqual(["email_tasks.*", "report.monthly"]);
    expect(topologyOf(tasks, () => undefined, queueOf, []).unusedRoutes).toEqual([]);
  });
});

describe("the checks", () => {
  const found = (
    workers: Parameters<typeof topologyOf>[3],
    waiting: { name: string; queue: string; tasks: number }[],
  ) =>
    checkTasks({
      ...facts,
      topology: topologyOf(
        tasks,
        () => undefined,
        () => "email",
        workers,
      ),
      waiting,
    });

  test("a queue with work in it and nobody there is an error; an empty one is not worth a word", () => {
    expect(found([], [])).toEqual([]);
    expect(found([], [{ name: "send_mail", queue: "email", tasks: 3 }])).toMatchObject([
      {
        severity: "error",
        code: "QUEUE_UNATTENDED",
        subject: "email",
        message: expect.stringMatching(/^3 tasks wait/),
      },
    ]);
  });

  test("a task that the queue's workers have no handler for is an error once some of it wait", () => {
    const workers = [worker("a", ["email"], ["send_mail", "other"])];
    const lonely = { code: "TASK_UNHANDLED", subject: "report.monthly" };
    expect(found(workers, [])).toMatchObject([{ ...lonely, severity: "warning" }]);
    expect(found(workers, [{ name: "report.monthly", queue: "email", tasks: 1 }])).toMatchObject([
      { ...lonely, severity: "error", message: "no worker has a handler for it; 1 task waits already" },
    ]);
  });

  test("errors come first, and each says what to do", () => {
    const findings = checkTasks({
      topology: topologyOf(tasks, routes, queueOf, []),
      waiting: [{ name: "send_mail", queue: "email", tasks: 1 }],
      pausedQueues: [{ name: "email", since: "2026-01-01T00:00:00.000Z", by: "olga" }],
      held: [{ heldFor: "tenant:acme:7", tasks: 2 }],
      retrying: [{ name: "send_mail", tasks: 1, nextAt: "2026-01-01T00:05:00.000Z", lastError: null }],
      letters: [{ name: null, letters: 1, since: "2026-01-01T00:00:00.000Z", lastError: "no task" }],
    });
    expect(findings.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`)).toEqual([
      "error QUEUE_UNATTENDED email",
      "warning ROUTE_UNUSED email_tasks.*",
      "warning ROUTE_UNUSED report.monthly",
      "warning QUEUE_PAUSED email",
      "warning TASKS_HELD acme:7",
      "warning RETRYING send_mail",
      "warning DEAD_LETTERS no task",
    ]);
    const suggestions = findings.map(({ suggestion }) => suggestion).join("\n");
    for (const command of ["queues resume email", "control resume --tenant acme:7", "tasks run-now --name send_mail"]) {
      expect(suggestions).toContain(`apium ${command}`);
    }
  });
});
