// The task context of a task that is called as an action instead of being enqueued: effects commit, nothing is booked.
import type { AnyTask } from "../contract/task-definition.ts";
import type { Runtime } from "../runtime.ts";
import type { TaskContext } from "../worker/task-context.ts";

export function directRun(task: AnyTask, runtime: Runtime): TaskContext & { readonly direct: true } {
  const id = runtime.parts.newId();
  return {
    direct: true,
    id,
    name: task.taskName,
    queue: task.settings.queue ?? "default",
    priority: task.settings.priority ?? 5,
    attempt: 1,
    retries: 0,
    headers: {},
    parentId: null,
    idempotencyKey: id,
    signal: new AbortController().signal,
    log: runtime.parts.log,
    progress() {},
    async complete(work) {
      return { settled: true, result: await runtime.database.transaction(work) };
    },
    async waitFor(children, options) {
      const group = await runtime.group(
        children,
        options?.onChildFailure ? { onChildFailure: options.onChildFailure } : {},
      );
      return { settled: true, result: await runtime.result(group.id) };
    },
    enqueue: (call, options) => runtime.enqueue(call.task, call.params, { ...call.options, ...options }),
  };
}
