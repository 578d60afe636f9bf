// What a worker can run: a handler for each task, inline on the event loop or apart from it.
import type { Transaction } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import type { AnyTask } from "../contract/task-definition.ts";
import type { TaskContext } from "./task-context.ts";

export interface InlineHandler {
  readonly task: AnyTask;
  readonly isolation?: undefined;
  run(params: unknown, context: TaskContext): unknown;
}

/** Runs in a thread or process of its own: computes and returns data; `commit` writes it, with the completion, here. */
export interface IsolatedHandler {
  readonly task: AnyTask;
  readonly isolation: "thread" | "process";
  /** URL of the module whose default export is the handler. */
  readonly module: string;
  /** Only for processes: the attempt ends with MEMORY_LIMIT above it. */
  readonly memoryLimitMb?: number | undefined;
  readonly commit?: ((tx: Transaction, result: unknown, params: unknown) => Promise<unknown>) | undefined;
}

export type TaskHandler = InlineHandler | IsolatedHandler;

export class HandlerTable {
  readonly #handlers = new Map<string, TaskHandler>();

  /** @throws ApiumError `DEFINITION_INVALID` when the task has a handler already. */
  add(handler: TaskHandler): void {
    const { taskName } = handler.task;
    if (this.#handlers.has(taskName)) {
      throw new ApiumError("DEFINITION_INVALID", `the task "${taskName}" has two handlers in one process`);
    }
    this.#handlers.set(taskName, handler);
  }

  find(name: string): TaskHandler | undefined {
    return this.#handlers.get(name);
  }

  names(): string[] {
    return [...this.#handlers.keys()];
  }
}
