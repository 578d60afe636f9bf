// Sites: where the work is, and in which zone its clocks run.
import type { Database } from "../../database/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import type { TicketTables } from "./tables.ts";

export interface Site {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly timezone: string;
}

const COLUMNS = ["id", "code", "name", "timezone"] as const;

export function listSites(database: Database): Promise<Site[]> {
  return database.kysely<TicketTables>().selectFrom("site").select(COLUMNS).orderBy("code").execute();
}

/** @throws ApiumError `PARAMS_INVALID` when the code is taken. */
export async function createSite(database: Database, site: Omit<Site, "id">): Promise<Site> {
  const created = await database
    .kysely<TicketTables>()
    .insertInto("site")
    .values(site)
    .onConflict((conflict) => conflict.columns(["client_id", "code"]).doNothing())
    .returning(COLUMNS)
    .executeTakeFirst();
  if (created !== undefined) return created;
  const message = `the code ${site.code} belongs to another site`;
  throw new ApiumError("PARAMS_INVALID", message, { fields: [{ field: "code", message }] });
}
