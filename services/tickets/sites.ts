// Sites: where the work is, and in which zone its clocks run.
import type { Database } from "../../database/index.ts";
import { defaultClient } from "../clients.ts";
import { refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";

export interface Site {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly timezone: string;
}

export async function listSites(database: Database, scope: Scope): Promise<Site[]> {
  const values = new Values();
  const { rows } = await database.query<Site>(
    `select id, code, name, timezone from site
     where kind <> 'CLIENT' and ${within(scope, "client_id", values)} order by code, id`,
    values.list,
  );
  return rows;
}

/** @throws ApiumError `PARAMS_INVALID` when the code is taken. */
export async function createSite(database: Database, scope: Scope, site: Omit<Site, "id">): Promise<Site> {
  return database.transaction(async (tx) => {
    const clientId = scope.clientId ?? (await defaultClient(tx));
    const { rows } = await tx.query<Site>(
      `insert into site (client_id, code, name, timezone) values ($1, $2, $3, $4)
       on conflict (client_id, code) do nothing returning id, code, name, timezone`,
      [clientId, site.code, site.name, site.timezone],
    );
    if (rows[0] === undefined) throw refused("code", `the code ${site.code} belongs to another site`);
    return rows[0];
  });
}
