// Routing by configuration (TASK_ROUTES): globs on task names give a queue and a priority to tasks whose call and
// definition name none, as Celery's `task_routes` does. The first glob that matches wins.
import { z } from "zod";
import { ApiumError } from "./errors.ts";
import { queueNamed } from "./queues.ts";

export interface Route {
  readonly queue: string | undefined;
  readonly priority: number | undefined;
}

export interface Routes {
  (taskName: string): Route | undefined;
  /** Globs that decide nothing for any of these names: a slip, or tasks that are gone. */
  unused?(names: readonly string[]): string[];
}

const routeSchema = z.strictObject({
  queue: z.string().optional(),
  priority: z.number().int().min(0).max(9).optional(),
});
const routesSchema = z.record(z.string().min(1), routeSchema);

/**
 * Compiles routes such as `{"report_tasks.*": {"queue": "report_queue"}}`.
 * @throws ApiumError `DEFINITION_INVALID` for a wrong shape, `QUEUE_UNKNOWN` for a queue that does not exist.
 */
export function compileRoutes(source: unknown): Routes {
  const parsed = routesSchema.safeParse(source);
  if (!parsed.success) {
    throw new ApiumError("DEFINITION_INVALID", `TASK_ROUTES: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  }
  const compiled = Object.entries(parsed.data).map(([glob, route]) => ({
    glob,
    pattern: new RegExp(`^${glob.split("*").map(escapeRegExp).join(".*")}$`),
    route: { queue: route.queue === undefined ? undefined : queueNamed(route.queue), priority: route.priority },
  }));
  const firstFor = (taskName: string) => compiled.find(({ pattern }) => pattern.test(taskName));
  return Object.assign((taskName: string) => firstFor(taskName)?.route, {
    unused(names: readonly string[]) {
      const used = new Set(names.map((name) => firstFor(name)?.glob));
      return compiled.filter(({ glob }) => !used.has(glob)).map(({ glob }) => glob);
    },
  });
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
