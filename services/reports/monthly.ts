// The monthly report of one person: ordered once for a month, and told when it is ready.
import { Reject } from "../../runtime/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { orderRun } from "./order-run.ts";
import { monthOf } from "./schedule-rules.ts";

const KEEP_DAYS = 400;
const DAY_MS = 86_400_000;
export const MONTHLY_REPORT = "MONTHLYSUMMARY";

interface Reader {
  readonly name: string;
  readonly clientId: number | null;
  readonly timezone: string;
}

/** The id of the run, new or of before. @throws Reject for a person who is not there, and a month that is not over. */
export async function orderMonthly(
  parts: ServiceParts,
  { month, year, userId }: { readonly month: number; readonly year: number; readonly userId: number },
): Promise<number> {
  const { database, runtime } = parts;
  const now = runtime.parts.clock.now();
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<Reader>(
      `select p.name, p.client_id as "clientId", c.timezone from person p join site c on c.id = p.client_id
       where p.id = $1::bigint and p.enabled`,
      [userId],
    );
    const [reader] = rows;
    if (reader === undefined) throw new Reject(`there is no person ${userId} of a client`);
    const period = monthOf(reader.timezone, year, month);
    if (period.upto > now) throw new Reject(`${year}-${String(month).padStart(2, "0")} is not over`);
    const { id } = await orderRun(parts, tx, {
      clientId: reader.clientId,
      uniqueKey: `monthly:${userId}:${year}-${month}`,
      report: MONTHLY_REPORT,
      format: "pdf",
      title: "Monthly Summary",
      params: { siteIds: "all", from: new Date(period.from).toISOString(), upto: new Date(period.upto).toISOString() },
      timezone: reader.timezone,
      period,
      requestedBy: reader.name,
      notifyPersonId: userId,
      expiresAt: now + KEEP_DAYS * DAY_MS,
    });
    return id;
  });
}
