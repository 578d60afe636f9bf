// The sites a report is about: those named, or all of the scope. What its head says of them, and of the period.
import { z } from "zod";
import { plainArray } from "../../../database/index.ts";
import { id, refused } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { localTime } from "../../site-time.ts";
import type { Fact } from "../document.ts";
import type { ReportReader } from "../reader.ts";
import type { Span } from "./local-days.ts";

export const siteIds = z.union([z.literal("all"), z.array(id).min(1).max(500)]);

export interface SiteChoice {
  readonly ids: readonly number[];
  /** For people to read: of all sites without the client's own row, unless it is the only one. */
  readonly names: readonly string[];
  /** The one that all of them are in, else the client's. */
  readonly timezone: string;
  readonly clientName: string;
}

const MOST_NAMES = 5;

interface SiteRow {
  readonly id: number;
  readonly name: string;
  readonly timezone: string;
  readonly clientId: number | null;
  readonly clientName: string | null;
  readonly clientTimezone: string | null;
}

/** "all" are also those that are closed, and the client itself. @throws ApiumError `PARAMS_INVALID` for a site that is not there. */
export async function chooseSites(
  reader: ReportReader,
  scope: Scope,
  chosen: z.output<typeof siteIds>,
): Promise<SiteChoice> {
  const values = new Values();
  const isChosen = chosen === "all" ? "true" : `s.id = any(${values.of(plainArray(chosen))}::text::bigint[])`;
  const rows = await reader.all<SiteRow>(
    `select s.id, s.name, s.timezone, c.id as "clientId", c.name as "clientName", c.timezone as "clientTimezone"
     from site s left join site c on c.id = s.client_id
     where ${isChosen} and ${within(scope, "s.client_id", values)} order by s.name, s.id`,
    values.list,
  );
  const found = new Set(rows.map((row) => row.id));
  const missing = chosen === "all" ? undefined : chosen.find((one) => !found.has(one));
  if (missing !== undefined) throw refused("siteIds", `there is no site ${missing}`);
  const sites = rows.filter((row) => row.id !== row.clientId);
  const told = sites.length === 0 || chosen !== "all" ? rows : sites;
  const clients = new Set(rows.map(({ clientName }) => clientName));
  return {
    ids: [...found],
    names: told.map(({ name }) => name),
    timezone: zoneOf(told),
    clientName: clients.size > 1 ? "Several clients" : (rows[0]?.clientName ?? ""),
  };
}

function zoneOf(rows: readonly SiteRow[]): string {
  const zones = new Set(rows.map(({ timezone }) => timezone));
  const clients = new Set(rows.map(({ clientTimezone }) => clientTimezone));
  const [zone] = zones.size === 1 ? zones : clients.size === 1 ? clients : [];
  return zone ?? "UTC";
}

/** "Site: Canary Wharf". */
export function siteFact({ names }: Pick<SiteChoice, "names">): Fact {
  return { label: names.length === 1 ? "Site" : "Sites", value: named(names) };
}

/** Of a report over a period. */
export function siteFacts(sites: SiteChoice, { from, upto }: Span): Fact[] {
  const { timezone } = sites;
  return [
    siteFact(sites),
    { label: "From", value: localTime(from, timezone) },
    { label: "To", value: localTime(upto, timezone) },
  ];
}

/** "Bank, Mill, Yard"; "A, B, C, D, E and 12 more". */
export function named(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return `${names.slice(0, MOST_NAMES).join(", ")}${more}`;
}
