// What was changed, by whom, newest first.
import { z } from "zod";
import type { Queryable } from "../../database/index.ts";
import { instantSchema } from "../contract/instant.ts";

export const auditFilter = z.strictObject({
  /** The whole of it, or its beginning up to a colon: `session:operator` is all that operators did in the dashboard. */
  actor: z.string().max(200).optional(),
  /** The beginning of it: `schedule.` is all that was done to schedules. */
  action: z.string().max(100).optional(),
  target: z.string().max(200).optional(),
  since: instantSchema.optional(),
  until: instantSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.coerce.number().int().positive().optional(),
});

export interface AuditEntry {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly target: string | null;
  readonly details: unknown;
}

export async function listAudit(
  store: Queryable,
  { actor, action, target, since, until, limit, cursor }: z.output<typeof auditFilter>,
): Promise<{ readonly items: readonly AuditEntry[]; readonly nextCursor: string | null }> {
  const { rows } = await store.query<AuditEntry>(
    `select id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, actor, role, action, target, details
     from audit
     where ($1::text is null or actor = $1 or starts_with(actor, $1 || ':')) and ($2::text is null or starts_with(action, $2))
       and ($3::text is null or target = $3) and ($4::timestamptz is null or at >= $4::timestamptz)
       and ($5::timestamptz is null or at < $5::timestamptz) and ($6::bigint is null or id < $6::bigint)
     order by id desc limit $7::integer`,
    [
      ...[actor ?? null, action ?? null, target ?? null],
      ...[since?.toISOString() ?? null, until?.toISOString() ?? null, cursor ?? null, limit + 1],
    ],
  );
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.id) : null };
}
