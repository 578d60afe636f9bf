// What every service is handed. A service is a function of these to a Moleculer schema; nothing connects at import.
import type { Database } from "../database/index.ts";
import type { Log, Runtime } from "../runtime/index.ts";
import type { Settings } from "../settings.ts";
import type { Cache } from "./cache/client/index.ts";
import type { Leaving } from "./leaving.ts";

export interface ServiceParts {
  readonly runtime: Runtime;
  readonly database: Database;
  /** The default cache; `cache.named("sessions")` and others besides. It never stands in the way: without it reads miss. */
  readonly cache: Cache;
  readonly settings: Settings;
  /** For services that have something to finish before the process stops. */
  readonly leaving?: Leaving;
  readonly log: Pick<Log, "info" | "warn" | "error">;
}
