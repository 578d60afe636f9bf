// How a site stands with its tickets: what a manager looks at many times a day, and what takes a look at all of them.
import { sql } from "kysely";
import type { Database } from "../../database/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import { PRIORITIES, type Priority, STATUSES, type Status, type TicketTables } from "./tables.ts";

export interface SiteOverview {
  readonly siteId: number;
  readonly byStatus: Readonly<Record<Status, number>>;
  /** Of those that are not resolved, closed or cancelled. */
  readonly openByPriority: Readonly<Record<Priority, number>>;
  readonly oldestOpenAt: string | null;
  readonly computedAt: string;
}

const OPEN: readonly Status[] = ["NEW", "OPEN", "ONHOLD"];

/** The cache's keys of what is known of a site's tickets; whoever changes a ticket invalidates them after the commit. */
export function cacheKeysOfSite(siteId: number): string[] {
  return [`site_overview_${siteId}`];
}

/** @throws ApiumError `NOT_FOUND`. */
export async function siteOverview(database: Database, siteId: number, now: number): Promise<SiteOverview> {
  const tables = database.kysely<TicketTables>();
  const site = await tables.selectFrom("site").select("id").where("id", "=", siteId).executeTakeFirst();
  if (site === undefined) throw new ApiumError("NOT_FOUND", `there is no site ${siteId}`);
  const counts = await tables
    .selectFrom("ticket")
    .select([
      "status",
      "priority",
      sql<number>`count(*)::integer`.as("tickets"),
      sql<Date>`min(created_at)`.as("oldest"),
    ])
    .where("site_id", "=", siteId)
    .groupBy(["status", "priority"])
    .execute();
  const sum = (fits: (row: (typeof counts)[number]) => boolean) =>
    counts.filter(fits).reduce((total, { tickets }) => total + tickets, 0);
  const oldest = counts.filter(({ status }) => OPEN.includes(status)).map((row) => row.oldest.getTime());
  return {
    siteId,
    byStatus: Object.fromEntries(STATUSES.map((status) => [status, sum((row) => row.status === status)])) as Record<
      Status,
      number
    >,
    openByPriority: Object.fromEntries(
      PRIORITIES.map((priority) => [priority, sum((row) => row.priority === priority && OPEN.includes(row.status))]),
    ) as Record<Priority, number>,
    oldestOpenAt: oldest.length === 0 ? null : new Date(Math.min(...oldest)).toISOString(),
    computedAt: new Date(now).toISOString(),
  };
}
