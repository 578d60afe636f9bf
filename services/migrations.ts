// Which tables there are, without the code that uses them.
import type { MigrationRoom } from "../database/index.ts";

/** The services' tables, those that others refer to first. Kept by every process, whatever it runs. */
export const SERVICE_MIGRATIONS: readonly MigrationRoom[] = [
  "facility",
  "tickets",
  "jobs",
  "escalation",
  "imports",
  "reports",
  "media",
  "work-orders",
  "mobile",
  "mqtt",
  "datasets",
].map((name) => ({ name, folder: new URL(`./${name}/migrations/`, import.meta.url) }));
