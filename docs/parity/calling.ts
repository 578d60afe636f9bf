// Calling tasks, what becomes of them, and canvas.
import { at, choose, confirm, fill, notThere, type Place, press, type Step, sees } from "./place.ts";
import { change, type ParitySection } from "./row.ts";

const enqueue = (...steps: readonly Step[]): Place =>
  at("/tasks", press("Enqueue"), fill("Task", "parity.echo"), fill("Parameters", '{"text":"<text>"}'), ...steps);

export const CALLING: ParitySection = {
  title: "Calling and results",
  source: "celery 5.6 `celery call` and `AsyncResult`, Flower's task API",
  rows: [
    {
      there: "celery call NAME -a -k …",
      action: "tasks.enqueue",
      params: { name: "parity.echo", params: { text: "<text>" }, options: { queue: "default", priority: 7 } },
      rest: "POST /tasks",
      cli: `tasks enqueue parity.echo '{"text":"<text>"}' --queue default --priority 7`,
      dashboard: enqueue(choose("Queue", "default"), choose("Priority", "7"), confirm("Enqueue")),
      changes: change("task.enqueue"),
      note: "Every option of a call: `--eta`, `--expires`, `--header`, `--task-id`, `--max-retries`, limits.",
    },
    {
      there: "apply_async(eta, expires, headers, task_id, soft_time_limit, …)",
      action: "tasks.enqueue",
      params: {
        name: "parity.echo",
        params: { text: "<text>" },
        options: {
          eta: "2099-01-01T00:00:00Z",
          expires: "2099-01-02T00:00:00Z",
          headers: { tenant: "acme", from: "a:b" },
          maxRetries: 2,
          softTimeLimit: "10s",
          timeLimit: "20s",
        },
      },
      rest: "POST /tasks",
      cli: `tasks enqueue parity.echo '{"text":"<text>"}' --eta 2099-01-01T00:00:00Z --expires 2099-01-02T00:00:00Z --header tenant:acme --header from:a:b --max-retries 2 --soft-time-limit 10s --time-limit 20s`,
      dashboard: notThere(
        "by hand: queue, priority, start, retries and a unique key; headers and limits are for programs",
      ),
      changes: change("task.enqueue"),
    },
    {
      there: "POST /api/task/apply/<name> (and wait)",
      action: "tasks.enqueue",
      params: { name: "parity.echo", params: { text: "<text>" }, options: {}, wait: "30s" },
      rest: "POST /tasks?wait",
      cli: `tasks enqueue parity.echo '{"text":"<text>"}' --wait 30s`,
      dashboard: enqueue(confirm("Enqueue"), press("Show"), sees('{ "said": "<text>" }')),
      flower: `POST /task/apply/parity.echo {"kwargs":{"text":"<text>"}}`,
      changes: change("task.enqueue"),
    },
    {
      there: "POST /api/task/async-apply/<name>, send-task",
      action: "tasks.enqueue",
      params: { name: "parity.echo", params: { text: "<text>" }, options: { countdown: "1h" } },
      rest: "POST /tasks",
      cli: `tasks enqueue parity.echo '{"text":"<text>"}' --countdown 1h`,
      dashboard: enqueue(fill("Start in", "1h"), confirm("Enqueue")),
      flower: [
        `POST /task/async-apply/parity.echo {"kwargs":{"text":"<text>"},"countdown":3600}`,
        `POST /task/send-task/parity.echo {"kwargs":{"text":"<text>"},"countdown":3600}`,
      ],
      changes: change("task.enqueue"),
      note: "A name that no process knows is refused: `TASK_UNKNOWN`.",
    },
    {
      there: "result, AsyncResult.get",
      action: "tasks.result",
      params: { id: "<ended>" },
      rest: "GET /tasks/:id/result",
      cli: "tasks result <ended>",
      dashboard: at("/tasks/<ended>", sees("{state}"), sees("{result}")),
      flower: "GET /task/result/<ended>",
      note: "`?wait=30s`, `--wait 30s`; an unknown id is not PENDING but not there.",
    },
    {
      there: "AsyncResult.forget",
      action: "tasks.forget",
      params: { id: "<fresh ended>" },
      rest: "DELETE /tasks/:id/result",
      cli: "tasks forget <fresh ended>",
      dashboard: at("/tasks/<fresh ended>", press("Forget the result"), confirm("Forget")),
      changes: change("task.forget"),
      note: "What is known of the task itself stays for HISTORY_RETENTION.",
    },
    {
      there: "GET /api/task/info/<id>",
      action: "tasks.get",
      params: { id: "<ended>" },
      rest: "GET /tasks/:id",
      cli: "tasks show <ended>",
      dashboard: at(
        "/tasks/<ended>",
        sees("{name} {state}"),
        sees("{id}"),
        sees("{queue}"),
        sees("{worker}"),
        sees("{params}"),
      ),
      flower: "GET /task/info/<ended>",
    },
    {
      there: "GET /api/tasks, TaskResult admin list",
      action: "tasks.list",
      params: { name: "parity.fails", limit: "5" },
      rest: "GET /tasks",
      cli: "tasks list --name parity.fails --limit 5",
      dashboard: at("/tasks?name=parity.fails", sees("{items.*.name} {items.*.id}"), sees("{items.*.error.message}")),
      flower: "GET /tasks?taskname=parity.fails&limit=5",
    },
    {
      there: "AbortableTask.abort, POST /api/task/abort/<id>",
      action: "tasks.revoke",
      params: { id: "<fresh running>", terminate: true },
      rest: "POST /tasks/:id/revoke",
      cli: "tasks revoke <fresh running> --terminate",
      dashboard: at("/tasks/<fresh running>", press("Terminate"), confirm("Terminate")),
      flower: "POST /task/abort/<fresh running>",
      changes: change("task.revoke"),
      note: "The handler's `signal` aborts; without `terminate` it may go on as long as it likes.",
    },
    {
      there: "group, chain, chord, chunks",
      notApplicable:
        "made in code, where they are typed: `runtime.group`, `runtime.chain`, `task.waitFor`; seen as the parent's children with `apium tasks show`, revoked with their parent",
    },
  ],
};
