// What every report about work is asked: which sites, over which period; and the condition on occurrences that says it.
import type { z } from "zod";
import { plainArray } from "../../../../database/index.ts";
import { type Scope, type Values, within } from "../../../scope.ts";
import { range } from "../../period.ts";
import { type SiteChoice, siteIds } from "../site-choice.ts";

export const span = { siteIds, ...range };
export type Span = z.output<z.ZodObject<typeof span>>;

/** Dynamic tours have no plan: they count to when they came up. */
export const PLANNED = "coalesce(n.plan_at, n.created_at)";

/** Occurrences `n`, not checkpoints, of the chosen sites and the period. */
export function ofSpan(
  scope: Scope,
  sites: SiteChoice,
  { from, upto }: Pick<Span, "from" | "upto">,
  values: Values,
): string {
  return `n.site_id = any(${values.of(plainArray(sites.ids))}::text::bigint[]) and n.parent_id is null
    and ${PLANNED} >= ${values.of(from)}::timestamptz and ${PLANNED} < ${values.of(upto)}::timestamptz
    and ${within(scope, "n.client_id", values)}`;
}

/** How a status is marked. */
export const STATUS_TONE = `case n.status when 'COMPLETED' then 'good' when 'PARTIALLYCOMPLETED' then 'warning'
  when 'AUTOCLOSED' then 'bad' end`;

/** Parts of a whole in per cent, with one decimal; null where there is no whole. */
export function percentage(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 1_000) / 10;
}

export function percentageTone(percent: number | null): "good" | "warning" | "bad" | null {
  if (percent === null) return null;
  return percent < 50 ? "bad" : percent < 80 ? "warning" : "good";
}
