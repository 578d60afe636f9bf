// What every service is handed. A service is a function of these to a Moleculer schema; nothing connects at import.
import type { Database } from "../database/index.ts";
import type { AnyTask, Runtime } from "../runtime/index.ts";
import type { TaskServiceSchema } from "../runtime/moleculer/index.ts";
import type { ServiceName, Settings } from "../settings.ts";
import type { Cache } from "./cache/client/index.ts";
import type { Importer, ImportParts } from "./importer.ts";

export interface ServiceParts {
  readonly runtime: Runtime;
  readonly database: Database;
  /** The default cache; `cache.named("sessions")` and others besides. It never stands in the way: without it reads miss. */
  readonly cache: Cache;
  readonly settings: Settings;
  readonly log: { info(message: string): void; warn(message: string): void; error(message: string): void };
}

/** A service folder's door: what `main.ts` needs to know of it. */
export interface ServiceModule {
  readonly name: ServiceName;
  readonly create: (parts: ServiceParts) => TaskServiceSchema;
  /** Also runs where one of these does: a site is asked for wherever there are tickets. */
  readonly alongside?: readonly ServiceName[];
  /** Contracts others may enqueue; known to every process, whether it runs the service or not. */
  readonly tasks: readonly AnyTask[];
  /** How it takes in rows of table files. */
  readonly importers?: (parts: ImportParts) => readonly Importer[];
}
