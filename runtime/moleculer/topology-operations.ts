// The whole of the system as actions of the service `tasks`: where each task goes and who would run it, and the report
// somebody puts into a bug's description.
import { arch, platform, release } from "node:os";
import { redact } from "../contract/redact.ts";
import type { Runtime } from "../runtime.ts";
import { askWorkers, type Ctx } from "./inspect-ask.ts";
import type { Actions } from "./inspect-operation.ts";

export interface ReportedProcess {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly version: string;
}

export function topologyActions(runtime: Runtime, { settings, version }: ReportedProcess): Actions {
  const { database, operator, queue } = runtime;
  return {
    async routes() {
      const { items, unusedRoutes } = await operator.topology();
      return { items, unusedRoutes, nextCursor: null };
    },
    /** Versions, servers, workers and settings; no secrets. Of the process that answers where nothing else is said. */
    async report(ctx: Ctx) {
      const [workers, server] = await Promise.all([askWorkers(ctx, runtime, "report", {}), databaseVersion()]);
      return {
        apium: version,
        node: process.versions.node,
        moleculer: ctx.broker.MOLECULER_VERSION,
        platform: `${platform()} ${release()} ${arch()}`,
        database: `${database.engine} ${server}`,
        queue: queue.kind,
        nodeId: ctx.broker.nodeID,
        workers: workers.items,
        silent: workers.silent,
        settings: redact(settings),
      };
    },
  };

  async function databaseVersion(): Promise<string> {
    const { rows } = await database.query<{ server_version: string }>("show server_version");
    return rows[0]?.server_version ?? "unknown";
  }
}
