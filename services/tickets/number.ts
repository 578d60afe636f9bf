// The numbers of tickets: counted by each site, after its code.
import type { Transaction } from "../../database/index.ts";

const COUNT_UP = `
with counted as (
  insert into ticket_counter (site_id, last) values ($1::bigint, 1)
  on conflict (site_id) do update set last = ticket_counter.last + 1 returning last)
select $3 || '#' || last as number,
       exists (select 1 from ticket where client_id = $2::bigint and number = $3 || '#' || last) as "isTaken"
from counted`;

export interface NumberedSite {
  readonly siteId: number;
  readonly clientId: number | null;
  readonly code: string;
}

/**
 * The site's next number; its counter stays locked until the transaction ends, so that two at once never get one. A site
 * that has the code another one had before counts past the numbers of that.
 */
export async function nextNumber(tx: Transaction, { siteId, clientId, code }: NumberedSite): Promise<string> {
  for (;;) {
    const { rows } = await tx.query<{ number: string; isTaken: boolean }>(COUNT_UP, [siteId, clientId, code]);
    const [next] = rows;
    if (next !== undefined && !next.isTaken) return next.number;
  }
}
