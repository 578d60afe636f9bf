/**
 * The routes a report is about: groups of sites that external tours go round. They are of one client, whose clocks the
 * report's head goes by; rows go by those of their sites.
 */
import { z } from "zod";
import { id, refused } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { localTime } from "../../site-time.ts";
import type { Fact } from "../document.ts";
import type { ReportReader } from "../reader.ts";
import { chosenRows } from "./chosen-rows.ts";
import type { Span } from "./local-days.ts";
import { named } from "./site-choice.ts";

export const siteGroupIds = z.union([z.literal("all"), z.array(id).min(1).max(500)]);

export interface Routes {
  readonly ids: readonly number[];
  readonly names: readonly string[];
  /** Undefined where there is no route at all. */
  readonly clientId: number | undefined;
  readonly clientName: string;
  /** The client's. */
  readonly timezone: string;
}

const IS_ROUTE = "t.kind = 'SITEGROUP'";

/** @throws ApiumError `PARAMS_INVALID` for groups that are not there, or of several clients. */
export async function chooseRoutes(
  reader: ReportReader,
  scope: Scope,
  chosen: z.output<typeof siteGroupIds>,
): Promise<Routes> {
  const groups =
    chosen === "all"
      ? await everyRoute(reader, scope)
      : await chosenRows(reader, scope, {
          field: "siteGroupIds",
          table: "people_group",
          ids: chosen,
          condition: IS_ROUTE,
        });
  const clients = new Set(groups.map(({ clientId }) => clientId));
  if (clients.size > 1) throw refused("siteGroupIds", "must be groups of one client");
  const clientId = groups[0]?.clientId ?? scope.clientId;
  const [client] = await reader.all<{ name: string; timezone: string }>(
    "select name, timezone from site where id = $1::bigint",
    [clientId ?? null],
  );
  return {
    ids: groups.map((group) => group.id),
    names: groups.map(({ name }) => name),
    clientId,
    clientName: client?.name ?? "",
    timezone: client?.timezone ?? "UTC",
  };
}

async function everyRoute(reader: ReportReader, scope: Scope) {
  const values = new Values();
  return reader.all<{ id: number; name: string; clientId: number }>(
    `select t.id, t.name, t.client_id as "clientId" from people_group t
     where ${IS_ROUTE} and t.enabled and ${within(scope, "t.client_id", values)} order by t.name, t.id`,
    values.list,
  );
}

/** What stands under the title. */
export function routeFacts({ names, timezone }: Routes, { from, upto }: Span): Fact[] {
  return [
    { label: names.length === 1 ? "Route" : "Routes", value: named(names) },
    { label: "From", value: localTime(from, timezone) },
    { label: "To", value: localTime(upto, timezone) },
  ];
}
