// How a service says that it runs a task: the `tasks` key of its schema holds these.
import type { Context, Service } from "moleculer";
import type { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import type { AnyTask, Task } from "../contract/task-definition.ts";
import type { TaskContext } from "../worker/task-context.ts";

export interface TaskMeta {
  readonly correlationId?: string;
}

/** The Moleculer context of a task's run: `ctx.params` is checked and typed, `ctx.locals.task` is the run. */
export type TaskRunContext<Params> = Context<Params, TaskMeta, { task: TaskContext }>;

// biome-ignore lint/suspicious/noExplicitAny: a schema holds handlers of every shape; `runs` types each where it is written.
export type AnyTaskRun = (this: Service, ctx: any) => unknown;

export type TaskEntry =
  | { readonly task: AnyTask; readonly handler: AnyTaskRun }
  | {
      readonly task: AnyTask;
      readonly isolation: "thread" | "process";
      readonly module: string;
      readonly memoryLimitMb?: number | undefined;
      readonly commit?: ((tx: Transaction, result: unknown, params: unknown) => Promise<unknown>) | undefined;
    };

type Awaitable<Value> = Value | Promise<Value>;

/** `tasks: { sendTicketEmail: runs(sendTicketEmail, async function (ctx) { … }) }` */
export function runs<Params extends z.ZodType, Result extends z.ZodType>(
  task: Task<Params, Result>,
  handler: (
    this: Service,
    ctx: TaskRunContext<z.output<Params>>,
  ) => Awaitable<z.input<Result> | { readonly settled: true; readonly result: unknown } | undefined>,
): TaskEntry {
  return { task, handler };
}

/** The same for a handler that runs apart: its module computes, `commit` writes what it returned. */
export function runsApart<Params extends z.ZodType, Result extends z.ZodType>(
  task: Task<Params, Result>,
  options: {
    readonly isolation: "thread" | "process";
    readonly module: URL;
    readonly memoryLimitMb?: number;
    readonly commit?: (tx: Transaction, result: z.output<Result>, params: z.output<Params>) => Promise<unknown>;
  },
): TaskEntry {
  return {
    task,
    isolation: options.isolation,
    module: options.module.href,
    memoryLimitMb: options.memoryLimitMb,
    commit: options.commit as Extract<TaskEntry, { isolation: unknown }>["commit"],
  };
}
