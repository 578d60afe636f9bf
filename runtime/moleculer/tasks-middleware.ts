// Gives any Moleculer service the `tasks` key. Each entry becomes a handler of the runtime and, under its key, an
// action of the service, so that `call` in the REPL and in tests runs the same code through the same middlewares.
import type {
  ActionHandler,
  Context,
  Middleware,
  Service,
  ServiceBroker,
  ServiceSchema,
  ServiceSettingSchema,
} from "moleculer";
import { ApiumError } from "../contract/errors.ts";
import { encodeParams } from "../contract/json.ts";
import { CALLER, validateParams } from "../contract/task-definition.ts";
import type { Runtime } from "../runtime.ts";
import type { TaskContext } from "../worker/task-context.ts";
import { directRun } from "./direct-run.ts";
import type { TaskEntry } from "./task-entry.ts";

interface BrokerInternals {
  readonly ContextFactory: { create(broker: unknown, endpoint: unknown, params: unknown, options: object): Context };
  readonly registry: { getActionEndpoints(name: string): { localEndpoints: unknown[] } | undefined };
}

/** A service schema with the key this middleware adds. */
export interface TaskServiceSchema<Settings extends object = object>
  extends ServiceSchema<ServiceSettingSchema & Settings> {
  tasks?: Readonly<Record<string, TaskEntry>>;
}

/** `middlewares: [TasksMiddleware(runtime)]` in the broker's options. */
export function TasksMiddleware(runtime: Runtime): Middleware {
  return {
    name: "Tasks",
    created(broker: ServiceBroker) {
      Object.assign(broker, { [CALLER]: runtime });
    },
    serviceCreating(service: Service, schema: TaskServiceSchema) {
      const entries = schema.tasks;
      if (entries === undefined) return;
      schema.actions = { ...schema.actions };
      for (const [key, entry] of Object.entries(entries)) {
        if ("isolation" in entry) runtime.handle(entry);
        else runtime.handle({ task: entry.task, run: runThrough(service, key) });
        schema.actions[key] = { visibility: "public", handler: actionOf(entry, runtime) };
      }
    },
  } as Middleware;
}

/** Runs a claimed task as an action of its service, so that metrics, tracing and hooks see it. */
function runThrough(service: Service, key: string): (params: unknown, task: TaskContext) => unknown {
  let endpoint: unknown;
  const broker = service.broker as unknown as BrokerInternals;
  return (params, task) => {
    const action = service.actions[key] as ((params: unknown, options: { ctx: Context }) => unknown) | undefined;
    endpoint ??= broker.registry.getActionEndpoints(`${service.fullName}.${key}`)?.localEndpoints[0];
    if (action === undefined) throw new ApiumError("TASK_UNKNOWN", `${service.fullName} has no task ${key}`);
    const correlationId = task.headers["correlation-id"] ?? task.id;
    // Its limits are the task's: the broker's time-out for calls would end every run after half a minute.
    const ctx = broker.ContextFactory.create(service.broker, endpoint, params, { meta: { correlationId }, timeout: 0 });
    Object.assign(ctx.locals, { task });
    return action(params, { ctx });
  };
}

function actionOf(entry: TaskEntry, runtime: Runtime): ActionHandler {
  return function run(this: Service, ctx: Context<unknown>) {
    if (ctx.locals.task === undefined) {
      // Called, not enqueued: nothing is durable, but parameters are checked and serialised as a worker would see them.
      ctx.params = validateParams(entry.task, JSON.parse(encodeParams(validateParams(entry.task, ctx.params))));
      Object.assign(ctx.locals, { task: directRun(entry.task, runtime) });
    }
    if ("isolation" in entry)
      throw new ApiumError("DEFINITION_INVALID", `${entry.task.taskName} runs apart: enqueue it`);
    return Promise.resolve(entry.handler.call(this, ctx)).then((value: unknown) => unwrapDirect(ctx, value));
  };
}

function unwrapDirect(ctx: Context, value: unknown): unknown {
  const { direct } = ctx.locals.task as { direct?: true };
  return direct && typeof value === "object" && value !== null && "settled" in value
    ? (value as { result?: unknown }).result
    : value;
}
