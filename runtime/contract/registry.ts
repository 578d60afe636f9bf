// The tasks a process knows by name: to enqueue them, and, where a handler is given, to run them.
import { ApiumError } from "./errors.ts";
import type { AnyTask } from "./task-definition.ts";

export class TaskRegistry {
  readonly #tasks = new Map<string, AnyTask>();

  /** @throws ApiumError `DEFINITION_INVALID` when another task has the name already. */
  add(task: AnyTask): void {
    const known = this.#tasks.get(task.taskName);
    if (known !== undefined && known !== task && known.params !== task.params) {
      throw new ApiumError("DEFINITION_INVALID", `there are two tasks named "${task.taskName}"`);
    }
    this.#tasks.set(task.taskName, task);
  }

  find(name: string): AnyTask | undefined {
    return this.#tasks.get(name);
  }

  /** @throws ApiumError `TASK_UNKNOWN`. */
  get(name: string): AnyTask {
    const task = this.#tasks.get(name);
    if (task === undefined) {
      const near = [...this.#tasks.keys()].sort().join(", ");
      throw new ApiumError("TASK_UNKNOWN", `there is no task "${name}" here; known are: ${near || "none"}`, {
        fields: [{ field: "name", message: "is not the name of a task" }],
      });
    }
    return task;
  }

  /** Names of tasks whose parameters are not shown in lists, nor searched. */
  sensitive(): string[] {
    return this.all().flatMap(({ taskName, settings }) => (settings.sensitive === true ? [taskName] : []));
  }

  all(): AnyTask[] {
    return [...this.#tasks.values()];
  }
}
